#!/usr/bin/perl

# Small graphs: their events, results and failures.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use NodeTool::Graph qw(graph node edges);

my $g = NodeTool::Graph->new;

my $IN = 'nodetool.input';
my $CONST = 'nodetool.constant';
my $CONTROL = 'nodetool.control';
my $OUT = 'nodetool.output.Output';

sub list { my ($id, @v) = @_; return node($id, "$CONST.List", value => [@v]) }

sub out { my ($id, $name) = @_; return node($id, $OUT, name => $name || $id) }

# Events as short texts.
sub short {
    my ($r) = @_;

    return [map {
        my $e = $_;
        my $type = $e->{type};
        $type eq 'node_update'
            ? "$e->{node_id} $e->{status}"
              . ($e->{error} ? ": $e->{error}" : '')
        : $type eq 'edge_update'
            ? "$e->{edge_id} "
              . ($e->{status} eq 'drained' ? 'drained' : $e->{counter})
        : $type eq 'output_update'
            ? "$e->{output_name} = " . NodeTool::Graph::text($e->{value})
              . " ($e->{output_type})"
        : $type eq 'preview_update'
            ? "$e->{node_id} shows " . NodeTool::Graph::text($e->{value})
        : $type eq 'log_update' ? "log $e->{severity}: $e->{content}"
        : $type
    } @{ $r->{events} }];
}

sub results {
    my ($name, $graph, $want, %opt) = @_;

    my $r = $g->run($graph, %opt);
    is_deeply($r->{errors}, [], "$name: compiles");
    is($r->{status}, 'completed', "$name: completes")
        or diag(explain($r->{failure}));
    is_deeply($r->{results}, $want, "$name: results")
        or diag(explain($r->{results}));
    return $r;
}

# --- events ------------------------------------------------------------------

my $three = graph(
    [node(in => "$IN.StringInput", name => 'text', value => 'hi'),
     node(wrap => 'test.Wrap'), out('out', 'output')],
    'in.output>wrap.value', 'wrap.output>out.value');

my $r = results('three nodes', $three, { output => ['hello'] },
                params => { text => 'hello' });

is_deeply(short($r), [
    'in.output>wrap.value 1',
    'in.output>wrap.value drained',
    'wrap running',
    'wrap.output>out.value 1',
    'wrap completed',
    'wrap.output>out.value drained',
    'out running',
    'output = ["hello"] (list)',
    'out completed',
], 'the order of events');

is_deeply($r->{events}[2], {
    type => 'node_update', node_id => 'wrap', node_name => 'Wrap',
    node_type => 'test.Wrap', status => 'running',
}, 'node_update running');
is_deeply($r->{events}[4], {
    type => 'node_update', node_id => 'wrap', node_name => 'Wrap',
    node_type => 'test.Wrap', status => 'completed',
    result => { output => ['hello'] },
}, 'node_update completed');
is_deeply($r->{events}[7], {
    type => 'output_update', node_id => 'out', node_name => 'output',
    output_name => 'output', value => ['hello'], output_type => 'list',
}, 'output_update');
is_deeply($r->{events}[0], {
    type => 'edge_update', edge_id => 'in.output>wrap.value',
    status => 'message_sent', counter => 1,
}, 'edge_update');

is_deeply($r->{result}, { output => ['hello'],
                          results => { output => ['hello'] } },
    'a lone output named "output" is the output');
$r = $g->run(graph([list('a', 1), out('x'), out('output')],
                   'a.output>x.value', 'a.output>output.value'));
is_deeply($r->{result}, { output => { x => [1], output => [1] },
                          results => { x => [1], output => [1] } },
    'of several outputs all are');

for my $case (['a text', 'str'], [1, 'int'], [1.5, 'float'],
              [JSON::PP::true, 'bool'], [{ k => 1 }, 'dict'], [[1], 'list'],
              [{ type => 'image', uri => 'x' }, 'image']) {
    my ($value, $type) = @$case;
    $r = $g->run(graph([node(o => $OUT, name => 'x', value => $value)]));
    is_deeply([map { $_->{output_type} || () } @{ $r->{events} }], [$type],
        "output_type $type");
}

# --- inputs ------------------------------------------------------------------

results('the value in the workflow', $three, { output => ['hi'] });
my $null = graph([node(in => "$IN.ImageInput", name => 'image'),
                  node(wrap => 'test.Wrap'), out('out', 'output')],
    'in.output>wrap.value', 'wrap.output>out.value');
