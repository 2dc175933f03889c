#!/usr/bin/perl

# Nodes as tools of other nodes: control edges, and the chains behind dynamic
# outputs.  test.Caller calls as its property says.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use NodeTool::Graph qw(graph node);

my $g = NodeTool::Graph->new;

my $BASE = 'nodetool.workflows.base_node';

sub caller_node {
    my ($id, @calls) = @_;

    return node($id, 'test.Caller', calls => \@calls);
}

# An agent whose outputs are tools: { name => type }.
sub agent {
    my ($id, $outputs, @calls) = @_;

    return node($id, 'test.Caller', calls => \@calls,
        -dynamic_outputs => { map { $_ => { type => $outputs->{$_} } }
                              keys %$outputs });
}

sub call {
    my ($tool, $arguments, $repeat) = @_;

    return { tool => $tool, arguments => $arguments || {},
        ($repeat ? (repeat => $repeat) : ()) };
}

sub output { return node($_[0], 'nodetool.output.Output', name => $_[0]) }

# The values of an output, in order.
sub values_of {
    my ($r, $name) = @_;

    return [map { $_->{value} } grep { $_->{type} eq 'output_update'
        && $_->{output_name} eq $name } @{ $r->{events} }];
}

sub statuses {
    my ($r, $id) = @_;

    return join ' ', map { $_->{status} } grep { $_->{type} eq 'node_update'
        && $_->{node_id} eq $id } @{ $r->{events} };
}

sub edge_events {
    my ($r, $id) = @_;

    return join ' ', map { $_->{counter} || $_->{status} }
        grep { $_->{type} eq 'edge_update' && $_->{edge_id} eq $id }
        @{ $r->{events} };
}

sub refused {
    my ($name, $graph, $message) = @_;

    my $r = $g->run($graph);
    is_deeply([map { $_->{message} } @{ $r->{errors} }], [$message], $name);
    return;
}

# --- control edges -----------------------------------------------------------

my $r = $g->run(graph(
    [caller_node('a', call('add', { a => 3 }), call('add', { a => 4, b => 5 }),
                 call('add'), call('add', { a => undef, b => 0 })),
     node(t => 'test.Add', b => 10), output('text'), output('sums')],
    'a.text>text.value', 't.output>sums.value', 'a~t'));
is_deeply($r->{results}{text},
    [{ output => 13 }, { output => 9 }, { output => 10 }, { output => 0 }],
    'the arguments take the place of properties for one call')
    or diag(explain($r));
is_deeply(values_of($r, 'sums'), [13, 9, 10, 0],
    'the values flow on along the edges');
is(statuses($r, 't'), join(' ', ('running completed') x 4), 'events of calls');
is(edge_events($r, 'a~t'), '1 2 3 4 drained', 'of the control edge');
is(edge_events($r, 't.output>sums.value'), '1 2 3 4 drained',
    "of the target's: it ends with its controller");

$r = $g->run(graph([caller_node('a'), node(t => 'test.Add'),
    node(c => 'nodetool.control.Collect'), output('all')],
    't.output>c.input_item', 'c.output>all.value', 'a~t'));
is_deeply($r->{results}, { all => [] }, 'without a call it only ends');
is(statuses($r, 't'), '', '... and never runs');

$r = $g->run(graph(
    [caller_node('a', call('add', { c => 1 }), call('add', { a => 'x' }),
                 call('nothing'), call('add', [1]), call('add', { b => 2 })),
     node(t => 'test.Add'), output('text')], 'a.text>text.value', 'a~t'));
is_deeply([map { $_->{error} } @{ $r->{results}{text} }],
    ['Tool "add" has no argument "c"; it takes "a", "b"',
     'Argument "a" takes float, not str', 'There is no tool "nothing"',
     'The arguments must be an object, not list', undef],
    'bad calls are told, and no more');
is($r->{status}, 'completed', '... and fail nothing');

$r = $g->run(graph(
    [caller_node('a', call('lists', {}, 2), call('lists', { other => 1 })),
     node(c1 => 'nodetool.constant.List', value => [1, 2]),
     node(c2 => 'nodetool.constant.List', value => [3]),
     node(t => 'test.Lists', -ui_properties => { title => 'Lists' }),
     output('text')],
    'a.text>text.value', 'a~t', 'c1.output>t.values', 'c2.output>t.values'));
is_deeply([map { [sort @{ $_->{output} }] } @{ $r->{results}{text} }],
    [([1, 2, 3]) x 3], 'over the values of its edges, several into a list');

