#!/usr/bin/perl

# What graphs are refused for, what is only said, parameters, schemas.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use NodeTool::Graph qw(graph node edges);

my $g = NodeTool::Graph->new;

my $IN = 'nodetool.input';
my $CONST = 'nodetool.constant';
my $OUT = 'nodetool.output.Output';

sub out { return node($_[0], $OUT, name => $_[0]) }

# --- what older versions left in workflows ------------------------------------

my $old = $g->run(graph(
    [node(i => "$IN.StringInput", value => 'x'), out('o'),
     node(p => "$CONST.String",
          value => { type => 'file_path', path => '/a/b' }),
     node(v => "$CONST.Image", value => '/storage/assets/a.png'), out('q')],
    'p.output>o.value', 'v.output>q.value'));
is_deeply($old->{errors}, [], 'old values');
is_deeply([map { $_->{message} } @{ $old->{warnings} }],
    ["Node \"i\" ($IN.StringInput) is ignored: it has no name, and no edge "
     . 'leaves it'], 'an input that feeds nothing needs no name');
is_deeply($old->{results}, { o => '/a/b',
    q => { type => 'image', uri => '/storage/assets/a.png' } },
    'a path as an object, an image as its URI');

# --- errors ------------------------------------------------------------------

sub refused {
    my ($name, $graph, @want) = @_;

    my $r = $g->run($graph);
    is_deeply([sort { $a->{message} cmp $b->{message} } @{ $r->{errors} }],
              [sort { $a->{message} cmp $b->{message} } @want], $name)
        or diag(explain($r->{errors}));
    ok(!exists $r->{status}, "$name: does not run");
    return;
}

refused('no object', [], { message =>
    'The graph must be an object with "nodes" and "edges"' });
refused('no nodes', {}, { message => 'The graph needs "nodes", a list' });
refused('a node that is no object', { nodes => [1] }, { message =>
    'Node number 1 needs an "id" and a "type", both strings' });
refused('a node without type', { nodes => [{ id => '1' }] }, { message =>
    'Node number 1 needs an "id" and a "type", both strings' });
refused('a number as id', { nodes => [{ id => 1, type => 'test.Wrap' }] },
    { message => 'Node number 1 needs an "id" and a "type", both strings' });
refused('an unknown type',
    graph([node(a => 'acme.Magic'), out('o')], 'a.output>o.value'),
    { message => 'Node "a": node type acme.Magic is not available on this '
          . 'server', node_id => 'a', node_type => 'acme.Magic' });
refused('two of one id',
    graph([node(a => 'test.Wrap'), node(a => 'test.Wrap')]),
    { message => 'Two nodes have the id "a"', node_id => 'a',
      node_type => 'test.Wrap' });
refused('an input without a name',
    graph([node(i => "$IN.StringInput"), out('o')], 'i.output>o.value'),
    { message => "Node \"i\" ($IN.StringInput) needs a name", node_id => 'i',
      node_type => "$IN.StringInput", property => 'name' });
refused('two inputs of one name',
    graph([node(i => "$IN.StringInput", name => 'x'),
           node(j => "$IN.FloatInput", name => 'x')]),
    { message => "Node \"j\" ($IN.FloatInput) has the same name \"x\" as node "
          . '"i"; names must differ', node_id => 'j',
      node_type => "$IN.FloatInput", property => 'name' });
refused('a required input', graph([node(n => 'test.Needy')]),
    { message => 'Node "n" (test.Needy): input "image" needs a value or an '
          . 'edge', node_id => 'n', node_type => 'test.Needy',
      property => 'image' });
refused('types that do not fit',
    graph([node(s => "$CONST.String"), node(a => 'test.Add')],
          's.output>a.a'),
    { message => "Edge \"s.output>a.a\": output \"output\" of node \"s\" "
          . "($CONST.String) is str, but input \"a\" of node \"a\" (test.Add) "
          . 'takes float', node_id => 'a', node_type => 'test.Add',
      edge_id => 's.output>a.a', property => 'a' });
refused('a value that does not fit', graph([node(a => 'test.Add', a => 'x')]),
    { message => 'Node "a" (test.Add): property "a" takes float, the workflow '
          . 'has str', node_id => 'a', node_type => 'test.Add',
      property => 'a' });
