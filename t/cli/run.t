#!/usr/bin/perl

# nodetool run: a workflow in the command's own process.

use strict;
use warnings;

use Test::More;

use lib 't/lib';

use NodeTool::Test;
use NodeTool::Worker;

my $t = NodeTool::Test->new;
my $examples = "$NodeTool::Test::ROOT/examples";
my $home = $t->dir . '/home';
$ENV{NODETOOL_HOME} = $home;

sub run { return nodetool($t, ['run', @_]) }

# --- results on stdout, progress on stderr ---

my ($status, $out, $err) = run("$examples/greeting.json");
is($status, 0, 'a file: status 0');
is_deeply($t->decode($out), { output => 'Hello, World!',
    results => { output => 'Hello, World!' } }, 'its result');
like($err, qr/^Format Text: running\nFormat Text: completed$/m, 'progress');

($status, $out) = run("$examples/temperature-check.json", '--params',
    '{"temperature": 20, "limit": 19.5}');
is($t->decode($out)->{results}{advice}, '20.0 degrees: open a window.',
   '--params');

# --- events ---

($status, $out, $err) = run("$examples/title-list.json", '--jsonl',
    '--params', '{"text": "a,b,c"}');
is($status, 0, '--jsonl: status 0');
is($err, '', 'nothing on stderr');
my @events = map { $t->decode($_) } split /\n/, $out;
is_deeply([@{ $events[0] }{qw(type status workflow_id)}],
          [qw(job_update running title-list)], 'the first event');
like($events[0]{job_id}, qr/^[0-9a-f]{32}$/, 'names the job');
is_deeply([@{ $events[-1] }{qw(type status)}], [qw(job_update completed)],
          'the last event');
is_deeply($events[-1]{result}{results}, { titles => [qw(A B C)],
    line => 'A; B; C' }, 'has the results');
is(scalar(grep { $_->{type} eq 'job_update' } @events), 2, 'no other');
is_deeply([map { $_->{value} } grep { $_->{type} eq 'output_update' } @events],
          [[qw(A B C)], 'A; B; C'], 'output updates');

# --- code ---

$t->write_file('code.json', $t->encode({ graph => { nodes => [
    { id => 'c', type => 'nodetool.code.RunShellCommand',
      data => { command => 'echo $((6 * 7))' } },
    { id => 'o', type => 'nodetool.output.Output', data => { name => 'o' } },
], edges => [{ id => 'e', source => 'c', sourceHandle => 'stdout',
    target => 'o', targetHandle => 'value' }] } }));
($status, $out, $err) = run($t->dir . '/code.json');
is($status, 1, 'code does not run unasked');
like($err, qr/--allow-code/, '... and the option is named');
($status, $out, $err) = run($t->dir . '/code.json', '--allow-code');
SKIP: {
    skip 'no sandbox here', 1 if $err =~ /not installed|cannot be set up/;
    is($t->decode($out)->{output}{o} // $t->decode($out)->{results}{o},
        "42\n", '... which lets it run') or diag($err);
}

# --- files ---

$t->write_file('my notes.json', $t->encode({ graph => { nodes => [
    { id => 'w', type => 'nodetool.workspace.WriteTextFile',
      data => { path => 'n/x.txt', content => '+', append => \1 } },
    { id => 'o', type => 'nodetool.output.Output', data => { name => 'o' } },
], edges => [{ id => 'e', source => 'w', sourceHandle => 'output',
    target => 'o', targetHandle => 'value' }] } }));
for my $runs (1, 2) {
    ($status) = run($t->dir . '/my notes.json');
    is($status, 0, "a workflow that writes, run $runs");
    is($t->read_file('home/workspace/1/my%20notes/n/x.txt'), '+' x $runs,
        '... into its workspace');
}

# --- workflows of the home, stdin ---

($status, undef, $err) = run('greeting');
is($status, 2, 'no such workflow: status 2');
like($err, qr{there is no workflow "greeting" in \Q$home\E/workflows}, 'said');

