#!/usr/bin/perl

# Inputs that are fed while the job runs.

use strict;
use warnings;

use lib 't/lib';

use IO::Socket::UNIX;
use Test::More;

use NodeTool::Graph qw(graph node);
use NodeTool::Test;

my $g = NodeTool::Graph->new;

sub chunk { return { type => 'chunk', content => $_[0], done => \0 } }

my $graph = graph(
    [node(i => 'nodetool.input.RealtimeAudioInput', name => 'mic'),
     node(s => 'nodetool.input.StringInput', name => 'text', value => 'x'),
     node(w => 'test.Pool'), node(l => 'nodetool.control.Collect'),
     node(o => 'nodetool.output.Output', name => 'output'),
     node(t => 'nodetool.output.Output', name => 'said')],
    'i.chunk>w.value', 'w.output>l.input_item', 'l.output>o.value',
    's.output>t.value');

sub push_chunk {
    my ($text, %opt) = @_;

    return { input => 'mic', value => chunk($text), %opt };
}
my $end = { input => 'mic', end => 1 };

my $r = $g->run($graph, feed => [map({ push_chunk($_) } 1 .. 5), $end]);
is_deeply([map { $_->[0]{content} } @{ $r->{result}{results}{output} }],
    [1 .. 5], 'values arrive in order');
is_deeply($r->{fed}, [([0, '']) x 6], '... and are taken');
is($r->{results}{said}, 'x', 'other inputs end by themselves');

$r = $g->run($graph, params => { mic => { type => 'audio',
    uri => 'data:audio/wav;base64,UklG' } }, feed => [push_chunk('b'), $end]);
is_deeply([map { $_->[0]{content} } @{ $r->{result}{results}{output} }],
    ['UklG', 'b'], 'the parameter is first');

is_deeply($g->run($graph)->{results}{output}, [],
    'without feeding they end at once');

$r = $g->run($graph, feed => [
    { input => 'nope', value => 1 }, { input => 'text', value => 'y' },
    push_chunk('a', handle => 'other'), $end, $end, push_chunk('late')]);
is_deeply([map { $_->[1] } @{ $r->{fed} }],
    ['The workflow has no input "nope"',
     'Input "text" takes one value, as a parameter',
     'Input "mic" has no output "other"', '',
     ('Input "mic" has ended and takes no more values') x 2],
    'what is not taken');

$r = $g->run($graph, feed => [map({ push_chunk($_) } 1 .. 257), $end]);
like($r->{fed}[256][1], qr/^The input is fed faster than/, 'too fast');
is(scalar @{ $r->{results}{output} }, 256, '... and nothing else is lost');

for my $pump (0 .. 4) {
    $r = $g->run($graph, feed => [push_chunk(1)], cancel => $pump);
    is($r->{status}, 'cancelled', "cancelled at $pump while it is open");
}
$r = $g->run($graph, feed => [push_chunk(1), $end]);
is_deeply([map { $_->{node} } grep { $_->{begun} } @{ $r->{marks} }], ['i'],
    'what was fed is not fed again in another attempt');
$g->done;

# --- on an engine ------------------------------------------------------------

my $t = NodeTool::Test->new;
my $e = $t->engine;
$t->write_file("$e->{home}/workflows/mic.json", $t->encode({ name => 'mic',
    graph => graph(
        [node(i => 'nodetool.input.RealtimeAudioInput', name => 'mic'),
         node(l => 'nodetool.control.Collect'),
         node(o => 'nodetool.output.Output', name => 'output')],
        'i.chunk>l.input_item', 'l.output>o.value') }));

sub ask {
    my ($op, $body, %head) = @_;

    return $t->wire($e, { op => $op, %head },
        defined $body ? $t->encode($body) : undef);
}

# Starts the job on a connection that stays.
my $sock = IO::Socket::UNIX->new(Peer => $e->{socket}) or die;
print {$sock} '{"op":"job.run","user":"1","workflow_id":"mic",'
    . '"open_inputs":true,"events":true,"length":2}' . "\n{}";
$sock->flush;
my ($id) = readline($sock) =~ /"job_id":"(\w+)"/;
ok($id, 'a job with an open input');

$r = ask('job.input', chunk('a'), job_id => $id, input => 'mic');
is($r->{status}, 200, 'it is fed') or diag($r->{body});
is($r->{json}{status}, 'running', '... and runs');
is(ask('job.input', chunk('b'), job_id => $id, input => 'mic',
    handle => 'chunk')->{status}, 200, 'again');
is(ask('job.input', 5, job_id => $id, input => 'other')->{status}, 422,
    'no such input');
is(ask('job.input', chunk('a'), job_id => $id, input => 'mic',
    user => '2')->{status}, 403, "another user's job");
is(ask('job.input', chunk('a'), job_id => 'f' x 32, input => 'mic')->{status},
    404, 'no such job');
is($t->wire($e, { op => 'job.input', job_id => $id, input => 'mic' }, '{')
    ->{status}, 400, 'no JSON');
is(ask('job.input', undef, job_id => $id, input => 'mic',
    end => \1)->{status}, 200, 'it ends');

my $events = '';
while (defined(my $line = <$sock>)) {
    last if $line eq "\n";
    $events .= $line;
}
like($events, qr/"status":"completed".*"content":"a".*"content":"b"/s,
    'the job has what it was fed');
is(ask('job.input', chunk('c'), job_id => $id, input => 'mic')->{status}, 409,
    'it has ended');

$t->done;