results('null ends the stream', $null, {}, params => { image => undef });
is_deeply(short($g->run($null, params => { image => undef })),
    ['in.output>wrap.value drained', 'wrap.output>out.value drained'],
    'a node whose input ends empty says nothing');

results('int to float', graph(
    [node(i => "$IN.FloatInput", name => 'x'), out('o')],
    'i.output>o.value'), { o => 3.0 }, params => { x => 3 });
results('a text is cut by characters', graph(
    [node(i => "$IN.StringInput", name => 'x', value => "\x{e4}\x{f6}\x{fc}",
          max_length => 2), out('o')],
    'i.output>o.value'), { o => "\x{e4}\x{f6}" });
results('a document file', graph(
    [node(i => "$IN.DocumentFileInput", name => 'x', value => 'a.pdf'),
     out('d'), out('p')],
    'i.document>d.value', 'i.path>p.value'),
    { p => 'a.pdf', d => { type => 'document', uri => 'a.pdf',
      asset_id => undef, data => undef, metadata => undef } });
results('realtime audio', graph(
    [node(i => "$IN.RealtimeAudioInput", name => 'x'), out('o')],
    'i.chunk>o.value'),
    { o => { type => 'chunk', content_type => 'audio', content => 'AAAA',
             done => JSON::PP::true } },
    params => { x => { type => 'audio',
                       uri => 'data:audio/wav;base64,AAAA' } });
results('a message is taken apart', graph(
    [node(m => "$IN.MessageInput", name => 'm'),
     node(d => "$IN.MessageDeconstructor"),
     map { out($_) } qw(id role text image model)],
    'm.output>d.value', map { "d.$_>$_.value" } qw(id role text image model)),
    { id => 'm1', role => 'user', text => 'see', image => { type => 'image' },
      model => { type => 'language_model', provider => 'openai', id => 'gpt',
                 name => '', path => undef, supported_tasks => [] } },
    params => { m => { type => 'message', id => 'm1', role => 'user',
        provider => 'openai', model => 'gpt',
        content => [{ type => 'text', text => 'see' },
                    { type => 'image', image => { type => 'image' } }] } });

# --- constants ---------------------------------------------------------------

results('a date', graph(
    [node(d => "$CONST.Date", year => 2024, month => 2, day => 29), out('o')],
    'd.output>o.value'),
    { o => { type => 'date', year => 2024, month => 2, day => 29 } });
results('a size', graph(
    [node(s => "$CONST.ImageSize", value => { type => 'image_size',
          width => 3, height => 4 }), out('o'), out('w'), out('h')],
    's.image_size>o.value', 's.width>w.value', 's.height>h.value'),
    { o => { type => 'image_size', width => 3, height => 4 }, w => 3, h => 4 });

# --- sync --------------------------------------------------------------------

results('on_any: one value each', graph(
    [list('a', 1), list('b', 2), node(p => 'test.Pair'), out('o')],
    'a.output>p.a', 'b.output>p.b', 'p.output>o.value'), { o => [[1], [2]] });

$r = results('on_any: again on each arrival', graph(
    [node(s => "$CONST.String", value => 'k'),
     list('l', 1, 2, 3), node(e => "$CONTROL.ForEach"),
     node(p => 'test.Pair'), node(c => "$CONTROL.Collect"), out('o')],
    's.output>p.a', 'l.output>e.input_list', 'e.output>p.b',
    'p.output>c.input_item', 'c.output>o.value'), { o => [['k', 1], ['k', 2], ['k', 3]] });
is(scalar(grep { $_ eq 'p running' } @{ short($r) }), 3,
    'runs once for each');

my @zip = (
    [list('l', 1, 2, 3), list('m', 'x', 'y'),
     node(e => "$CONTROL.ForEach"), node(f => "$CONTROL.ForEach"),
     node(p => 'test.Pair', -sync_mode => 'zip_all'),
     node(c => "$CONTROL.Collect"), out('o')],
    'l.output>e.input_list', 'm.output>f.input_list', 'e.output>p.a',
    'f.output>p.b', 'p.output>c.input_item', 'c.output>o.value');
results('zip_all: pairs by index, drops the tail', graph(@zip),
    { o => [[1, 'x'], [2, 'y']] });
results('zip_all: other values stay', graph(
    [list('l', 1, 2, 3), node(s => "$CONST.String", value => 'k'),
     node(e => "$CONTROL.ForEach"),
     node(p => 'test.Pair', -sync_mode => 'zip_all'),
     node(c => "$CONTROL.Collect"), out('o')],
    'l.output>e.input_list', 'e.output>p.a', 's.output>p.b',
    'p.output>c.input_item', 'c.output>o.value'),
    { o => [[1, 'k'], [2, 'k'], [3, 'k']] });