$r = $g->run(graph(
    [caller_node('a', call('my_pair_no_1', { b => 1 }),
                 call('my_pair_no_1', { a => 0, b => 2 })),
     node(c => 'test.Wrap', value => 7),
     node(t => 'test.Pair', -ui_properties => { title => 'MyPair (No. 1)' }),
     output('text'), output('tools')],
    'a.text>text.value', 'a.tools>tools.value', 'a~t', 'c.output>t.a'));
is_deeply($r->{results}{text}, [{ output => [[7], 1] }, { output => [0, 2] }],
    "its edges' values, unless an argument says otherwise");
is_deeply($r->{results}{tools}, [{ name => 'my_pair_no_1',
    description => 'Pair', parameters => { type => 'object',
        properties => { b => {} }, required => [] } }],
    'a tool is named by the title of its node');

$r = $g->run(graph(
    [caller_node('a', call('pair')), node(n => 'test.First'),
     node(i => 'nodetool.control.If', value => 1),
     node(f => 'nodetool.constant.Bool', value => \0),
     node(t => 'test.Pair'), output('text')],
    'a.text>text.value', 'a~t', 'f.output>i.condition', 'i.if_true>t.a'));
is_deeply($r->{results}{text}, [{ error => 'Node "t" cannot run: one of its '
    . 'inputs has got no value' }], 'an input that never comes');

$r = $g->run(graph(
    [caller_node('a', call('needy', { mode => 'odd' }), call('needy'),
        call('needy', { image => { type => 'image', uri => 'x' },
                        either => 13 }),
        call('needy', { image => { type => 'image', uri => 'x' } })),
     node(t => 'test.Needy', -ui_properties => { label => 'Needy' }),
     output('text'), output('tools')],
    'a.text>text.value', 'a.tools>tools.value', 'a~t'));
is_deeply($r->{results}{text}, [
    { error => 'Argument "mode" takes one of "fast", "slow", not str' },
    { error => 'Tool "needy" needs the argument "image"' },
    { error => '13 is unlucky' },
    { output => [{ type => 'image', uri => 'x' }, 'fast', 0, {}] }],
    'what a node needs, the call may bring; its check looks at it');
is_deeply($r->{results}{tools}[0]{parameters}, { type => 'object',
    required => ['image'], properties => {
        image => { type => 'object', properties => {
            type => { type => 'string', const => 'image' },
            uri => { type => 'string' } } },
        mode => { type => 'string', enum => ['fast', 'slow'],
                  default => 'fast' },
        either => { anyOf => [{ type => 'integer' }, { type => 'string' }],
                    default => 0 },
        table => { type => 'object' } } }, '... and so says its schema');

$r = $g->run(graph(
    [caller_node('a', call('repeat', { value => 'x', times => 2 }),
                 call('fail', { value => 1 }), call('pool', { value => 1 }),
                 call('repeat', { value => 'y', times => 1 }),
                 call('repeat', { times => 0 }), call('dynamic', { z => 5 })),
     node(t => 'test.Repeat'), node(f => 'test.Fail'), node(p => 'test.Pool'),
     node(d => 'test.Dynamic', y => 1), output('text'), output('all')],
    'a.text>text.value', 't.output>all.value', 'a~t', 'a~f', 'a~p', 'a~d'));
is_deeply([@{ $r->{results}{text} }[0, 2 .. 5]],
    [{ output => [['x', 0], ['x', 1]] }, { output => [1] },
     { output => ['y', 0] }, {},
     { output => { y => 1, z => 5 } }],
    'generators, nodes of the pool, dynamic nodes') or diag(explain($r));
like($r->{results}{text}[1]{error}, qr/./, 'the error of a node that fails');
is($r->{status}, 'completed', '... is told to its caller alone');
is(statuses($r, 'f'), 'running error', '... and in its events');

$r = $g->run(graph(
    [caller_node('a', call('output', { value => 4 }),
                 call('preview', { value => 5 })),
     output('said'), node(p => "$BASE.Preview"), output('text')],
    'a.text>text.value', 'a~said', 'a~p'));
is_deeply($r->{results}, { said => 4, text => [{ said => 4 },
    { output => 5 }] }, 'outputs and previews show what they are called with');

$r = $g->run(graph([caller_node('a', call('repeat', { times => -1 })),
    node(t => 'test.Repeat'), output('text')], 'a.text>text.value', 'a~t'));
is_deeply($r->{results}{text}, [{ error => 'Argument "times" takes numbers '
    . 'from 0 to 10000, not -1' }], 'arguments have their bounds');

