#!/usr/bin/perl

# Hits of nodetool_cache beside hits of proxy_cache with the request's body as
# its key; and what counting a request costs. One worker, loopback; the provider
# is bench/upstream.c.
#
#   NODETOOL_BUILD=build perl bench/cache.pl

use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/lib", "$Bin/../t/lib";
use Bench;
use NodeTool::Test;

my $t = NodeTool::Test->new;

my $program = "$t->{dir}/upstream";
system($ENV{CC} || 'cc', qw(-O2 -D_GNU_SOURCE -o), $program, "$Bin/upstream.c") == 0
    or die "cannot compile bench/upstream.c\n";
my $port = $t->port('upstream');
my $upstream = $t->spawn('upstream', [$program, $port]);
$t->wait_port($port, $upstream);

# An nginx; the zone of metrics is on or off.
sub server {
    my ($name, $zone) = @_;

    return $t->nginx(<<'CONF', name => $name, modules => [qw(base chat)], http => <<"HTTP");
    location /proxy/ {
        proxy_pass          http://provider/v1/;
        proxy_http_version  1.1;
        proxy_set_header    Connection "";
        proxy_cache         proxy;
        proxy_cache_methods POST;
        proxy_cache_key     $request_body;
        proxy_cache_valid   1h;
    }
    location /v1/ { nodetool_chat; nodetool_cache chat; }
    location /ask/ { nodetool_chat; }
CONF
    access_log            off;
    error_log             %%DIR%%/$name.log warn;
    keepalive_requests    10000000;
    proxy_cache_path      %%DIR%%/$name-proxy-cache levels=1:2 keys_zone=proxy:1m;
    nodetool_cache_path   %%DIR%%/$name-cache levels=1:2 keys_zone=chat:1m;
    nodetool_metrics_zone $zone;
    upstream provider {
        server              127.0.0.1:$port;
        keepalive           64;
        keepalive_requests  10000000;
    }
    nodetool_provider provider {
        url     http://provider/v1;
        key     sk-bench;
        models  bench;
    }
HTTP
}

my $ng = server('on', '2m');
my $off = server('off', 'off');

sub script {
    my ($words, $stream) = @_;

    my $body = '{"messages":[{"role":"user","content":"' . 'word ' x $words
        . "\"}],\"model\":\"bench\"$stream}";
    return <<"LUA";
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '$body'
LUA
}

my $ok = 1;
for (['a reply', 60, ''], ['a stream of 20 chunks', 60, ',"stream":true'],
    ['a reply to 10 KiB', 2000, ''])
{
    my ($name, $words, $stream) = @$_;
    my %script = (script => script($words, $stream));
    my $r = Bench::measure({
        proxy_cache    => { url => "http://127.0.0.1:$ng->{port}/proxy/chat/completions", %script },
        nodetool_cache => { url => "http://127.0.0.1:$ng->{port}/v1/chat/completions", %script },
    }, pids => [$ng->{pid}]);
    $ok &= Bench::compare("hits: $name", $r, 'nodetool_cache', 'proxy_cache', 0.70);
}

my %script = (script => script(60, ''));
my $r = Bench::measure({
    'metrics on'  => { url => "http://127.0.0.1:$ng->{port}/ask/chat/completions", %script },
    'metrics off' => { url => "http://127.0.0.1:$off->{port}/ask/chat/completions", %script },
}, pids => [$ng->{pid}, $off->{pid}]);
$ok &= Bench::compare('counting a reply', $r, 'metrics on', 'metrics off', 0.95);

exit !$ok;