refused('a value out of an enumeration',
    graph([node(n => 'test.Needy', image => { uri => 'u' }, mode => 'odd')]),
    { message => 'Node "n" (test.Needy): property "mode" takes one of "fast", '
          . '"slow", the workflow has "odd"', node_id => 'n',
      node_type => 'test.Needy', property => 'mode' });
refused('a ref of another type',
    graph([node(n => 'test.Needy', image => { type => 'audio' })]),
    { message => 'Node "n" (test.Needy): property "image" takes image, the '
          . 'workflow has audio', node_id => 'n', node_type => 'test.Needy',
      property => 'image' });
refused('what the type checks itself',
    graph([node(n => 'test.Needy', image => { uri => 'u' }, either => 13)]),
    { message => 'Node "n" (test.Needy): 13 is unlucky', node_id => 'n',
      node_type => 'test.Needy' });
refused('a cycle',
    graph([node(a => 'test.Wrap'), node(b => 'test.Wrap'), out('o')],
          'a.output>b.value', 'b.output>a.value', 'b.output>o.value'),
    { message => 'The graph has a cycle: edge "a.output>b.value" from node "a" '
          . 'to node "b" is part of it or behind it', node_id => 'b',
      node_type => 'test.Wrap', edge_id => 'a.output>b.value' });
refused('an edge to itself',
    graph([node(a => 'test.Wrap')], 'a.output>a.value'),
    { message => 'The graph has a cycle: edge "a.output>a.value" from node "a" '
          . 'to node "a" is part of it or behind it', node_id => 'a',
      node_type => 'test.Wrap', edge_id => 'a.output>a.value' });

my $control = graph([node(a => 'test.Wrap'), node(b => 'test.Wrap')]);
$control->{edges} = [{ id => 'c', source => 'a', sourceHandle => '__control__',
    target => 'b', targetHandle => '__control__', edge_type => 'control' }];
refused('a control edge from a node that calls nothing', $control,
    { message => 'Control edge "c": node "a" (test.Wrap) cannot control '
          . 'other nodes; agents can', edge_id => 'c', node_id => 'a',
      node_type => 'test.Wrap' });

refused('a property that is out of bounds',
    graph([node(r => 'test.Repeat', times => -1)]),
    { message => 'Node "r" (test.Repeat): property "times" takes numbers '
          . 'from 0 to 10000, the workflow has -1', node_id => 'r',
      node_type => 'test.Repeat', property => 'times' });
is($g->run(graph([node(c => 'nodetool.constant.Integer', value => 10_001),
        node(r => 'test.Repeat')], 'c.output>r.times'))->{failure}{message},
    'input "times" takes numbers from 0 to 10000, but 10001 came',
    '... or an edge brings');

refused('too many nodes', { nodes => [(1) x 10_001] },
    { message => 'The graph has 10001 nodes; at most 10000 are allowed' });
refused('too many edges', { nodes => [], edges => [(1) x 20_001] },
    { message => 'The graph has 20001 edges; at most 20000 are allowed' });

my $r = $g->run(graph([node(a => 'acme.A'), node(b => 'acme.B'),
                       node(c => 'test.Add', a => 'x')]));
is(scalar @{ $r->{errors} }, 3, 'all faults are named');

# --- types of edges ----------------------------------------------------------

my %edge_types = (
    "$CONST.Integer>test.Add.a" => 1,           # int to float
    "$CONST.Float>test.Add.b" => 1,             # float to int
    "$CONST.String>test.Add.a" => 0,
    "$CONST.Bool>test.Add.b" => 0,
    "$CONST.String>test.Wrap.value" => 1,       # to any
    'test.Wrap>test.Add.a' => 1,                # from any
    "$CONST.Integer>test.Lists.values" => 1,    # one into a list
    "$CONST.String>test.Lists.values" => 0,
    "$CONST.List>test.Lists.values" => 1,       # list[any]
    "$CONST.TextList>test.Lists.values" => 0,   # list[str]
    "$CONST.Image>test.Needy.image" => 1,
    "$CONST.Audio>test.Needy.image" => 0,
    "$CONST.Integer>test.Needy.either" => 1,    # union
    "$CONST.String>test.Needy.either" => 1,
    "$CONST.Dict>test.Needy.either" => 0,
    "$CONST.Dict>test.Needy.table" => 1,
    "$CONST.String>test.Needy.mode" => 1,       # the run will see
    "$CONST.Image>test.Needy.mode" => 0,
);
for my $case (sort keys %edge_types) {
    my ($source, $target, $handle) = $case =~ /^(.+)>(.+)\.(\w+)$/;
    my %data = $target eq 'test.Needy' && $handle ne 'image'
        ? (image => { uri => 'u' }) : ();
    my $s = node(s => $source, $source =~ /TextList/ ? (value => ['a']) : ());
    $r = $g->run(graph([$s, node(t => $target, %data)],
                       "s.output>t.$handle"));
    is(scalar @{ $r->{errors} }, $edge_types{$case} ? 0 : 1, "$case");
}