results('zip_all with what comes at the end of the same stream', graph(
    [list('l', 1 .. 50), node(e => "$CONTROL.ForEach"),
     node(c => "$CONTROL.Collect"),
     node(p => 'test.Pair', -sync_mode => 'zip_all'), out('o')],
    'l.output>e.input_list', 'e.output>c.input_item', 'e.index>p.a',
    'c.output>p.b', 'p.output>o.value'), { o => [0, [1 .. 50]] });

# --- control -----------------------------------------------------------------

sub branches {
    my ($condition) = @_;
    return graph(
        [node(b => "$CONST.Bool", value => $condition),
         node(v => "$CONST.String", value => 'v'),
         node(i => "$CONTROL.If"), node(t => 'test.Wrap'),
         node(f => 'test.Wrap'), out('yes'), out('no'), out('any')],
        'b.output>i.condition', 'v.output>i.value', 'i.if_true>t.value',
        'i.if_false>f.value', 't.output>yes.value', 'f.output>no.value',
        't.output>any.value', 'f.output>any.value');
}

$r = results('If true', branches(JSON::PP::true),
             { yes => ['v'], any => ['v'] });
ok(!grep({ /^(f|no) / && !/drained/ } @{ short($r) }),
    'the other side says nothing');
results('If false', branches(JSON::PP::false), { no => ['v'], any => ['v'] });
results('If with an empty value', graph(
    [node(v => "$CONST.Dict", value => {}),
     node(i => "$CONTROL.If", condition => JSON::PP::true), out('o')],
    'v.output>i.value', 'i.if_true>o.value'), { o => {} });
results('If pairs streams', graph(
    [list('l', 1, 2, 3),
     list('m', JSON::PP::true, JSON::PP::false, JSON::PP::true),
     node(e => "$CONTROL.ForEach"), node(f => "$CONTROL.ForEach"),
     node(i => "$CONTROL.If"), node(c => "$CONTROL.Collect"),
     node(d => "$CONTROL.Collect"), out('yes'), out('no')],
    'l.output>e.input_list', 'm.output>f.input_list', 'e.output>i.value',
    'f.output>i.condition', 'i.if_true>c.input_item', 'i.if_false>d.input_item',
    'c.output>yes.value', 'd.output>no.value'), { yes => [1, 3], no => [2] });
results('ForEach: output and index', graph(
    [list('l', 'a', 'b'), node(e => "$CONTROL.ForEach"),
     node(c => "$CONTROL.Collect"), node(d => "$CONTROL.Collect"), out('v'),
     out('i')],
    'l.output>e.input_list', 'e.output>c.input_item', 'e.index>d.input_item',
    'c.output>v.value', 'd.output>i.value'), { v => ['a', 'b'], i => [0, 1] });
results('Collect of nothing', graph(
    [node(e => "$CONTROL.ForEach"), node(c => "$CONTROL.Collect"), out('o')],
    'e.output>c.input_item', 'c.output>o.value'), { o => [] });
results('Reroute', graph(
    [list('l', 1, 2), node(r => "$CONTROL.Reroute"), out('o')],
    'l.output>r.input_value', 'r.output>o.value'), { o => [1, 2] });
results('the last value of an output counts', graph(
    [list('l', 1, 2, 2), node(e => "$CONTROL.ForEach"), out('o')],
    'l.output>e.input_list', 'e.output>o.value'), { o => 2 });

my $base = 'nodetool.workflows.base_node';
$r = results('Preview, Comment, Group', graph(
    [list('l', 1, 2), node(e => "$CONTROL.ForEach"), node(p => "$base.Preview"),
     node(q => "$base.Preview", value => 'v'), node(u => "$base.Preview"),
     node(c => "$base.Comment", comment => [{ x => 1 }]),
     node(h => "$base.Group"), node(w => 'test.Wrap', value => 1,
                                    -parent_id => 'h')],
    'l.output>e.input_list', 'e.output>p.value'), {});
is_deeply([grep { /^([pquch]) / } @{ short($r) }],
    ['q running', 'q shows "v"', 'q completed', 'p running', 'p shows 1',
     'p shows 2', 'p completed'], 'only previews with a value say something');

# --- several edges -----------------------------------------------------------

