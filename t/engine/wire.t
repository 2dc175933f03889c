#!/usr/bin/perl

# The engine on its socket: docs/wire.md, spoken byte by byte.

use strict;
use warnings;

use lib 't/lib';
use IO::Socket::UNIX;
use IO::Select;
use JSON::PP qw(encode_json decode_json);
use Test::More;
use NodeTool::Test;

my $t = NodeTool::Test->new;
my $e = $t->engine(args => ['--max-body', 1]);

my $greet = {
    name => 'Greet',
    graph => {
        nodes => [
            { id => 'in', type => 'nodetool.input.StringInput',
              data => { name => 'name', value => 'World' } },
            { id => 'out', type => 'nodetool.output.Output',
              data => { name => 'output' } },
        ],
        edges => [{ id => 'e', source => 'in', sourceHandle => 'output',
                    target => 'out', targetHandle => 'value' }],
    },
};

sub sock {
    return IO::Socket::UNIX->new(Peer => $e->{socket}) || die "connect: $!";
}

# What is read until the peer closes, at most for a moment.
sub rest {
    my ($s, $timeout) = @_;

    my $bytes = '';
    while (IO::Select->new($s)->can_read($timeout || 10)) {
        my $n = sysread $s, $bytes, 65536, length $bytes;
        return $bytes if !$n;
    }
    return $bytes . '<open>';
}

# One reply, {body} set.
sub reply {
    my ($s) = @_;

    my $line = '';
    while ($line !~ /\n/) {
        sysread $s, $line, 1, length $line or return;
    }
    my $reply = decode_json($line);
    my $body = '';
    while (length $body < ($reply->{length} || 0)) {
        sysread $s, $body, $reply->{length} - length $body, length $body
            or return;
    }
    $reply->{body} = $body;
    return $reply;
}

sub ask {
    my ($s, $head, $body) = @_;

    $body = '' if !defined $body;
    my $bytes = encode_json({ user => '1', length => length $body, %$head })
        . "\n$body";
    syswrite $s, $bytes;
    return reply($s);
}

# --- operations on one connection, one after the other ------------------------

my $s = sock();

my $r = ask($s, { op => 'workflow.put', workflow_id => 'greet' },
    encode_json($greet));
is($r->{status}, 201, 'workflow.put creates');

$r = ask($s, { op => 'workflow.get', workflow_id => 'greet' });
is($r->{status}, 200, 'workflow.get on the same connection');
is(decode_json($r->{body})->{name}, 'Greet', 'it is what was put');

$r = ask($s, { op => 'job.run', workflow_id => 'greet' },
    '{"params":{"name":"Ada"}}');
is($r->{status}, 200, 'job.run');
my $run = decode_json($r->{body});
is($run->{output}, 'Ada', 'output');
is_deeply($run->{results}, { output => 'Ada' }, 'results');
is($run->{status}, 'completed', 'status');
is($run->{job_id}, $r->{job_id}, 'job_id stands in head and body');

$r = ask($s, { op => 'job.run', workflow_id => 'greet' }, '{"name":"Bob"}');
is(decode_json($r->{body})->{output}, 'Bob', 'a body without params is them');

$r = ask($s, { op => 'job.run', workflow_id => 'greet' });
is(decode_json($r->{body})->{output}, 'World', 'no body: defaults');

for (['{"params": {"name": }}', 400, qr/line 1, column \d+/],
     ["{\n\"params\": nope}", 400, qr/line 2, column \d+/],
     ['[1]', 422, qr/must be a JSON object/],
     ['{"params":{"nobody":1}}', 422, qr/nobody/],
     ['{"params":{"name":1}}', 422, qr/name/])
{
    my ($body, $status, $re) = @$_;
    $r = ask($s, { op => 'job.run', workflow_id => 'greet' }, $body);
    is($r->{status}, $status, "$status: " . $body =~ tr{\n}{ }r);
    like($r->{body}, $re, ' its message');
}

$r = ask($s, { op => 'job.run', workflow_id => 'nope' }, '{}');
is($r->{status}, 404, 'job.run of no workflow');
like($r->{body}, qr/Workflow not found: nope/, ' its message');