# Two controllers of one node, one of them controlled itself.
$r = $g->run(graph(
    [caller_node('a', call('inner', { prompt => 1 }), call('wrap',
        { value => 1 })),
     node(b => 'test.Caller', -ui_properties => { title => 'inner' },
          calls => [call('wrap', { value => 2 }, 2)]),
     node(w => 'test.Wrap'), output('text'),
     node(c => 'nodetool.control.Collect'), output('all')],
    'a.text>text.value', 'a~b', 'a~w', 'b~w', 'w.output>c.input_item',
    'c.output>all.value'));
is_deeply($r->{results}{all}, [[2], [2], [1]], 'two controllers');
is_deeply($r->{results}{text}[0]{text}, [{ output => [2] }, { output => [2] }],
    'a controlled controller');

# Its receivers are full, and wait for what the controller says at last.
$r = $g->run(graph(
    [caller_node('a', call('wrap', { value => 1 }, 20)),
     node(w => 'test.Wrap'), node(p => 'test.Pair', -sync_mode => 'zip_all'),
     node(l => 'nodetool.control.Collect'), output('all')],
    'a~w', 'w.output>p.a', 'a.text>p.b', 'p.output>l.input_item',
    'l.output>all.value'));
is(scalar @{ $r->{results}{all} }, 1, 'full receivers do not hold a call back');

# --- chains ------------------------------------------------------------------

$r = $g->run(graph(
    [agent('a', { search => 'str' }, call('search', { value => 'x' }, 2)),
     node(w => 'test.Wrap'), node(p => 'test.Pair'),
     node(c => 'nodetool.constant.Integer', value => 7),
     output('found'), output('text'), output('tools')],
    'a.text>text.value', 'a.search>w.value', 'w.output>p.a', 'c.output>p.b',
    'p.output>found.value', 'a.tools>tools.value'));
is_deeply($r->{results}{text}, [({ found => [['x'], 7] }) x 2],
    'a chain is called with the argument, and others bring the rest')
    or diag(explain($r));
is_deeply(values_of($r, 'found'), [([['x'], 7]) x 2],
    "its outputs are the job's");
is(statuses($r, $_), 'running completed running completed',
    "each call runs $_ again") for qw(w p found);
is(edge_events($r, $_), '1 2 drained', "edge $_")
    for 'a.search>w.value', 'w.output>p.a', 'p.output>found.value';
is(edge_events($r, 'c.output>p.b'), '1 drained', 'what comes from outside');
is_deeply($r->{results}{tools}, [{ name => 'search', description => 'Wrap',
    parameters => { type => 'object', required => ['value'],
        properties => { value => { type => 'string' } } } }], 'the tool');

$r = $g->run(graph(
    [agent('a', { go => 'int' }, call('go', { b => 1 }),
           call('go', { b => 'x' }), call('go'), call('go', { c => 1 })),
     node(t => 'test.Add', a => 2), output('text')],
    'a.text>text.value', 'a.go>t.b'));
is_deeply($r->{results}{text}, [{ output => 3 },
    { error => 'Argument "b" takes int, not str' },
    { error => 'Tool "go" needs the argument "b"' },
    { error => 'Tool "go" has no argument "c"; it takes "b"' }],
    'a chain of one node, and bad calls');

$r = $g->run(graph(
    [agent('a', { go => 'int' }, call('go', { value => 3 })),
     node(r => 'test.Repeat', times => 2), node(w => 'test.Wrap'),
     node(p => "$BASE.Preview"), node(f => 'test.Fail'),
     output('text')],
    'a.text>text.value', 'a.go>r.value', 'r.output>w.value',
    'w.output>p.value'));
is_deeply($r->{results}{text}, [{ output => [[[3, 0]], [[3, 1]]] }],
    'streams in a chain; previews are no results');

$r = $g->run(graph(
    [agent('a', { go => 'int' }, call('go', { value => 3 })),
     node(w => 'test.Wrap'), node(x => 'test.Wrap'),
     node(t => "$BASE.ToolResult"), output('text'), output('o')],
    'a.text>text.value', 'a.go>w.value', 'a.go>x.value', 'w.output>t.left',
    'x.output>t.right', 'x.output>o.value'));
is_deeply($r->{results}{text}, [{ left => [3], right => [3] }],
    'ToolResult says what the result is');
is(scalar(grep { $_->{type} eq 'tool_result_update' } @{ $r->{events} }), 2,
    '... and tells it');

$r = $g->run(graph(
    [agent('a', { go => 'int' }, call('go', { value => 3 })),
     node(w => 'test.Wrap'), node(x => 'test.Wrap'), output('text')],
    'a.text>text.value', 'a.go>w.value', 'w.output>x.value',
    'a.go>x.value'));
is($r->{status}, 'completed', 'two edges to one input');

