#!/usr/bin/perl

# Agents and the graph around them: chains behind dynamic outputs, nodes
# behind control edges, workflows as tools, programs.

use strict;
use warnings;

use lib 't/lib';

use JSON::PP;
use Test::More;

use NodeTool::Agents;
use NodeTool::Graph qw(graph node);
use NodeTool::Test;

my $t = NodeTool::Test->new;
my $workspace = "$t->{dir}/workspace";
mkdir $workspace or die $!;
my $a = NodeTool::Agents->new($t);

sub output { return node($_[0], 'nodetool.output.Output', name => $_[0]) }

sub agent {
    my ($dialect, %data) = @_;

    return node(a => 'nodetool.agents.Agent', prompt => 'Go',
        model => NodeTool::Agents::model($dialect), %data);
}

sub values_of {
    my ($r, $name) = @_;

    return [map { $_->{value} } grep { $_->{output_name} eq $name }
        NodeTool::Agents::events($r, 'output_update')];
}

# --- chains behind dynamic outputs -------------------------------------------

for my $dialect (@NodeTool::Agents::DIALECTS) {
    my $r = $a->run(graph([
        agent($dialect, -dynamic_outputs => { shout => { type => 'str' } }),
        node(u => 'nodetool.text.ToUppercase'),
        node(c => 'nodetool.text.Concat', b => '!'),
        output('said'), output('text')],
        'a.shout>u.text', 'u.output>c.a', 'c.output>said.value',
        'a.text>text.value'), script => [
        { tool_calls => [{ name => 'shout', arguments => { text => 'hey' } },
            { name => 'shout', arguments => { text => 'you' } }] },
        { text => 'I have shouted.' }]);
    is($r->{status}, 'completed', "$dialect: an agent with a chain")
        or diag(explain([$r->{errors}, $r->{failure}]));
    is($r->{results}{text}, 'I have shouted.', "$dialect: its answer");
    is_deeply(values_of($r, 'said'), ['HEY!', 'YOU!'],
        "$dialect: the chain has run for each call");
    is_deeply([NodeTool::Agents::tools($r->{sent}[0])], ['shout'],
        "$dialect: it was offered under the output's name");
    like($r->{sent}[1]{body}, qr/HEY!.*YOU!/s, "$dialect: its results are told");
}

# A chain that fails is told to the model.
my $r = $a->run(graph([
    agent('openai', -dynamic_outputs => { parse => { type => 'str' } }),
    node(j => 'lib.json.ParseDict'), output('text')],
    'a.parse>j.json_string', 'a.text>text.value'), script => [
    { tool_calls => [{ name => 'parse', arguments => {
        json_string => '{broken' } }] }, { text => 'It is broken.' }]);
is($r->{results}{text}, 'It is broken.', 'a chain that fails')
    or diag(explain([$r->{errors}, $r->{failure}]));
my ($told) = NodeTool::Agents::events($r, 'tool_result_update');
ok($told->{result}{error}, '... is told to the model');

# --- control edges -----------------------------------------------------------

for my $type (qw(nodetool.agents.Agent anthropic.agents.ClaudeAgent)) {
    my $graph = graph([
        node(a => $type, prompt => 'Go', model => NodeTool::Agents::model(
            'anthropic')),
        node(f => 'nodetool.text.Replace', text => 'one', old => 'o'),
        output('each'), output('text')],
        'f.output>each.value', 'a.text>text.value');
    push @{ $graph->{edges} }, { id => 'k', source => 'a',
        sourceHandle => '__control__', target => 'f',
        targetHandle => '__control__', edge_type => 'control' };
    $r = $a->run($graph, script => [
        { tool_calls => [{ name => 'replace_text', arguments => {
            new => '0' } }, { name => 'replace_text', arguments => {
            text => 'foo', new => 'x' } }] },
        { text => 'Done.' }]);
    is($r->{results}{text}, 'Done.', "$type: a node behind a control edge")
        or diag(explain([$r->{errors}, $r->{failure}]));
    is_deeply(values_of($r, 'each'), ['0ne', 'fxx'],
        "... runs over its other inputs for each call");
    like($r->{sent}[1]{body}, qr/0ne.*fxx/s, '... and the model sees what came');
    my ($tool) = grep { $_->{name} eq 'replace_text' }
        @{ $r->{sent}[0]{json}{tools} };
    is($tool->{input_schema}{properties}{old}{default}, 'o',
        '... as it saw what there is');
}

