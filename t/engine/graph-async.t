#!/usr/bin/perl

# Nodes that wait (NT_NODE_ASYNC): fibers, threads, timers, room, the end of a
# run in the middle of it all.

use strict;
use warnings;

use lib 't/lib';

use File::Temp;
use Test::More;
use Time::HiRes qw(time);

use NodeTool::Graph qw(graph node);

my $ROOT = $NodeTool::Graph::ROOT;
my $g = NodeTool::Graph->new(plugins => [["$ROOT/t/lib/async_nodes.c"]]);

sub output { return node(o => 'nodetool.output.Output', name => 'output') }

my $r = $g->run(graph([node(n => 'async.Nap', value => 7), output()],
    'n.output>o.value'));
is($r->{result}{output}, 7, 'a node that waits');
is(join(' ', map { $_->{status} } grep { $_->{type} eq 'node_update'
        && $_->{node_id} eq 'n' } @{ $r->{events} }), 'running completed', '... runs and completes');

# 200 naps of 50 ms end together.
my $begin = time;
$r = $g->run(graph(
    [(map { node("n$_" => 'async.Nap', value => $_, ms => 50) } 1 .. 200),
     node(c => 'nodetool.control.Collect'), output()],
    (map { "n$_.output>c.input_item" } 1 .. 200), 'c.output>o.value'));
is(scalar(@{ $r->{result}{output} }), 200, '200 nodes wait');
cmp_ok(time - $begin, '<', 5, '... at the same time');

# A generator written straight on waits for room: a slow receiver holds it.
$r = $g->run(graph(
    [node(c => 'async.Count', count => 50),
     node(t => 'async.Total'), output()],
    'c.output>t.value', 't.output>o.value'));
is($r->{result}{output}, 49 * 50 / 2, 'a stream into a node that drains');
my $ahead = my $most = 0;
for my $e (grep { $_->{type} eq 'chunk' } @{ $r->{events} }) {
    $ahead++;
}
is($ahead, 50, 'its chunks are told');

$r = $g->run(graph(
    [node(c => 'async.Count', count => 20), node(n => 'async.Nap', ms => 2),
     node(l => 'nodetool.control.Collect'), output()],
    'c.output>n.value', 'n.output>l.input_item', 'l.output>o.value'));
is_deeply($r->{result}{output}, [0 .. 19], 'in order through a slow node');
my ($sent, $done) = (0, 0);
for my $e (@{ $r->{events} }) {
    next if $e->{type} ne 'edge_update' || $e->{status} ne 'message_sent';
    $sent = $e->{counter} if $e->{edge_id} eq 'c.output>n.value';
    $done = $e->{counter} if $e->{edge_id} eq 'n.output>l.input_item';
    $most = $sent - $done if $sent - $done > $most;
}
cmp_ok($most, '<=', 5, 'a full inbox holds the generator');

$r = $g->run(graph([node(c => 'async.Count', count => 2, fail => \1),
    node(l => 'nodetool.control.Collect'), output()],
    'c.output>l.input_item', 'l.output>o.value'));
is($r->{status}, 'failed', 'failing after values');
is($r->{failure}{message}, 'counted enough', '... says why');

# --- the pool ----------------------------------------------------------------

$r = $g->run(graph([node(s => 'async.Sum', a => 40, b => 2), output(),
    node(e => 'nodetool.output.Output', name => 'early')],
    's.output>o.value', 's.early>e.value'));
is_deeply($r->{results}, { output => 42, early => 42 }, 'work on a thread');
is_deeply([map { $_->{content} } grep { $_->{type} eq 'log_update' }
           @{ $r->{events} }], ['on a thread'], '... may tell things');

$r = $g->run(graph([node(d => 'async.Deep'), output()], 'd.output>o.value'));
is($r->{result}{output}, 14, '200 KiB on the stack');

my $assets = File::Temp->newdir('nodetool-assets-XXXXXX', TMPDIR => 1);
$r = $g->run(graph([node(k => 'async.Keep', text => 'kept'), output()],
    'k.output>o.value'), assets => "$assets");
is($r->{result}{output}, 'kept', 'stores and loads');
$r = $g->run(graph([node(k => 'async.Keep', text => 'kept'), output()],
    'k.output>o.value'));
is($r->{failure}{message}, 'this server gives workflows no assets',
    '... or says why not');

# --- the end in the middle ---------------------------------------------------

my @waiting = (
    [nap => [node(n => 'async.Nap', ms => 60_000), output()],
        'n.output>o.value'],
    [sum => [node(s => 'async.Sum'), output()], 's.output>o.value'],
    [room => [node(c => 'async.Count', count => 1000),
              node(n => 'async.Nap', ms => 60_000), output()],
        'c.output>n.value', 'n.output>o.value'],
    [drain => [node(c => 'async.Count', count => 1000, ms => 1),
               node(t => 'async.Total'), output()],
        'c.output>t.value', 't.output>o.value'],
);
for my $case (@waiting) {
    my ($name, $nodes, @edges) = @$case;

    for my $pump (0 .. 4) {
        $begin = time;
        $r = $g->run(graph($nodes, @edges), cancel => $pump, budget => 3);
        last if $r->{status} eq 'completed'; # it was faster
        is($r->{status}, 'cancelled', "$name: cancelled at pump $pump");
        cmp_ok(time - $begin, '<', 10, '... at once');
        is_deeply([grep { ($_->{status} // '') eq 'error' }
                   @{ $r->{events} }], [], '... which is no failure');
    }
}

$g->done;
done_testing;