$r = $g->run(graph(
    [agent('a', { go => 'int' }, call('go', { value => 3 })),
     node(w => 'test.Wrap'), node(x => 'test.Wrap'), output('text')],
    'a.text>text.value', 'a.go>w.value', 'a.go>x.value'));
is_deeply($r->{results}{text}, [{ output => [3], output_2 => [3] }],
    'several results');

$r = $g->run(graph(
    [agent('a', { go => 'int' }, call('go', { value => 3 }), call('go',
        { value => 4 })),
     node(f => 'test.Fail'), node(w => 'test.Wrap'), output('text')],
    'a.text>text.value', 'a.go>w.value', 'w.output>f.value'));
like($r->{results}{text}[1]{error}, qr/^Node "f" \(test\.Fail\): /,
    'a node that fails in a chain');
is($r->{status}, 'completed', '... fails the call');

# An output that leads to nothing but what waits for the agent's end.
$r = $g->run(graph(
    [agent('a', { say => 'str' }, call('say', { say => 'x' })),
     node(p => 'test.Pair'), output('o')],
    'a.say>p.a', 'a.text>p.b', 'p.output>o.value'));
is_deeply($r->{results}, { o => ['x', [{ say => 'x' }]] },
    'a tool that only says something');

# What leaves a chain for nodes that wait for the agent, too.
$r = $g->run(graph(
    [agent('a', { go => 'int' }, call('go', { value => 3 }, 20)),
     node(w => 'test.Wrap'), node(p => 'test.Pair', -sync_mode => 'zip_all'),
     node(l => 'nodetool.control.Collect'), output('all'), output('o')],
    'a.go>w.value', 'w.output>p.a', 'a.text>p.b', 'p.output>o.value',
    'w.output>l.input_item', 'l.output>all.value'));
is_deeply($r->{results}{o}[0], [3], 'values leave a chain');
is(edge_events($r, 'w.output>p.a'), join(' ', 1 .. 20, 'drained'),
    '... each along its edge') or diag(explain($r));

# A bounded receiver of what leaves it.
$r = $g->run(graph(
    [agent('a', { go => 'int' }, call('go', { value => 3 })),
     node(r => 'test.Repeat', times => 100),
     node(p => 'test.Pair'), output('o')],
    'a.go>r.value', 'r.output>p.a', 'a.text>p.b', 'p.output>o.value'));
is($r->{status}, 'completed', 'a stream leaves a chain');

# Agents in chains, and two agents that share one.
$r = $g->run(graph(
    [agent('a', { ask => 'str' }, call('ask', { prompt => 'x' }, 2)),
     agent('b', { look => 'str' }, call('look', { value => 'y' }),
           call('add', { a => 1 })),
     node(t => 'test.Add'), node(w => 'test.Wrap'), output('text')],
    'a.text>text.value', 'a.ask>b.prompt', 'b.look>w.value', 'b~t'));
is_deeply($r->{results}{text}[1]{text}, [{ output => ['y'] },
    { output => 2 }], 'an agent within a chain has its tools there')
    or diag(explain($r));
is(edge_events($r, 'b.look>w.value'), '1 2 drained', '... and their events');
is(edge_events($r, 'b~t'), '1 2 drained', '... those of control edges, too');

$r = $g->run(graph(
    [agent('a', { ask => 'str' }, call('ask', { value => 'x' })),
     agent('b', { ask => 'str' }, call('ask', { value => 'y' })),
     node(w => 'test.Wrap'), output('text')],
    'a.text>b.prompt', 'b.text>text.value', 'a.ask>w.value', 'b.ask>w.value'));
is_deeply($r->{results}{text}, [{ output => ['y'] }], 'agents share a tool');
is(edge_events($r, $_), '1 drained', $_) for 'a.ask>w.value', 'b.ask>w.value';

$r = $g->run(graph(
    [(map { agent("a$_", { ask => 'int' }, call('ask', { value => $_ }, 5)) }
      1 .. 8), node(w => 'test.Pool'), output('text')],
    'a1.text>text.value', map { "a$_.ask>w.value" } 1 .. 8));
