#!/usr/bin/perl

# Workflows that nodes run: as a node, and as a tool.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use NodeTool::Graph qw(graph node);

my $g = NodeTool::Graph->new;

my $TYPE = 'nodetool.workflows.workflow_node.Workflow';

sub output { return node($_[0], 'nodetool.output.Output', name => $_[0]) }

# Wraps its parameter `x`, and repeats it three times.
my $wrap = graph([node(i => 'nodetool.input.IntegerInput', name => 'x',
        value => 5), node(w => 'test.Wrap'), node(r => 'test.Repeat'),
    node(p => 'nodetool.workflows.base_node.Preview'), node(l => 'test.Pool'),
    output('wrapped'), output('each')], 'i.output>w.value', 'i.output>r.value',
    'i.output>l.value', 'w.output>wrapped.value', 'r.output>each.value',
    'w.output>p.value');

my %workflows = (
    wrap => { graph => $wrap, tool_name => 'wrapper' },
    fails => { graph => graph([node(f => 'test.Fail', value => 1)]),
               tool_name => 'failing' },
    loop => { graph => graph([node(n => $TYPE, workflow_id => 'loop')]) },
    ping => { graph => graph([node(n => $TYPE, workflow_id => 'pong')]) },
    pong => { graph => graph([node(n => $TYPE, workflow_id => 'ping')]) },
    back => { graph => graph([node(n => $TYPE, workflow_id => 'main')]) },
    forever => { graph => graph([node(f => 'test.Forever')]) },
    wait => { graph => graph([node(f => 'test.Wait')]),
              tool_name => 'wait' },
    many => { graph => graph([node(r => 'test.Repeat', times => 50),
                              output('each')], 'r.output>each.value') },
    outer => { graph => graph([
        node(n => $TYPE, workflow_id => 'wrap', x => 1,
             -dynamic_outputs => { wrapped => { type => 'any' } }),
        output('o')], 'n.wrapped>o.value') },
    map({ ("deep$_" => { graph => graph([node(n => $TYPE,
        workflow_id => 'deep' . ($_ + 1))]) }) } 1 .. 8),
    deep9 => { graph => graph([]) },
    main => { graph => graph([]) },
);

sub run {
    my ($graph, %opt) = @_;

    return $g->run($graph, workflows => \%workflows, %opt);
}

my $any = { type => 'any' };
my $r = run(graph(
    [node(c => 'nodetool.constant.Integer', value => 7),
     node(n => $TYPE, workflow_id => 'wrap',
          -dynamic_outputs => { wrapped => $any, each => $any }),
     node(l => 'nodetool.control.Collect'), output('o'), output('all')],
    'c.output>n.x', 'n.wrapped>o.value', 'n.each>l.input_item',
    'l.output>all.value'));
is_deeply($r->{results}, { o => [7], all => [map { [7, $_] } 0 .. 2] },
    'a workflow as a node') or diag(explain($r));
my %ids = map { ($_->{node_id} => 1) } grep { $_->{node_id} }
    @{ $r->{events} };
is_deeply([sort keys %ids], [qw(all c l n o)], 'its nodes are not shown');
is_deeply([map { $_->{value} } grep { $_->{type} eq 'preview_update' }
           @{ $r->{events} }], [[7]], 'its previews are');
is_deeply([map { $_->{content} } grep { $_->{type} eq 'log_update' }
           @{ $r->{events} }], ['on node l'], '... and its logs');

$r = run(graph([node(n => $TYPE, workflow_id => 'wrap', x => undef,
        -dynamic_outputs => { wrapped => $any, odd => $any }), output('o')],
    'n.wrapped>o.value', 'n.odd>o.value'));
is_deeply($r->{results}, { o => [5] }, 'parameters have their defaults');

$r = run(graph([node(n => $TYPE, workflow_id => 'outer',
    -dynamic_outputs => { o => $any }), output('o')], 'n.o>o.value'));
is_deeply($r->{results}, { o => [1] }, 'a workflow in a workflow');