# --- warnings ----------------------------------------------------------------

sub warned {
    my ($name, $graph, $message) = @_;

    my $r = $g->run($graph);
    is($r->{status}, 'completed', "$name: runs");
    is_deeply([map { $_->{message} } @{ $r->{warnings} }], [$message], $name);
    is_deeply([map { "$_->{severity} $_->{content}" }
               grep { $_->{type} eq 'log_update' } @{ $r->{events} }],
              ["warning $message"], "$name: the run says so, too");
    return;
}

warned('no source', graph([out('o')], 'x.output>o.value'),
    'Edge "x.output>o.value" is ignored: there is no node "x"');
warned('no target', graph([node(a => 'test.Wrap')], 'a.output>x.value'),
    'Edge "a.output>x.value" is ignored: there is no node "x"');
warned('no such output', graph([node(a => 'test.Wrap'), out('o')],
    'a.result>o.value'), 'Edge "a.result>o.value" is ignored: node "a" '
    . '(test.Wrap) has no output "result"');
warned('no such input', graph([node(a => 'test.Wrap'), node(b => 'test.Add')],
    'a.output>b.c'), 'Edge "a.output>b.c" is ignored: node "b" (test.Add) '
    . 'takes no input "c"');
warned('an edge into a comment',
    graph([node(a => 'test.Wrap'),
           node(c => 'nodetool.workflows.base_node.Comment')],
          'a.output>c.comment'),
    'Edge "a.output>c.comment" is ignored: node "c" '
    . '(nodetool.workflows.base_node.Comment) takes no input "comment"');

my $nameless = graph([node(a => 'test.Wrap'), out('o')], 'a.output>o.value');
delete $nameless->{edges}[0]{id};
is_deeply([map { $_->{edge_id} || () } @{ $g->run($nameless)->{events} }],
    [('a.output-o.value') x 2], 'an edge without an id gets one');

$r = $g->run(graph([node(a => 'nodetool.output.StringOutput', name => 'x',
                         value => 1)]));
is_deeply($r->{results}, { x => 1 }, 'an old name of a type');
is($r->{events}[0]{node_type}, 'nodetool.output.StringOutput',
    'events have the name of the workflow');
is($g->run(graph([node(a => $_)]))->{status}, 'completed', "$_ is known")
    for qw(nodetool.control.Iterator nodetool.control.Collector
           nodetool.lib.uuid.GenerateUUID4 nodetool.math.Add);
is(scalar @{ $g->run(graph([node(a => $_)]))->{errors} }, 1, "$_ is not")
    for 'nodetool.output.Output2', 'nodetool.output.GroupOutput',
        'nodetool.lib.', 'nodetool.lib.' . 'x' x 300, 'lib.network.http.X';

# --- parameters --------------------------------------------------------------

sub params {
    my ($node, $value, $want) = @_;

    my $r = $g->run(graph([$node]), params => { x => $value });
    my $text = NodeTool::Graph::text($value);
    $text = substr($text, 0, 40) . '...' if length $text > 40;
    is($r->{params_error}, $want, "$node->{type}: $text");
    return;
}

my $t = JSON::PP::true;
my $string = node(i => "$IN.StringInput", name => 'x', max_length => 3);
params($string, 'abc');
params($string, "\x{e4}\x{f6}\x{fc}");
params($string, undef, 'Parameter "x" expects str, got null (none)');
params(node(i => "$IN.ImageInput", name => 'x'), undef);
params($string, 'abcd', 'Parameter "x" expects a str of at most 3 characters, '
    . 'got 4 characters');