$r = ask($s, { op => 'job.run', workflow_id => '../etc/passwd' }, '{}');
is($r->{status}, 404, 'an id that would leave the folder');

$r = ask($s, { op => 'job.get', job_id => $run->{job_id} });
is(decode_json($r->{body})->{status}, 'completed', 'job.get');
$r = ask($s, { op => 'job.get', job_id => $run->{job_id}, user => '2' });
is($r->{status}, 403, 'job.get of another user');

# --- files: a workspace for each user of a workflow ----------------------------

$t->write_file("$e->{home}/workflows/notes.json", encode_json({ graph => {
    nodes => [
        { id => 'w', type => 'nodetool.workspace.WriteTextFile',
          data => { path => 'n.txt', content => '+', append => \1 } },
        { id => 'r', type => 'nodetool.workspace.ReadTextFile', data => {} },
        { id => 'out', type => 'nodetool.output.Output',
          data => { name => 'output' } },
    ],
    edges => [{ id => 'a', source => 'w', sourceHandle => 'output',
                target => 'r', targetHandle => 'path' },
              { id => 'b', source => 'r', sourceHandle => 'output',
                target => 'out', targetHandle => 'value' }],
} }));
for (['1', '+'], ['1', '++'], ['../1', '+'], ['1', '+++']) {
    my ($user, $want) = @$_;
    $r = ask($s, { op => 'job.run', workflow_id => 'notes', user => $user });
    is(decode_json($r->{body})->{output}, $want, "user $user: $want");
}
is($t->read_file("$e->{home}/workspace/1/notes/n.txt"), '+++', 'where it is');
is($t->read_file("$e->{home}/workspace/%2E.%2F1/notes/n.txt"), '+',
    'no name of a user leads elsewhere');
$r = ask($s, { op => 'job.list', limit => 1 });
is(scalar @{ decode_json($r->{body})->{jobs} }, 1, 'job.list with a limit');
for my $limit (0, -1, 1001, 1.5, "x") {
    $r = ask($s, { op => 'job.list', limit => $limit });
    is($r->{status}, 422, "limit $limit");
}

$r = ask($s, { op => 'nothing' });
is($r->{status}, 400, 'an operation that there is not');
$r = ask($s, {});
is($r->{status}, 400, 'no operation');
$r = ask($s, { op => 'job.get' });
is($r->{status}, 400, 'no job_id');
$r = ask($s, { op => 'health' });
is($r->{status}, 200, 'health');
is(decode_json($r->{body})->{status}, 'ready', ' ready');
$r = ask($s, { op => 'node.list' });
ok(@{ decode_json($r->{body}) } > 2, 'node.list');

# --- events -------------------------------------------------------------------

$r = $t->wire($e, { op => 'job.run', workflow_id => 'greet', events => \1 },
    '{"name":"Eve"}');
my @seqs = map { $_->[0] } @{ $r->{events} };
is_deeply(\@seqs, [1 .. @seqs], 'events are numbered from 1 without a gap');
is($r->{events}[-1][1]{status}, 'completed', 'the last one is terminal');
is($r->{events}[-1][1]{result}{output}, 'Eve', ' and has the result');

my $again = $t->wire($e, { op => 'job.events', job_id => $r->{job_id} });
is_deeply($again->{events}, $r->{events}, 'job.events replays them');
$again = $t->wire($e, { op => 'job.events', job_id => $r->{job_id},
    after => 2 });
is($again->{events}[0][0], 3, 'job.events after 2');
$again = $t->wire($e, { op => 'job.events', job_id => $r->{job_id},
    after => 999999 });
is_deeply($again->{events}, [], 'job.events after the end');
is($t->wire($e, { op => 'job.events', job_id => 'nope' })->{status}, 404,
    'job.events of no job');
is($t->wire($e, { op => 'job.events', job_id => $r->{job_id}, user => '2' })
    ->{status}, 403, 'job.events of another user');

# --- a request in two parts, split at every byte -------------------------------