$r = run(graph([node(n => $TYPE, workflow_id => 'many',
        -dynamic_outputs => { each => $any }), node(w => 'test.Pool'),
    node(l => 'nodetool.control.Collect'), output('o')],
    'n.each>w.value', 'w.output>l.input_item', 'l.output>o.value'),
    budget => 3);
is(scalar @{ $r->{results}{o} }, 50, 'a slow receiver');
my ($sent, $done, $most) = (0, 0, 0);
for my $e (@{ $r->{events} }) {
    next if $e->{type} ne 'edge_update' || $e->{status} ne 'message_sent';
    $sent = $e->{counter} if $e->{edge_id} eq 'n.each>w.value';
    $done = $e->{counter} if $e->{edge_id} eq 'w.output>l.input_item';
    $most = $sent - $done if $sent - $done > $most;
}
cmp_ok($most, '<=', 5, '... is waited for');

sub fails {
    my ($name, $node, $message) = @_;

    my $res = run(graph([$node]));
    is($res->{failure}{message}, $message, $name);
    return;
}

fails('no id', node(n => $TYPE), '"workflow_id" is empty; choose a workflow');
fails('no such workflow', node(n => $TYPE, workflow_id => 'none'),
    'there is no workflow none');
fails('a wrong parameter', node(n => $TYPE, workflow_id => 'wrap', y => 1),
    'The workflow has no parameter "y"; it has "x"');
fails('a parameter of a wrong type', node(n => $TYPE, workflow_id => 'wrap',
    x => 'a'), 'Parameter "x" expects int, got "a" (str)');
fails('one that runs itself', node(n => $TYPE, workflow_id => 'loop'),
    'Workflow "loop", node "n": workflow "loop" would run itself');
fails('two that run one another', node(n => $TYPE, workflow_id => 'ping'),
    'Workflow "ping", node "n": Workflow "pong", node "n": workflow "ping" '
    . 'would run itself');
fails('one that runs its caller', node(n => $TYPE, workflow_id => 'back'),
    'Workflow "back", node "n": workflow "main" would run itself');
like(run(graph([node(n => $TYPE, workflow_id => 'deep1')]))
    ->{failure}{message},
    qr/more than 8 workflows run one within the other$/, 'too deep');
is(run(graph([node(n => $TYPE, workflow_id => 'deep2')]))->{status},
    'completed', 'not too deep');
like(run(graph([node(n => $TYPE, workflow_id => 'fails')]))
    ->{failure}{message}, qr/^Workflow "fails", node "f": ./,
    'one that fails');

# --- tools -------------------------------------------------------------------

$r = run(graph([node(a => 'test.Caller', calls => [
        { tool => 'workflow_wrapper', arguments => { x => 3 } },
        { tool => 'workflow_wrapper', arguments => { z => 3 } },
        { tool => 'workflow_none' }, { tool => 'workflow_failing' }],
        schema => 'workflow_wrapper'),
    output('text'), output('tools')], 'a.text>text.value',
    'a.tools>tools.value'));
is_deeply([@{ $r->{results}{text} }[0 .. 2]],
    [{ wrapped => [3], each => [3, 2] },
     { error => 'The workflow has no parameter "z"; it has "x"' },
     { error => 'there is no workflow none' }], 'as a tool')
    or diag(explain($r));
like($r->{results}{text}[3]{error}, qr/^Workflow "fails", node "f": ./,
    '... that fails');
is_deeply($r->{results}{tools}, [{ name => 'workflow_wrapper',
    description => 'described', parameters => { type => 'object',
        required => [], properties => { x => { type => 'integer',
            default => 5, minimum => 0, maximum => 99999 } } } }],
    'its schema');

# --- the end -----------------------------------------------------------------

for my $node (node(n => $TYPE, workflow_id => 'forever'),
    node(n => $TYPE, workflow_id => 'wait'),
    node(n => 'test.Caller', calls => [{ tool => 'workflow_wait' }]))
{
    for my $pump (0 .. 8) {
        $r = run(graph([$node]), cancel => $pump, budget => 2);
        is($r->{status}, 'cancelled', "cancelled at pump $pump");
    }
}

$g->done;
done_testing();