# --- ControlAgent ------------------------------------------------------------

my $control = graph([
    node(a => 'nodetool.agents.ControlAgent',
        model => NodeTool::Agents::model('openai')),
    node(f => 'nodetool.text.Replace', text => 'one', old => 'o', new => '-'),
    output('said')], 'f.output>said.value');
push @{ $control->{edges} }, { id => 'k', source => 'a', sourceHandle =>
    '__control__', target => 'f', targetHandle => '__control__',
    edge_type => 'control' };
for my $answer ('{"new": "0"}', '{"properties": {"new": "0"}, "node_id": "f"}',
    '{"result": {"new": "0", "other": 1}}', '{"replace_text": {"new": "0"}}')
{
    $r = $a->run($control, script => [{ text => $answer }]);
    is_deeply($r->{results}, { said => '0ne' }, "control: $answer")
        or diag(explain([$r->{errors}, $r->{failure}]));
}
like((NodeTool::Agents::texts($r->{sent}[0]))[-1][1],
    qr/_control_context.*"replace_text".*"default": "o"/s,
    'it is told what it controls');
$r = $a->run($control, script => [map { { text => 'No.' } } 1 .. 3]);
is($r->{failure}{node_id}, 'a', 'an answer that is no object fails');
$r = $a->run(graph([node(a => 'nodetool.agents.ControlAgent',
    model => NodeTool::Agents::model('openai'))]));
is($r->{status}, 'completed', 'one that controls nothing');
is(scalar @{ $r->{sent} }, 0, '... asks nobody');

# --- workflows as tools ------------------------------------------------------

my $greet = graph([node(i => 'nodetool.input.StringInput', name => 'who'),
    node(c => 'nodetool.text.Concat', a => 'Hello '), output('greeting')],
    'i.output>c.b', 'c.output>greeting.value');
my %run = (workflows => { w1 => { graph => $greet, tool_name => 'greet' } });
$r = $a->run(graph([agent('gemini', tools => ['workflow_greet']),
    output('text')], 'a.text>text.value'), run => \%run, script => [
    { tool_calls => [{ name => 'workflow_greet', arguments => {
        who => 'Ada' } }] }, { text => 'Greeted.' }]);
is($r->{results}{text}, 'Greeted.', 'a workflow as a tool')
    or diag(explain([$r->{errors}, $r->{failure}]));
like($r->{sent}[1]{body}, qr/Hello Ada/, '... whose result is told');
$r = $a->run(graph([agent('openai', tools => ['workflow_none'])]),
    run => \%run);
like($r->{failure}{message}, qr/'tools': there is no workflow none/,
    'one that is not there');

# --- programs ----------------------------------------------------------------

SKIP: {
    skip 'there is no bubblewrap here', 4
        if !grep { -x "$_/bwrap" } split /:/, $ENV{PATH};
    $r = $a->run(graph([node(a => 'anthropic.agents.ClaudeAgent',
            prompt => 'Go', allowed_tools => ['Bash'],
            model => NodeTool::Agents::model('anthropic')), output('text')],
        'a.text>text.value'), run => { allow => 1, workspace => $workspace },
        script => [{ tool_calls => [{ name => 'Bash', arguments => {
            command => 'echo hi > a.txt; cat a.txt; echo oops >&2; exit 3' } },
            { name => 'Bash', arguments => { command => 'sleep 9',
                timeout => 100 } }] }, { text => 'Ran.' }]);
    my @results = map { $_->{result} }
        NodeTool::Agents::events($r, 'tool_result_update');
    my $fault = $results[0]{error} // '';
    skip "no sandbox here: $fault", 4 if $fault =~ /cannot be set up/;
    is($r->{results}{text}, 'Ran.', 'Bash, where programs may run')
        or diag(explain([$r->{errors}, $r->{failure}]));
    is_deeply($results[0], { exit_code => 3, stdout => "hi\n",
        stderr => "oops\n" }, '... tells what came out');
    is($t->read_file("$workspace/a.txt"), "hi\n", '... in the workspace');
    ok($results[1]{error}, '... for its time');
}

$a->done;
$t->done;
