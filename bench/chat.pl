#!/usr/bin/perl

# Chat beside plain proxy_pass to the same provider: a reply, and a stream of
# 20 chunks. One worker, loopback; the provider is bench/upstream.c.
#
#   NODETOOL_BUILD=build perl bench/chat.pl

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

my $ng = $t->nginx(<<'CONF', modules => [qw(base chat)], http => <<"HTTP");
    location /proxy/ {
        proxy_pass          http://provider/v1/;
        proxy_http_version  1.1;
        proxy_set_header    Connection "";
        proxy_set_header    Authorization "Bearer sk-bench";
        proxy_buffering     off;
    }
    location /v1/ { nodetool_chat; }
CONF
    access_log          off;
    error_log           %%DIR%%/error.log warn;
    keepalive_requests  10000000;
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

sub script {
    my ($stream) = @_;

    my $body = '{"messages":[{"role":"user","content":"' . 'word ' x 60
        . "\"}],\"model\":\"bench\"$stream}";
    return <<"LUA";
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '$body'
LUA
}

my $ok = 1;
for (['a reply', ''],
     ['a stream of 20 chunks, untouched', ',"stream":true,"stream_options":{"include_usage":true}'],
     ['a stream of 20 chunks, usage asked for', ',"stream":true'])
{
    my ($name, $stream) = @$_;
    my %script = (script => script($stream));
    my $r = Bench::measure({
        proxy_pass    => { url => "http://127.0.0.1:$ng->{port}/proxy/chat/completions", %script },
        nodetool_chat => { url => "http://127.0.0.1:$ng->{port}/v1/chat/completions", %script },
    }, pids => [$ng->{pid}]);
    $ok &= Bench::compare("chat: $name", $r, 'nodetool_chat', 'proxy_pass', 0.90);
}

exit !$ok;