$t->write_file('home/workflows/greeting.json',
    $t->read_file("$examples/greeting.json"));
($status, $out) = run('greeting', '--params', '{"name": "home"}');
is($t->decode($out)->{output}, 'Hello, home!', 'by its id');

($status, $out) = nodetool($t, ['run', '--stdin'], stdin => $t->encode(
    { graph => { nodes => [{ id => 'n',
        type => 'nodetool.workflows.workflow_node.Workflow',
        data => { workflow_id => 'greeting' },
        dynamic_properties => { name => 'node' },
        dynamic_outputs => { output => { type => 'str' } } },
        { id => 'o', type => 'nodetool.output.Output',
          data => { name => 'output' } }],
      edges => [{ id => 'e', source => 'n', sourceHandle => 'output',
                  target => 'o', targetHandle => 'value' }] } }));
is($t->decode($out)->{output}, 'Hello, node!', 'from a node');

($status, $out) = nodetool($t, ['run', '--stdin'], stdin =>
    '{"workflow_id": "greeting", "params": {"name": "stdin"}}');
is($t->decode($out)->{output}, 'Hello, stdin!', '--stdin with an id');

my $graph = $t->decode($t->read_file("$examples/greeting.json"))->{graph};
($status, $out) = nodetool($t, ['run', '--stdin', '--jsonl'], stdin =>
    $t->encode({ graph => $graph, params => { name => 'graph' } }));
like($out, qr/"output":"Hello, graph!"/, '--stdin with a graph');

# --- failures: status 1 ---

my %fail = (nodes => [
    { id => 'in', type => 'nodetool.input.StringInput',
      data => { name => 'text', value => '(' } },
    { id => 'find', type => 'nodetool.text.FindAllRegex',
      data => { regex => '(' } },
    { id => 'out', type => 'nodetool.output.Output',
      data => { name => 'output' } }],
    edges => [
    { source => 'in', sourceHandle => 'output', target => 'find',
      targetHandle => 'text' },
    { source => 'find', sourceHandle => 'output', target => 'out',
      targetHandle => 'value' }]);
($status, $out, $err) = nodetool($t, ['run', '--stdin', '--jsonl'], stdin =>
    $t->encode({ graph => \%fail }));
is($status, 1, 'a node that fails: status 1');
@events = map { $t->decode($_) } split /\n/, $out;
is($events[-1]{status}, 'failed', 'the last event says so');
is($events[-1]{node_id}, 'find', 'and names the node')
    if $events[-1]{node_id};
like($err, qr/find/, 'stderr, too');

($status, $out, $err) = nodetool($t, ['run', '--stdin', '--jsonl'], stdin =>
    '{"graph": {"nodes": [{"id": "n", "type": "no.such.Node"}], "edges": []}}');
is($status, 1, 'a type that is not there: status 1');
is($t->decode($out)->{status}, 'failed', 'a job that failed');
like($err, qr/no\.such\.Node/, 'named');

# --- wrong usage: status 2 ---

for my $row ([[], qr/one workflow/],
             [['a', 'b'], qr/one workflow/],
             [['greeting', '--params', '{'], qr/--params: .*line 1/],
             [['greeting', '--params', '[]'], qr/must be a JSON object/],
             [['greeting', '--params', '{"who": 1}'], qr/who/],
             [['greeting', '--params', '{"name": 1}'], qr/name/],
             [['../greeting'], qr/no workflow/],
             [["$examples/../Makefile"], qr/line 1/],
             [['--nothing', 'x'], qr/run --help/]) {
    ($status, $out, $err) = run(@{ $row->[0] });
    is($status, 2, "run @{ $row->[0] }");
    is($out, '', 'prints nothing on stdout');
    like($err, $row->[1], 'says why');
}

for my $input ('', '{}', '[]', '{"graph": 1}', '{"workflow_id": "../x"}') {
    ($status) = nodetool($t, ['run', '--stdin'], stdin => $input);
    is($status, 2, "--stdin: $input");
}

$t->done;