results('several edges into a list', graph(
    [list('a', 1, 2), node(b => "$CONST.Integer", value => 3),
     node(l => 'test.Lists'), out('o')],
    'a.output>l.values', 'b.output>l.values', 'l.output>o.value'),
    { o => [1, 2, 3] });
results('one value into a list', graph(
    [node(b => "$CONST.Integer", value => 3), node(l => 'test.Lists'),
     out('o')], 'b.output>l.values', 'l.output>o.value'), { o => [3] });
results('two edges into one value', graph(
    [node(a => "$CONST.Integer", value => 1),
     node(b => "$CONST.Integer", value => 2),
     node(s => 'test.Sum', start => 10), out('o')],
    'a.output>s.value', 'b.output>s.value', 's.output>o.value'), { o => 13 });

# --- values ------------------------------------------------------------------

results('defaults', graph([node(a => 'test.Add', a => 2), out('o')],
    'a.output>o.value'), { o => 3.0 });
results('data under an edge is dropped', graph(
    [node(i => "$CONST.Float", value => 1), node(a => 'test.Add', a => 'x'),
     out('o')], 'i.output>a.a', 'a.output>o.value'), { o => 2.0 });
results('float to int when whole', graph(
    [node(i => "$CONST.Float", value => 4), node(a => 'test.Add'), out('o')],
    'i.output>a.b', 'a.output>o.value'), { o => 4.0 });
results('undefined properties are ignored', graph(
    [node(a => 'test.Add', color => 'red'), out('o')], 'a.output>o.value'),
    { o => 1.0 });
results('empty values do not take the place of others', graph(
    [node(l => 'test.Lists', values => undef), out('o')],
    'l.output>o.value'), { o => [] });
results('nor do they from an edge', graph(
    [node(a => "$CONST.Dict"), out('o'),
     node(n => 'test.Needy', image => { uri => 'u' }, table => { x => 1 })],
    'a.output>n.table', 'n.output>o.value'),
    { o => [{ uri => 'u' }, 'fast', 0, {}] });
results('data as its property takes it', graph(
    [node(n => 'test.Needy', image => { uri => 'u' }, mode => 'slow',
          either => 'e', table => { x => 1 }), out('o')],
    'n.output>o.value'), { o => [{ uri => 'u' }, 'slow', 'e', { x => 1.0 }] });

results('dynamic properties and outputs', graph(
    [node(s => "$CONST.String", value => 'from the edge'),
     node(d => 'test.Dynamic', value => 1, y => 'data',
          -dynamic_properties => { x => 'static', z => 3 },
          -dynamic_outputs => { extra => { type => 'str' } }),
     out('o'), out('e')],
    's.output>d.x', 'd.output>o.value', 'd.extra>e.value'),
    { o => { x => 'from the edge', y => 'data', z => 3 },
      e => 'from the edge' });
results('dynamic properties without edges', graph(
    [node(d => 'test.Dynamic', -dynamic_properties => { z => 3 }), out('o')],
    'd.output>o.value'), { o => { z => 3 } });

results('bypassed', graph(
    [list('l', 1, 2), node(b => "$CONST.Bool", value => JSON::PP::true),
     node(p => 'test.Pair', -ui_properties => { bypassed => JSON::PP::true }),
     out('o')],
    'l.output>p.a', 'b.output>p.b', 'p.output>o.value'), { o => [1, 2] });

# --- streams -----------------------------------------------------------------

for my $type (qw(Repeat Burst PoolRepeat)) {
    results("$type and Collect", graph(
        [node(r => "test.$type", value => 'v', times => 20),
         node(w => 'test.Wrap'), node(c => "$CONTROL.Collect"), out('o')],
        'r.output>w.value', 'w.output>c.input_item', 'c.output>o.value'),
        { o => [map { [['v', $_]] } 0 .. 19] });
}
results('an output that is closed', graph(
    [node(r => 'test.Repeat', value => 'v'), node(f => 'test.First'),
     node(c => "$CONTROL.Collect"), out('o')],
    'r.output>f.value', 'f.output>c.input_item', 'c.output>o.value'),
    { o => [['v', 0]] });
$r = $g->run(graph(
    [node(r => 'test.Repeat', value => 'v', times => 100),
     node(p => 'test.Pool'), out('o')],
    'r.output>p.value', 'p.output>o.value'));