is(statuses($r, 'w') =~ tr/g//, 40, 'calls at the same time');

# --- dynamic outputs that are no tools ---------------------------------------

$r = $g->run(graph(
    [node(n => 'test.Outputs', -dynamic_outputs => {
        name => { type => 'str' },
        list => { type => 'list', type_args => [{ type => 'int' }] } }),
     output('o'), output('types')], 'n.name>o.value', 'n.types>types.value'));
is_deeply($r->{results}, { o => 'name', types => { name => { type => 'str' },
    list => { type => 'list', type_args => [{ type => 'int' }] } } },
    'plain dynamic outputs');

# --- the end -----------------------------------------------------------------

my @long = (
    [controlled => [caller_node('a', call('wait', {}, 50)),
        node(t => 'test.Wait')], 'a~t'],
    [forever => [caller_node('a', call('forever', {}, 2)),
        node(t => 'test.Forever')], 'a~t'],
    [chain => [agent('a', { go => 'int' }, call('go', { value => 1 }, 3)),
        node(p => 'test.PoolRepeat', times => 5), node(r => 'test.Forever'),
        node(q => 'test.Pair')], 'a.go>p.value', 'p.output>q.a',
        'r.output>q.b'],
    [nested => [agent('a', { ask => 'str' }, call('ask', { prompt => 'x' })),
        agent('b', { look => 'str' }, call('look', { value => 'y' }, 9)),
        node(w => 'test.Pool')], 'a.ask>b.prompt', 'b.look>w.value'],
    [waiting => [agent('a', { ask => 'str' }, call('ask', { a => 1 })),
        node(p => 'test.Pair'), node(s => 'nodetool.control.Collect'),
        node(f => 'test.Forever')], 'a.ask>p.a', 'f.output>s.input_item',
        's.output>p.b'],
);
for my $case (@long) {
    my ($name, $nodes, @edges) = @$case;

    for my $pump (0 .. 12) {
        $r = $g->run(graph($nodes, @edges), cancel => $pump, budget => 2);
        like($r->{status}, qr/^(cancelled|completed)$/,
            "$name: cancelled at pump $pump");
        is_deeply([grep { ($_->{status} // '') eq 'error' }
                   @{ $r->{events} }], [], '... which is no failure');
    }
}

# --- what is refused ---------------------------------------------------------

refused('a cycle over a control edge', graph([caller_node('a'),
    node(w => 'test.Wrap')], 'a~w', 'w.output>a.prompt'),
    'The graph has a cycle: edge "a~w" from node "a" to node "w" is part of '
    . 'it or behind it');
refused('a cycle over a tool', graph([agent('a', { go => 'any' }),
    node(w => 'test.Wrap')], 'a.go>w.value', 'w.output>a.prompt'),
    'The graph has a cycle: edge "a.go>w.value" from node "a" to node "w" is '
    . 'part of it or behind it');
refused('agents that control one another', graph([caller_node('a'),
    caller_node('b')], 'a~b', 'b~a'), 'The graph has a cycle: edge "a~b" from '
    . 'node "a" to node "b" is part of it or behind it');
refused('a stream of values cannot be called', graph([caller_node('a'),
    node(c => 'nodetool.control.Collect')], 'a~c'), 'Control edge "a~c": node '
    . '"c" (nodetool.control.Collect) cannot be run once for each call');
refused('a control edge to an input', graph([caller_node('a'),
    node(w => 'test.Wrap')], { %{ NodeTool::Graph::control('a', 'w') },
        targetHandle => 'value' }), 'Control edge "a~w" leads to input '
    . '"value" of node "w"; control edges lead to "__control__"');
refused('a wrong edge within a chain', graph([agent('a', { go => 'str' }),
    node(w => 'test.Wrap'), node(t => 'test.Lists'), node(s => 'test.Add')],
    'a.go>w.value', 'w.output>t.values', 't.output>s.a', 'a.go>s.b'),
    'Edge "a.go>s.b" brings str, but input "b" of node "s" (test.Add) takes '
    . 'int');
refused('a need within a chain', graph([agent('a', { go => 'str' }),
    node(w => 'test.Wrap'), node(n => 'test.Needy')],
    'a.go>w.value', 'w.output>n.either'), 'Node "n" (test.Needy): input '
    . '"image" needs a value or an edge');
refused('a tool that waits for its caller', graph(
    [agent('a', { ask => 'str' }), agent('b', { look => 'str' }),
     node(p => 'test.Pair')],
    'a.ask>b.prompt', 'b.look>p.a', 'a.text>p.b'),
    'Edge "a.text>p.b": node "p" is part of tool "ask" of node "a"; it cannot '
    . 'wait for node "a", which goes on only when the tool has run');

$r = $g->run(graph([caller_node('a', call('wrap')),
    node(w => 'test.Wrap', -ui_properties => { bypassed => \1 })], 'a~w'));
is_deeply([map { $_->{message} } @{ $r->{warnings} }],
    ['Control edge "a~w" is ignored: node "w" (test.Wrap) is bypassed'],
    'a bypassed target is none');

$g->done;
done_testing();
