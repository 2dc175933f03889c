#!/usr/bin/perl

# RFC 6455 through nginx to a real engine: what it refuses, and with which
# close code; pings, fragments, closing handshakes, long messages, what comes
# in pieces. (The whole table is in t/engine/ws_vectors.h.)

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use NodeTool::Test;
use NodeTool::WebSocket;
use NodeTool::Workflows;

my $t = NodeTool::Test->new;
my $e = $t->engine;
my $ng = $t->nginx(<<'CONF', http => <<'HTTP');
    nodetool_engine engine;
    location = /predict { nodetool_websocket predict; }
CONF
    upstream engine { server unix:%%ENGINE%%; }
HTTP

my $status = $t->encode({ command => 'get_status', data => {} });

sub dial {
    my $ws = NodeTool::WebSocket->open($ng, '/predict');
    ok($ws->accepted, 'a WebSocket') or BAIL_OUT($ws->{status});
    return $ws;
}

sub is_alive {
    my ($ws, $name) = @_;

    $ws->send(text => $status);
    is_deeply($ws->json, { active_jobs => [] }, "$name: the answer");
    return;
}

# --- what ends a connection ----------------------------------------------------

my @broken = (
    ['no mask', 1002, [text => $status, mask => '']],
    ['RSV1', 1002, [text => $status, rsv => 4]],
    ['RSV2', 1002, [text => $status, rsv => 2]],
    ['RSV3', 1002, [ping => '', rsv => 1]],
    ['opcode 3', 1002, [3 => 'x']],
    ['opcode 11', 1002, [11 => '']],
    ['a ping of 126 bytes', 1002, [ping => 'x' x 126]],
    ['a ping in fragments', 1002, [ping => 'x', fin => 0]],
    ['a fragment of nothing', 1002, [continuation => 'x']],
    ['a message within another', 1002, [text => 'a', fin => 0], [text => 'b']],
    ['no UTF-8', 1007, [text => "\xff"]],
    ['UTF-8 that does not end', 1007, [text => "\xc3", fin => 0],
        [continuation => '']],
    ['half a close code', 1002, [close => "\3"]],
    ['close code 1005', 1002, [close => pack 'n', 1005]],
    ['a reason that is not UTF-8', 1007, [close => pack('n', 1000) . "\xff"]],
);

for my $case (@broken) {
    my ($name, $code, @frames) = @$case;
    my $bytes = join '', map { NodeTool::WebSocket->frame(@$_) } @frames;
    for my $step (length $bytes, 1) {
        my $ws = dial();
        for (my $at = 0; $at < length $bytes; $at += $step) {
            $ws->write(substr $bytes, $at, $step);
        }
        my ($got) = $ws->closed;
        is($got, $code, "$name, $step at once");
        $ws->abort;
    }
}

my $ws = dial();
$ws->write("\x82\xff" . pack('Q>', 16 * 1024 * 1024 + 1) . 'maskx');
is(($ws->closed)[0], 1009, 'a message above the limit, by its head');
ok($ws->ended, ' and the end');

# --- what does not ---------------------------------------------------------------

$ws = dial();
is_alive($ws, 'whole');

$ws->send(text => substr($status, 0, 10), fin => 0);
$ws->send(ping => 'between');
$ws->send(continuation => '', fin => 0);
$ws->send(continuation => substr $status, 10);
my $pong = $ws->next_frame;
is($pong->{opcode}, 10, 'a pong between fragments');
is($pong->{payload}, 'between', ' of the ping');
is_deeply($ws->json, { active_jobs => [] }, ' and the answer of the message');

$ws->write($_) for split //, $ws->frame(text => $status);
is_deeply($ws->json, { active_jobs => [] }, 'byte by byte');

# longer than what buffers, in both directions
my $long = $t->encode({ command => 'get_status',
    data => { padding => 'x' x 3_000_000 } });
$ws->send(text => $long);
is_deeply($ws->json(30), { active_jobs => [] }, 'a message of 3 MB');

my @pings = map { "ping $_" } 1 .. 500;
$ws->write(join '', map { $ws->frame(ping => $_) } @pings);
is_deeply([map { $ws->next_frame->{payload} } @pings], \@pings,
    '500 pings at once');

$ws->send(pong => 'unasked');
is_alive($ws, 'a pong that nobody waits for');

$ws->send(binary => "\xc1");
my $answer = $ws->message;
is($answer->{opcode}, 2, 'MessagePack is answered in it');
like($answer->{payload}, qr/invalid_message/, ' what is malformed');
is_alive($ws, 'and goes on');

# --- the closing handshake ---------------------------------------------------------

is_deeply([$ws->close(1000, 'bye')], [1000, ''], 'close is answered');
$ws = dial();
is_deeply([$ws->close], [1005, ''], 'without a code, too');
$ws = dial();
is(($ws->close(4999))[0], 4999, 'with one of the application');

$ws = dial();
# in one piece: what comes later may meet a connection that is gone
$ws->write($ws->frame(close => pack 'n', 1000) . $ws->frame(text => $status));
is(($ws->closed)[0], 1000, 'what comes behind a close frame is not looked at');
ok($ws->ended, ' and the end');

# --- the engine stops ----------------------------------------------------------------

$ws = dial();
is_alive($ws, 'before the engine stops');
kill TERM => $e->{pid};
is(($ws->closed)[0], 1001, 'the engine stops: 1001');

$t->done;