my ($ahead, $most) = (0, 0);
for my $event (@{ short($r) }) {
    $ahead++ if $event =~ /^r\.output>p\.value \d/;
    $ahead-- if $event eq 'p running';
    $most = $ahead if $ahead > $most;
}
cmp_ok($most, '<=', 3, 'a producer is at most three values ahead');

$r = results('on the pool', graph(
    [node(p => 'test.Pool', value => 1), out('o')], 'p.output>o.value'),
    { o => [1] });
is_deeply([grep { /^(p|node|log|chunk)/ } @{ short($r) }],
    ['p running', 'node_progress', 'log info: on node p', 'chunk',
      'p.output>o.value 1', 'p completed', 'p.output>o.value drained'],
    'events from the pool');
my ($chunk) = grep { $_->{type} eq 'chunk' } @{ $r->{events} };
is_deeply($chunk, { type => 'chunk', node_id => 'p', content_type => 'text',
                    content => 'x"y', done => JSON::PP::true }, 'chunk');

# --- failures ----------------------------------------------------------------

$r = $g->run(graph(
    [node(s => "$CONST.String", value => 'it'), node(f => 'test.Fail'),
     node(w => 'test.Wrap'), node(u => 'test.Wrap'), out('o'), out('x')],
    's.output>f.value', 's.output>w.value', 'f.output>u.value',
    'w.output>o.value', 'u.output>x.value'));
is($r->{status}, 'failed', 'a node fails');
is_deeply($r->{failure}, { node_id => 'f', node_type => 'test.Fail',
                           message => 'cannot take it' }, 'which and why');
is_deeply($r->{results}, { o => ['it'] }, 'its siblings go on');
is_deeply([grep { /^(f|u|x) / } @{ short($r) }],
    ['f running', 'f error: cannot take it'],
    'it says so, those behind it say nothing');

$r = $g->run(graph([node(f => 'test.FailLate'), out('o')],
                   'f.output>o.value'));
is($r->{failure}{message}, 'after all', 'nt_call_fail is enough');
is_deeply($r->{results}, { o => JSON::PP::true }, 'what was sent, was sent');

$r = $g->run(graph([node(s => "$CONST.Float", value => 1.5),
                    node(a => 'test.Add')], 's.output>a.b'));
is($r->{failure}{message},
    'input "b" takes int, but a value of type float came',
    'a value that does not fit');
$r = $g->run(graph([node(s => 'test.Wrap', value => 1),
                    node(a => 'test.Sum')], 's.output>a.value'));
is($r->{failure}{message},
    'input "value" takes int, but a value of type list came',
    'nor into a draining node');
$r = $g->run(graph([node(d => "$CONST.Date", month => 2, day => 30)]));
is($r->{failure}{message},
    'input "day": there is no day 30 in month 2 of 1900', 'no such day');

$r = $g->run(graph(
    [node(b => "$CONST.String", value => 'x' x 70_000),
     node(w => "$CONTROL.Reroute"), out('o')],
    'b.output>w.input_value', 'w.output>o.value'));
my ($big) = grep { $_->{type} eq 'node_update' && $_->{node_id} eq 'w'
                   && $_->{status} eq 'completed' } @{ $r->{events} };
ok($big->{truncated} && exists $big->{result} && !defined $big->{result},
    'a large result is left out of node_update');
is(length $r->{results}{o}, 70_000, 'not of the results');

# --- budget and cancel -------------------------------------------------------

for my $budget (1, 2, 3, 10) {
    $r = $g->run(graph(@zip), budget => $budget);
    is_deeply($r->{results}, { o => [[1, 'x'], [2, 'y']] },
        "budget $budget gives the same");
}
my $pumps = $g->run(graph(@zip), budget => 1)->{pumps};
for my $i (0 .. $pumps) {
    $r = $g->run(graph(@zip), budget => 1, cancel => $i);
    my $want = $i < $pumps ? 'cancelled' : 'completed';
    is($r->{status}, $want, "cancelled at pump $i");
}
$r = $g->run(graph([node(f => 'test.Forever'), out('o')],
                   'f.output>o.value'), budget => 10, cancel => 100);
is($r->{status}, 'cancelled', 'what never ends can be cancelled');

$r = $g->run(graph([node(w => 'test.Wait'), out('o')],
                   'w.output>o.value'), cancel => 3);
is($r->{status}, 'cancelled', 'so can what is on the pool');
is($g->run(graph([node(f => 'test.Forever')]), cancel => 0)->{status},
    'cancelled', 'before the first pump');

is($g->run(graph([]))->{status}, 'completed', 'an empty graph');

$g->done;
done_testing();