my $body = '{"params":{"name":"Ada"}}';
my $bytes = encode_json({ op => 'job.run', user => '1',
    workflow_id => 'greet', length => length $body }) . "\n$body";
my $bad = 0;
for my $cut (1 .. length($bytes) - 1) {
    my $p = sock();
    syswrite $p, substr $bytes, 0, $cut;
    select undef, undef, undef, 0.001;
    syswrite $p, substr $bytes, $cut;
    my $reply = reply($p);
    $bad++ if !$reply || $reply->{status} != 200
        || decode_json($reply->{body})->{output} ne 'Ada';
}
is($bad, 0, 'a request split at every position');

{
    my $p = sock();
    for my $byte (split //, $bytes) {
        syswrite $p, $byte;
        select undef, undef, undef, 0.0002;
    }
    is(reply($p)->{status}, 200, 'a request byte by byte');
    is(ask($p, { op => 'health' })->{status}, 200, ' and another behind it');
}

# --- a body that is too large --------------------------------------------------

{
    my $p = sock();
    my $size = 1024 * 1024 + 1;
    syswrite $p, qq({"op":"job.run","workflow_id":"greet","length":$size}\n);
    my $reply = reply($p);
    is($reply->{status}, 413, 'a body over the limit is refused by its length');
    my $sent = 0;
    while ($sent < $size) {
        $sent += syswrite $p, 'x' x ($size - $sent > 65536 ? 65536 : $size - $sent);
    }
    is(ask($p, { op => 'health' })->{status}, 200,
        ' and read over, so the connection can go on');

    my $long = encode_json({ name => 'x' x (1024 * 1024 - 64) });
    is(ask($p, { op => 'job.run', workflow_id => 'greet' }, $long)->{status},
        200, 'one below the limit is taken');
}

# --- those who break the protocol ----------------------------------------------

my $logged = sub { $t->read_file($e->{log}) };

for (['not JSON', "hello\n", qr/not a JSON object/],
     ['an array', "[1]\n", qr/not a JSON object/],
     ['a wrong length', qq({"op":"health","length":"x"}\n), qr/not a number/],
     ['a negative length', qq({"op":"health","length":-1}\n), qr/not a number/],
     ['a head without end', 'x' x 20000, qr/too long/],
     ['a head that is too long', '{"x":"' . 'x' x 17000 . qq("}\n), qr/too long/],
     ['two requests at once', qq({"op":"health"}\n{"op":"health"}\n),
      qr/behind its request/])
{
    my ($what, $send, $re) = @$_;
    my $before = length $logged->();
    my $p = sock();
    syswrite $p, $send;
    is(rest($p), '', "cut off: $what");
    like(substr($logged->(), $before), $re, ' and logged');
}
is(ask($s, { op => 'health' })->{status}, 200, 'others do not notice');

# --- a peer that only closes its sending side ----------------------------------

{
    my $p = sock();
    syswrite $p, qq({"op":"health"}\n);
    shutdown $p, 1;
    like(rest($p), qr/^\{"status":200,.*ready/s, 'half-closed: gets its reply');
}

# --- the socket ----------------------------------------------------------------

is((stat $e->{socket})[2] & 07777, 0660, 'the socket has mode 0660');

{
    my $second = $t->spawn('second', ["$NodeTool::Test::BUILD/nodetool-engine",
        '--socket', $e->{socket}, '--home', $e->{home}]);
    my $status = $t->wait_exit($second, 10);
    isnt($status, 0, 'a second engine on the same socket ends');
    like($t->read_file($second->{log}), qr/Another engine listens/,
        ' and says why');
    is(ask($s, { op => 'health' })->{status}, 200, ' the first one stays');
}

$t->stop($e, 'KILL');
ok(-S $e->{socket}, 'a killed engine leaves its socket');
my $next = $t->engine(name => 'engine');
is($t->wire($next, { op => 'health' })->{status}, 200,
    'the next one takes it over');

my $idle = IO::Socket::UNIX->new(Peer => $next->{socket});
is($t->stop($next), 0, 'SIGTERM ends it with status 0, idle peers or not');
ok(!-e $next->{socket}, 'and the socket is gone');

$t->done;
