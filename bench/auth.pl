#!/usr/bin/perl

# What a request costs by who is calling: a JWT that is known or verified
# anew, beside a static token and none. One worker, loopback, an empty answer.
#
#   NODETOOL_BUILD=build perl bench/auth.pl

use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/lib", "$Bin/../t/lib";
use Bench;
use NodeTool::JWT;
use NodeTool::MockIssuer;
use NodeTool::Test;

my $t = NodeTool::Test->new;
my $secret = 'a-secret-that-is-long-enough-for-hs256';
my %keys = (hs256 => NodeTool::JWT->hs($secret), rs256 => NodeTool::JWT->rsa($t, 'rsa'),
    es256 => NodeTool::JWT->ec($t, 'ec'));
my $issuer = NodeTool::MockIssuer->start($t, 'issuer');
$issuer->set(keys => [$keys{rs256}->jwk, $keys{es256}->jwk]);
$NodeTool::JWT::CLAIMS{iss} = $issuer->url . '/auth/v1';

sub server {
    my ($name, $ttl) = @_;

    $t->write_file('html/empty', '');
    return $t->nginx(<<"CONF", modules => ['auth'], name => $name, http => <<"HTTP");
        root %%DIR%%/html;
        nodetool_auth_token the-static-token;
        nodetool_auth_issuer @{[ $issuer->url ]};
        nodetool_auth_secret $secret;
        location /off/ { alias %%DIR%%/html/; }
        location /static/ { nodetool_auth static; alias %%DIR%%/html/; }
        location /limit/ { nodetool_auth static; alias %%DIR%%/html/;
            nodetool_auth_limit zone=limit:1m rate=1r/s; }
        location /jwt/ { nodetool_auth supabase; alias %%DIR%%/html/; }
CONF
        access_log off;
        keepalive_requests 1000000;
        open_file_cache max=10;
        nodetool_auth_cache zone=auth:1m ttl=$ttl;
HTTP
}

my $known = server('nginx-known', '1h');
my $anew = server('nginx-anew', '0s');

sub target {
    my ($ng, $path, $token) = @_;

    return { url => "http://127.0.0.1:$ng->{port}/$path/empty",
        $token ? (headers => [Authorization => "Bearer $token"]) : () };
}

my %targets = (off => target($known, 'off'),
    static => target($known, 'static', 'the-static-token'),
    'static, limit' => target($known, 'limit', 'the-static-token'));
for my $alg (sort keys %keys) {
    my $token = $keys{$alg}->sign({ exp => time + 7200 });
    $targets{"$alg, known"} = target($known, 'jwt', $token);
    $targets{"$alg, anew"} = target($anew, 'jwt', $token);
}
my $result = Bench::measure(\%targets, pids => [$known->{pid}, $anew->{pid}]);
Bench::compare('an empty file', $result, $_, 'off')
    for sort { $result->{$b}{rps} <=> $result->{$a}{rps} } grep { $_ ne 'off' } keys %targets;