params($string, 5, 'Parameter "x" expects str, got 5 (int)');
params($string, ['a'], 'Parameter "x" expects str, got list');
my $integer = node(i => "$IN.IntegerInput", name => 'x', min => -1, max => 10);
params($integer, -1);
params($integer, 10);
params($integer, 2.0);
params($integer, 11, 'Parameter "x" expects int from -1 to 10, got 11 (int)');
params($integer, 1.5, 'Parameter "x" expects int, got 1.5 (float)');
params($integer, '5', 'Parameter "x" expects int, got "5" (str)');
params($integer, 'y' x 200, 'Parameter "x" expects int, got a long text (str)');
params($integer, $t, 'Parameter "x" expects int, got true (bool)');
my $float = node(i => "$IN.FloatInput", name => 'x', min => 0.5, max => 1);
params($float, 1);
params($float, 0.25,
    'Parameter "x" expects float from 0.5 to 1.0, got 0.25 (float)');
my $bool = node(i => "$IN.BooleanInput", name => 'x');
params($bool, $t);
params($bool, 1, 'Parameter "x" expects bool, got 1 (int)');
my $select = node(i => "$IN.SelectInput", name => 'x', options => ['a', 'b']);
params($select, 'b');
params($select, 'c', 'Parameter "x" expects one of ["a","b"], got "c" (str)');
my $image = node(i => "$IN.ImageInput", name => 'x');
params($image, { type => 'image', uri => 'u' });
params($image, { uri => 'u' });
params($image, { type => 'audio', uri => 'u' }, 'Parameter "x" expects image '
    . '(an object with "type": "image"), got audio');
params($image, 'http://x', 'Parameter "x" expects image (an object with '
    . '"type": "image"), got "http://x" (str)');
params(node(i => "$IN.ImageListInput", name => 'x'), [{ uri => 'u' }]);
params(node(i => "$IN.StringListInput", name => 'x'), ['a', 1],
    'Parameter "x" expects list[str], got list');
params(node(i => "$IN.StringInput", name => 'y'), 'v',
    'The workflow has no parameter "x"; it has "y"');
params(out('o'), 'v', 'The workflow has no parameter "x"; it has none');

my $size = graph([node(i => "$IN.ImageSizeInput", name => 'x')]);
is($g->run($size, params => {})->{params_error},
    'Parameter "x" is missing; it expects image_size', 'a missing parameter');
is($g->run($size, params => [])->{params_error},
    'The parameters must be an object, got list', 'no object');

# --- schemas -----------------------------------------------------------------

$r = $g->run(graph(
    [$string, node(j => "$IN.IntegerInput", name => 'n', value => 75, max => 9,
                   description => 'how many'),
     node(k => "$IN.ImageInput", name => 'picture'),
     node(l => "$IN.StringListInput", name => 'words'),
     node(m => "$IN.SelectInput", name => 'mode', options => ['a', 'b'],
          value => 'a'),
     node(s => "$IN.ImageSizeInput", name => 'size'),
     node(u => 'acme.Unknown'), node(a => 'test.Add', name => 'no input'),
     node(d => "$IN.MessageDeconstructor", name => 'nor this'),
     node(v => "$IN.FromTheFuture", name => 'new'),
     node(o => $OUT, name => 'sum', description => 'all of it'), out('p')],
    'a.output>o.value', 'u.output>p.value'));
is_deeply($r->{input_schema}, {
    type => 'object',
    properties => {
        x => { type => 'string', maxLength => 3, default => '' },
        n => { type => 'integer', minimum => 0, maximum => 9, default => 75,
               description => 'how many' },
        picture => { type => 'object', default => { type => 'image', uri => '',
                asset_id => undef, data => undef, metadata => undef },
            properties => { type => { type => 'string', const => 'image' },
                            uri => { type => 'string' } } },
        words => { type => 'array', items => { type => 'string' },
                   default => [] },
        mode => { type => 'string', enum => ['a', 'b'], default => 'a' },
        size => { type => 'object',
            properties => { type => { type => 'string',
                                      const => 'image_size' } } },
        new => {},
    },
    required => ['size', 'new'],
}, 'input schema') or diag(explain($r->{input_schema}));
is_deeply($r->{output_schema}, {
    type => 'object',
    properties => { sum => { type => 'number', description => 'all of it' },
                    p => {} },
    required => ['sum', 'p'],
}, 'output schema') or diag(explain($r->{output_schema}));

$g->done;
done_testing();
