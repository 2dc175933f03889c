#!/usr/bin/perl

# ngx_http_nodetool_workflow_module: WebSockets. An engine that echoes stands
# in for the real one, so that every byte can be told.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use NodeTool::Test;
use NodeTool::WebSocket;
use IO::Socket::INET;
use Time::HiRes qw(time);

my $t = NodeTool::Test->new;
my $heads = $t->dir . '/heads.log';
$t->expect_log(qr{nobody\.sock failed \(2});

# --- the engine ----------------------------------------------------------------

my %ANSWER = (
    chat     => qq({"status":503,"length":%d,"retry_after":7}\n),
    updates  => qq({"status":101}\n),
    terminal => qq({"status":404,"length":%d}\n),
);
my $ERROR = '{"error":{"message":"It is so.","type":"t","code":1}}';

sub engine {
    my ($sock) = @_;

    while (defined(my $line = readline $sock)) {
        open my $log, '>>', $heads or die;
        syswrite $log, $line;
        close $log;
        my $path = $t->decode($line)->{path} // 'none';

        if ($path eq 'chat' || $path eq 'terminal') {
            printf {$sock} "$ANSWER{$path}%s", length $ERROR, $ERROR;
            $sock->flush;
            next;
        }
        if ($path eq 'none') {
            print {$sock} qq({"status":101}\n);    # to what is no handshake
            $sock->flush;
            return;
        }
        if ($path eq 'all') {
            print {$sock} $t->read_file('all-reply');
            $sock->flush;
            return;
        }
        print {$sock} qq({"status":101}\n),
            $path eq 'updates' ? "\x81\x05first" . 'x' x 20000 : ();
        $sock->flush;
        return if $path eq 'updates';
        echo($sock);
        return;
    }
    return;
}

# What comes, until "quit" or "wait", which stops reading for good.
sub echo {
    my ($sock) = @_;

    while (sysread $sock, my $bytes, 65536) {
        return if $bytes =~ /quit$/;
        if ($bytes =~ /wait$/) { sleep 60; return }
        for (my $at = 0; $at < length $bytes; ) {
            my $n = syswrite $sock, $bytes, length($bytes) - $at, $at;
            return if !$n;
            $at += $n;
        }
    }
    return;
}

my $engine = $t->mock('fake', \&engine);

my $ng = $t->nginx(<<'CONF', http => <<'HTTP', modules => [qw(base auth workflow)]);
    nodetool_errors on;
    nodetool_request_id on;
    nodetool_engine fake;
    location = /predict { nodetool_websocket predict; }
    location = /chat { nodetool_websocket chat; }
    location = /updates { nodetool_websocket updates; }
    location = /terminal { nodetool_websocket terminal; }
    location = /ws { nodetool_websocket all; }
    location = /down { nodetool_engine unix:%%DIR%%/nobody.sock;
                       nodetool_websocket predict; }
    location = /idle { nodetool_websocket predict;
                       nodetool_websocket_read_timeout 300ms; }
    location = /small { nodetool_websocket predict;
                        nodetool_websocket_buffer_size 1k; }
    location = /static { nodetool_auth static; nodetool_auth_token secret;
                         nodetool_websocket predict; }
    location /workflows { nodetool_workflow; }
    location = /status { stub_status; }
CONF
    upstream fake { server 127.0.0.1:%%PORT_fake%%; keepalive 4; }
    log_format ws '$uri $status $request_time $bytes_sent';
    access_log %%DIR%%/ws.log ws;
HTTP

sub heads { return map { $t->decode($_) } split /\n/, $t->read_file('heads.log') }
sub message { my ($r) = @_; return $r->{json}{error}{message} }
sub active { return ($t->get($ng, '/status')->{body} =~ /Active connections: (\d+)/)[0] }

# Bytes of a tunnel as they are.
sub raw {
    my ($ws, $length) = @_;

    my $until = time + 20;
    while (length $ws->{in} < $length) {
        last if !$ws->fill($until);
    }
    return substr $ws->{in}, 0, $length, '';
}

# --- a tunnel ------------------------------------------------------------------

my $ws = NodeTool::WebSocket->open($ng, '/predict',
    headers => ['X-Request-Id' => 'abc-1', 'Sec-WebSocket-Protocol' => 'chat',
        'Sec-WebSocket-Extensions' => 'permessage-deflate']);
is($ws->{status}, 101, 'a handshake');
ok($ws->accepted, ' is accepted');
is($ws->{headers}{$_}, undef, " with no $_") for 'sec-websocket-protocol',
    'sec-websocket-extensions', 'content-length', 'transfer-encoding',
    'content-type';
is_deeply((heads())[0], { op => 'ws', request_id => 'abc-1',
    path => 'predict', base => 'http://localhost' }, 'the engine is told');
$ws->write("\x00\xffhi\r\n");
is(raw($ws, 6), "\x00\xffhi\r\n", 'bytes pass both ways');

my $sent = join '', map { pack 'N', $_ } 1 .. 500_000;
my $child = fork;
if ($child == 0) {
    $ws->write($sent);
    POSIX::_exit(0);
}
ok(raw($ws, length $sent) eq $sent, 'two megabytes, each byte in its place');
waitpid $child, 0;
$ws->write('quit');
ok($ws->ended, 'the engine closes, and so does nginx');
$t->wait_for('the log', sub { $t->read_file('ws.log') =~ m{^/predict}m });
like($t->read_file('ws.log'), qr{^/predict 101 \d+\.\d+ 20\d{5}$}m,
    'the log has the status, the time and the bytes');

# --- behind the handshake --------------------------------------------------------

$ws = NodeTool::WebSocket->open($ng, '/predict', behind => 'early');
is(raw($ws, 5), 'early', 'bytes behind the handshake are not lost');
$ws->abort;

$ws = NodeTool::WebSocket->open($ng, '/updates');
is($ws->next_frame->{payload}, 'first', 'a frame in one write with the head');
is(raw($ws, 20001), 'x' x 20000, ' and all behind it, to the end');

$ws = NodeTool::WebSocket->open($ng, '/small');
$ws->write('y' x 5000);
is(raw($ws, 5000), 'y' x 5000, 'a buffer that is smaller than what passes');
$ws->abort;

# --- no tunnel -------------------------------------------------------------------

$ws = NodeTool::WebSocket->open($ng, '/chat');
is($ws->{status}, 503, 'the engine refuses');
is(message($ws->{response}), 'It is so.', ' in its own words');
is($ws->{headers}{'retry-after'}, 7, ' and says when to come again');
is(NodeTool::WebSocket->open($ng, '/terminal')->{status}, 404,
    'it has no such path');
is(NodeTool::WebSocket->open($ng, '/down')->{status}, 502, 'no engine');

for (['no tunnel', qq({"status":200,"length":2}\n{})],
     ['another switch', qq({"status":102}\n)],
     ['an event stream', qq({"status":200,"events":true}\n\n)],
     ['no JSON', "hello\n"])
{
    my ($what, $reply) = @$_;
    $t->write_file('all-reply', $reply);
    is(NodeTool::WebSocket->open($ng, '/ws')->{status}, 502,
        "an engine that answers with $what");
}
is($t->get($ng, '/workflows')->{status}, 502,
    'a switch that nobody asked for');

# --- handshakes ------------------------------------------------------------------

my @BAD = (
    ['a plain GET', 426, Upgrade => undef, Connection => undef],
    ['another protocol', 426, Upgrade => 'h2c'],
    ['websockets', 426, Upgrade => 'websockets'],
    ['no Connection: Upgrade', 400, Connection => 'keep-alive'],
    ['a Connection that only begins so', 400, Connection => 'upgraded, close'],
    ['version 12', 426, 'Sec-WebSocket-Version' => 12],
    ['version 013', 426, 'Sec-WebSocket-Version' => '013'],
    ['two versions', 426, 'Sec-WebSocket-Version' => '13, 8'],
    ['a version twice', 426, 'Sec-WebSocket-Version' => 13,
        'Sec-WebSocket-Version' => 13],
    ['no version', 426, 'Sec-WebSocket-Version' => undef],
    ['no key', 400, 'Sec-WebSocket-Key' => undef],
    ['an empty key', 400, 'Sec-WebSocket-Key' => ''],
    ['a short key', 400, 'Sec-WebSocket-Key' => 'dGhlIHNhbXBsZSBub25jZQ'],
    ['a key of 15 bytes', 400, 'Sec-WebSocket-Key' => 'dGhlIHNhbXBsZSBub25j'],
    ['a key of 17 bytes', 400,
        'Sec-WebSocket-Key' => 'dGhlIHNhbXBsZSBub25jZTE='],
    ['a key of 18 bytes', 400,
        'Sec-WebSocket-Key' => 'dGhlIHNhbXBsZSBub25jZTEx'],
    ['a key that is no base64', 400,
        'Sec-WebSocket-Key' => 'dGhlIHNhbXBsZSBub25j!Q=='],
    ['a key with junk behind its end', 400,
        'Sec-WebSocket-Key' => 'dGhlIHNhbXBsZSBub25jZQ=x'],
    ['two keys', 400, 'Sec-WebSocket-Key' => 'dGhlIHNhbXBsZSBub25jZQ==',
        'Sec-WebSocket-Key' => 'dGhlIHNhbXBsZSBub25jZQ=='],
    ['a body', 400, 'Content-Length' => 2],
    ['a chunked body', 400, 'Transfer-Encoding' => 'chunked'],
);
my $before = heads();
for (@BAD) {
    my ($what, $status, @headers) = @$_;
    my $got = NodeTool::WebSocket->open($ng, '/predict', headers => \@headers,
        behind => $what =~ /chunked/ ? "0\r\n\r\n" : $what =~ /body/ ? '{}' : '');
    is($got->{status}, $status, "$what: $status");
    ok(message($got->{response}), ' says why');
    next if $status == 400;
    is($got->{headers}{upgrade}, 'websocket', ' with Upgrade');
    like($got->{headers}{connection}, qr/\bUpgrade\b/, ' in Connection');
    is($got->{headers}{'sec-websocket-version'}, 13, ' and the version');
}
is(scalar(my @now = heads()), $before, 'the engine has heard of none');

for (['lists of tokens', Upgrade => 'foo, WebSocket',
          Connection => 'keep-alive , UPGRADE'],
     ['a header for each', Upgrade => 'h2c', Upgrade => 'websocket',
          Connection => 'keep-alive', Connection => 'upgrade'],
     ['Content-Length: 0', 'Content-Length' => 0])
{
    my ($what, @headers) = @$_;
    my $got = NodeTool::WebSocket->open($ng, '/predict', headers => \@headers);
    ok($got->accepted, $what);
    $got->abort;
}

for my $method ('POST', 'HEAD', 'PUT') {
    my $got = NodeTool::WebSocket->open($ng, '/predict', method => $method);
    is($got->{status}, 405, "$method: 405");
    is($got->{headers}{allow}, 'GET', ' allows GET');
}
my $old = NodeTool::HTTP->connect_to($ng->{port});
$old->write("GET /predict HTTP/1.0\r\nUpgrade: websocket\r\n"
    . "Connection: upgrade\r\nSec-WebSocket-Version: 13\r\n"
    . "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
$old->{method} = 'GET';
is($old->head, 400, 'HTTP/1.0: 400');

my $stranger = NodeTool::WebSocket->open($ng, '/static');
is($stranger->{status}, 101, 'without a token: accepted, for a script to see why');
is_deeply([$stranger->closed], [1008, 'This server needs a token. Send it in the header '
    . '"Authorization: Bearer TOKEN".'], ' and closed by the auth module');
ok($stranger->ended, ' and it is over');
$stranger = NodeTool::WebSocket->open($ng, '/static', behind => 'x' x 200_000);
is(($stranger->closed)[0], 1008, ' whatever has been sent meanwhile');
$stranger->abort;
ok(NodeTool::WebSocket->open($ng, '/static',
    headers => [Authorization => 'Bearer secret'])->accepted, 'a token is taken');

# --- ends ------------------------------------------------------------------------

$ws = NodeTool::WebSocket->open($ng, '/idle');
my $start = time;
ok($ws->ended, 'an engine that is silent for too long');
cmp_ok(time - $start, '<', 5, ' ends the tunnel');

# a slow reader holds back only its own tunnel
my $slow = NodeTool::WebSocket->open($ng, '/predict');
$child = fork;
if ($child == 0) {
    $slow->write('z' x 50_000_000);
    POSIX::_exit(0);
}
$ws = NodeTool::WebSocket->open($ng, '/predict');
$ws->write('quick');
is(raw($ws, 5), 'quick', 'another tunnel goes on beside a slow one');
$ws->abort;
kill 'KILL', $child;
waitpid $child, 0;
$slow->abort;

# an upgraded connection is not kept: the next request has one of its own
$t->wait_for('tunnels to end', sub { active() == 1 });
$before = heads();
is(NodeTool::WebSocket->open($ng, '/terminal')->{status}, 404,
    'the next request finds an engine that listens');

# --- reload and quit ---------------------------------------------------------------

$ws = NodeTool::WebSocket->open($ng, '/predict');
$ws->write('1');
is(raw($ws, 1), '1', 'a tunnel');
my $workers = sub { my @pids = split ' ',
    `pgrep -P $ng->{pid} 2>/dev/null`; return scalar @pids };
kill 'HUP', $ng->{pid};
$t->wait_for('the new worker', sub {
    $t->read_file($ng->{errorlog}) =~ /gracefully shutting down/ });
$ws->write('2');
is(raw($ws, 1), '2', 'goes on over a reload');
my $next = NodeTool::WebSocket->open($ng, '/predict');
ok($next->accepted, 'beside a new one');
$ws->write('quit');
ok($ws->ended, 'and ends');
$t->wait_for('the old worker', sub { $workers->() == 1 });
$next->write('3');
is(raw($next, 1), '3', 'with it ends the old worker, not the new');
$next->abort;

$t->done;
