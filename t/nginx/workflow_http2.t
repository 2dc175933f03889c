#!/usr/bin/perl

# ngx_http_nodetool_workflow_module over HTTP/2, with curl.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Time::HiRes qw(sleep);
use NodeTool::Test;
use NodeTool::Workflows;

plan skip_all => 'curl without HTTP/2' if `curl --version` !~ /HTTP2/;

my $t = NodeTool::Test->new;
my $nodes = NodeTool::Workflows::slow_nodes($t);
my $e = $t->engine(args => ['--nodes', $nodes, '--drain', 1]);

$t->port('h2');
my $ng = $t->nginx(<<'CONF', modules => ['base', 'auth', 'workflow'], http => <<'HTTP');
    nodetool_errors on;
    nodetool_engine engine;
    client_body_buffer_size 8k;
    client_max_body_size 8m;
    listen 127.0.0.1:%%PORT_h2%% http2;
    location /workflows { nodetool_workflow; }
    location /jobs { nodetool_workflow; }
    location = /updates { nodetool_websocket updates; }
CONF
    upstream engine { server unix:%%ENGINE%%; keepalive 4; }
HTTP
my $url = 'http://127.0.0.1:' . $t->port('h2');
my @curl = ('curl', '-sS', '-N', '--max-time', 30, '--http2-prior-knowledge');

NodeTool::Workflows::store($t, $e, 'echo', NodeTool::Workflows::echo());
NodeTool::Workflows::store($t, $e, 'slow', NodeTool::Workflows::slow(300));
NodeTool::Workflows::store($t, $e, 'long', NodeTool::Workflows::slow(60000));
NodeTool::Workflows::store($t, $e, 'flood',
    NodeTool::Workflows::ticks(count => 50, size => 100_000));

sub curl {
    my (@args) = @_;

    open my $fh, '-|', @curl, @args or die "curl: $!";
    local $/;
    my $out = <$fh>;
    close $fh;
    return $out;
}

my $out = curl('-w', '%{http_version} %{http_code}', "$url/workflows");
like($out, qr/"workflows":.*2 200$/s, 'HTTP/2 it is');

$out = curl('-D', '-', "$url/updates");
like($out, qr/^HTTP\/2 400.*over HTTP\/1\.1/s, 'no WebSocket over HTTP/2');
unlike($out, qr/^upgrade:/mi, ' and no header that HTTP/2 does not have');
$out = curl('-D', '-', '-H', "Origin: http://evil.example", "$url/updates");
like($out, qr/^HTTP\/2 403.*other sites/s, 'nor for a page of another site');
$out = curl('-D', '-', '-H', 'Origin: ' . $url, "$url/updates");
like($out, qr/^HTTP\/2 400/, ' but for this one\'s it is the same');

for my $size (10, 9000, 100_000, 3_000_000) {
    my $text = 'x' x ($size - 3) . 'end';
    my $file = $t->write_file('body', $t->encode({ text => $text }));
    $out = curl('-H', 'Content-Type: application/json', '--data-binary',
        "\@$file", "$url/workflows/echo/run");
    is($t->decode($out)->{output}, $text, "a body of $size bytes");

    # from a pipe: without a length
    my $pipe = open my $fh, '-|', "cat $file | @curl -X POST -H "
        . "'Content-Type: application/json' -T - $url/workflows/echo/run";
    local $/;
    $out = <$fh>;
    close $fh;
    is($t->decode($out)->{output}, $text, ' without a length');
}
$out = curl('-X', 'POST', "$url/workflows/echo/run");
is($t->decode($out)->{output}, '', 'a run without a body');
$out = curl('-H', 'Content-Type: application/json', '-d', '{"no":1}',
    "$url/workflows/echo/run");
is($t->decode($out)->{error}{code}, 422, 'a wrong parameter');
$out = curl('-I', "$url/workflows/echo");
like($out, qr/^HTTP\/2 200/, 'HEAD');

$out = curl('-X', 'POST', "$url/workflows/slow/run/stream");
like($out, qr/^id: 1\ndata: .*\n\ndata: \[DONE\]\n\n\z/s, 'a stream');
$out = curl('-X', 'POST', "$url/workflows/flood/run/stream");
ok(length $out > 5_000_000, 'a stream of megabytes');
like($out, qr/data: \[DONE\]\n\n\z/, ' to its end');

# --- clients that leave ----------------------------------------------------------

sub jobs {
    my ($workflow) = @_;
    return $t->get($ng, "/jobs?workflow_id=$workflow")->{json}{jobs};
}

my $client = $t->spawn('curl-plain', [@curl, '-X', 'POST',
    "$url/workflows/long/run"]);
$t->wait_for('the job', sub { @{ jobs('long') } });
kill 'KILL', $client->{pid};
$t->wait_for('the job to be cancelled',
    sub { jobs('long')->[0]{status} eq 'cancelled' });
pass('a client drops a plain run: the job is cancelled');

# the connection stays, the request does not: RST_STREAM by a time-out
$client = $t->spawn('curl-reset', [@curl, '--max-time', '0.5', '-X', 'POST',
    "$url/workflows/long/run", '--next', '-s', '--max-time', '20',
    '--http2-prior-knowledge', "$url/workflows/echo"]);
$t->wait_for('the job', sub { @{ jobs('long') } == 2 });
$t->wait_for('the job to be cancelled',
    sub { jobs('long')->[0]{status} eq 'cancelled' });
pass('a client resets a plain run: the job is cancelled');
$t->wait_exit($client, 20);

$client = $t->spawn('curl-stream', [@curl, '-X', 'POST',
    "$url/workflows/slow/run/stream"]);
$t->wait_for('the stream',
    sub { $t->read_file($client->{log}) =~ /"running"/ });
kill 'KILL', $client->{pid};
$t->wait_for('the job to end', sub { jobs('slow')->[0]{status} ne 'running' });
is(jobs('slow')->[0]{status}, 'completed',
    'a client drops a stream: the job goes on');

# --- an engine that dies -----------------------------------------------------------

$client = $t->spawn('curl-killed', [@curl, '-X', 'POST',
    "$url/workflows/long/run/stream"]);
$t->wait_for('the stream',
    sub { $t->read_file($client->{log}) =~ /"running"/ });
kill 'KILL', $e->{pid};
$t->wait_exit($client, 20);
$out = $t->read_file($client->{log});
like($out, qr/data: \{"error".*engine was lost.*\}\n\n\z/s,
    'the engine is killed: an error event');
is($client->{status}, 0, ' and a clean end');

$t->done;
