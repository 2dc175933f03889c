#!/usr/bin/perl

# nodetool.agents.* beside Agent, nodetool.generators.*: a test each, by the
# dialects of providers where they differ.

use strict;
use warnings;

use lib 't/lib';

use JSON::PP;
use Test::More;

use NodeTool::Agents;
use NodeTool::Graph qw(graph node);
use NodeTool::Test;

my $t = NodeTool::Test->new;
my $a = NodeTool::Agents->new($t);
my $r;

sub ask { return $a->ask(@_) }

# What the request's last message says.
sub asked {
    my ($n) = @_;

    return (NodeTool::Agents::texts($r->{sent}[$n]))[-1][1];
}

sub system_prompt {
    my ($n) = @_;

    return (NodeTool::Agents::texts($r->{sent}[$n]))[0][1];
}

# --- Summarizer --------------------------------------------------------------

for my $dialect (@NodeTool::Agents::DIALECTS) {
    $r = ask($dialect, 'nodetool.agents.Summarizer', { text => 'A long story.' },
        outputs => ['text'], collect => ['chunk'],
        script => [{ text => "**Short**: a story." }]);
    is($r->{results}{text}, '**Short**: a story.', "$dialect: a summary");
    is(join('', map { $_->{content} } @{ $r->{results}{chunk} }),
        '**Short**: a story.', "$dialect: in chunks");
    is(asked(0), 'A long story.', "$dialect: of the text");
}
like(system_prompt(0), qr/approximately a few hundred tokens/,
    'the default prompt makes sense');
$r = ask('openai', 'nodetool.agents.Summarizer', { text => 'x',
    audio => { type => 'audio', uri => 'data:audio/wav;base64,UklGRiQAAABXQVZFZm10IA==' } },
    outputs => ['text'], script => [{ text => 'A sound.' }]);
like($r->{sent}[0]{body}, qr/input_audio.*UklGRiQA/, 'a sound is sent');

# --- Classifier --------------------------------------------------------------

my @categories = ('Spam', 'Not Spam', 'Other');
for my $dialect (@NodeTool::Agents::DIALECTS) {
    $r = ask($dialect, 'nodetool.agents.Classifier', { text => 'Buy now!',
        categories => \@categories }, outputs => ['output'],
        script => [{ text => '{"category":"Spam"}' }]);
    is($r->{results}{output}, 'Spam', "$dialect: a category");
    like(asked(0), qr/Allowed categories: Spam, Not Spam, Other.*Buy now!/s,
        "$dialect: the question");
    like($r->{sent}[0]{body}, qr/"enum":\["Spam","Not Spam","Other"\]/,
        "$dialect: ... with the categories as an enum");
}
$r = ask('openai', 'nodetool.agents.Classifier', { text => 'x',
    categories => \@categories }, outputs => ['output'],
    script => [{ text => 'I would say: not spam.' }]);
is($r->{results}{output}, 'Not Spam', 'a model that talks is understood');
is(scalar @{ $r->{sent} }, 1, '... at once');
$r = ask('openai', 'nodetool.agents.Classifier', { categories => ['a'] });
like($r->{failure}{message}, qr/'categories' must have at least two/,
    'one category is too few');

# --- Extractor, StructuredOutputGenerator ------------------------------------

my %members = (members => { -dynamic_outputs => {
    who => { type => 'str' }, tags => { type => 'list', type_args =>
        [{ type => 'str' }] } } }, outputs => ['who', 'tags']);
for my $type (qw(nodetool.agents.Extractor
                 nodetool.generators.StructuredOutputGenerator)) {
    my %data = $type =~ /Extractor/ ? (text => 'Ada wrote code.')
        : (instructions => 'Invent a person.', context => 'In London.');
    for my $dialect (@NodeTool::Agents::DIALECTS) {
        $r = ask($dialect, $type, \%data, %members, script => [
            { text => "```json\n{\"who\":\"Ada\",\"tags\":[\"x\",\"y\"]}\n```" }]);
        is_deeply($r->{results}, { who => 'Ada', tags => ['x', 'y'] },
            "$type, $dialect: fields") or diag(explain($r->{failure}));
        like(system_prompt(0), qr/<JSON_SCHEMA>.*"tags".*<\/JSON_SCHEMA>/s,
            "$type, $dialect: the schema stands in the prompt");
    }
    $r = ask('ollama', $type, \%data, %members, script => [
        { text => '{"who":"Ada"}' },
        { text => '{"who":"Ada","tags":[]}' }]);
    is_deeply($r->{results}, { who => 'Ada', tags => [] },
        "$type: a field that was left out comes when asked for");
    $r = ask('openai', $type, \%data);
    like($r->{failure}{message}, qr/add an output for each field/,
        "$type: without outputs");
}
$r = ask('openai', 'nodetool.generators.StructuredOutputGenerator',
    { instructions => ' Invent. ', context => 'C' }, %members);
like(asked(0), qr/<INSTRUCTIONS>\nInvent\.\n<\/INSTRUCTIONS>.*<CONTEXT>\nC\n/s,
    'instructions and context');
is($r->{results}{who}, 'sample', 'an answer by the schema alone');

# --- ResearchAgent -----------------------------------------------------------

$r = ask('anthropic', 'nodetool.agents.ResearchAgent', { objective => ' Ada ',
    tools => [{ name => 'calculator' }] }, %members, script => [
    { text => 'Let me compute.', tool_calls => [{ name => 'calculator',
        arguments => { expression => '1+1' } }] },
    { tool_calls => [{ name => 'finish_step', arguments => {
        result => { who => 'Ada', tags => ['2'] } } }] }]);
is_deeply($r->{results}, { who => 'Ada', tags => ['2'] }, 'research');
is_deeply([NodeTool::Agents::tools($r->{sent}[0])],
    ['calculator', 'finish_step'], '... with its tools');
is_deeply([map { $_->{event} } NodeTool::Agents::events($r, 'task_update')],
    [qw(task_created step_started step_completed task_completed)],
    '... is told as a task');
my ($started) = grep { $_->{event} eq 'step_started' }
    NodeTool::Agents::events($r, 'task_update');
is($started->{step}{instructions}, 'Ada', '... with its objective');
is($started->{task}{steps}[0]{id}, $started->{step}{id}, '... and one step');
$r = ask('openai', 'nodetool.agents.ResearchAgent', { objective => 'Ada' },
    %members, script => [{ text => '{"who":"Ada","tags":["a"]}' }]);
is_deeply($r->{results}, { who => 'Ada', tags => ['a'] },
    'a result that is said, not handed in');
is_deeply([NodeTool::Agents::tools($r->{sent}[0])],
    ['google_search', 'browser', 'finish_step'], 'the tools by default');
$r = ask('openai', 'nodetool.agents.ResearchAgent', {}, %members);
like($r->{failure}{message}, qr/'objective' must say/, 'without an objective');
$r = ask('openai', 'nodetool.agents.ResearchAgent', { objective => 'x' },
    %members, script => [{ status => 401, error => 'bad key' }]);
is((NodeTool::Agents::events($r, 'task_update'))[-1]{event}, 'step_failed',
    'research that fails');

# --- ListGenerator -----------------------------------------------------------

for my $dialect (@NodeTool::Agents::DIALECTS) {
    $r = ask($dialect, 'nodetool.generators.ListGenerator', {
        prompt => 'Three rivers', input_text => 'in Europe' },
        collect => ['item', 'index'], script => [{ text => "Sure!\n"
            . "<LIST_ITEM>Rhine</LIST_ITEM>\n<LIST_ITEM>The **great**\n"
            . "Danube</LIST_ITEM><LIST_ITEM>Elbe</LIST_ITEM>" }]);
    is_deeply($r->{results}, { item => ['Rhine', 'The great Danube', 'Elbe'],
        index => [0, 1, 2] }, "$dialect: a list")
        or diag(explain($r->{failure}));
    is(asked(0), "Three rivers\n\nin Europe", "$dialect: of what was asked");
    like($r->{sent}[0]{body}, qr/4096/, "$dialect: max_tokens");
}
$r = ask('openai', 'nodetool.generators.ListGenerator', { input_text => 'x' },
    collect => ['item'], script => [{ text => "1. one\n2. two" }]);
is_deeply($r->{results}{item}, ['one', 'two'], 'a list without tags');
$r = ask('openai', 'nodetool.generators.ListGenerator', { prompt => 'x' },
    collect => ['item'], script => [{ text => 'I cannot.' }]);
like($r->{failure}{message}, qr/the model made no list/, 'no list');
$r = ask('anthropic', 'nodetool.generators.ListGenerator', {},
    script => [{ text => '- x' }]);
is(asked(0), 'Write a list.', 'a prompt that is empty');

# Items leave before the answer is complete.
$r = ask('openai', 'nodetool.generators.ListGenerator', { prompt => 'x' },
    outputs => ['item'], script => [{ text => '<LIST_ITEM>a</LIST_ITEM> ' x 5,
        pause => 0.2, cut => 4 }]);
is($r->{status}, 'failed', 'an answer that breaks off');
cmp_ok(scalar(NodeTool::Agents::events($r, 'output_update')), '>', 0,
    '... whose first items have gone on already');

# --- DataGenerator -----------------------------------------------------------

my $columns = { type => 'record_type', columns => [
    { name => 'name', data_type => 'string', description => 'of a vegetable' },
    { name => 'price', data_type => 'float', description => '' }] };
my $table = "| name | price |\n|---|---|\n| kale | 2.5 |\n| leek | 3 |\n| x |\n";
for my $dialect (@NodeTool::Agents::DIALECTS) {
    $r = ask($dialect, 'nodetool.generators.DataGenerator', {
        prompt => 'Vegetables', columns => $columns },
        collect => ['record', 'index'], outputs => ['dataframe'],
        script => [{ text => $table }]);
    is_deeply($r->{results}{record}, [{ name => 'kale', price => 2.5 },
        { name => 'leek', price => 3 }], "$dialect: records");
    is_deeply($r->{results}{index}, [0, 1], "$dialect: their numbers");
    my $frame = $r->{results}{dataframe};
    is_deeply([@$frame{qw(type columns data)}], ['dataframe',
        $columns->{columns}, [['kale', 2.5], ['leek', 3]]],
        "$dialect: the data frame");
}
like(system_prompt(0), qr/- name \(string\): of a vegetable\n- price \(float\)/,
    'the columns are told');
like((grep { $_->{severity} eq 'warning' }
        NodeTool::Agents::events($r, 'log_update', 'n'))[0]{content},
    qr/1 rows are left out/, 'rows that do not fit are told');
$r = ask('openai', 'nodetool.generators.DataGenerator', { prompt => 'x',
    columns => $columns }, outputs => ['dataframe'],
    script => [{ text => 'I cannot.' }]);
like($r->{failure}{message}, qr/the model made no table/, 'no table');

# --- ChartGenerator, SVGGenerator --------------------------------------------

my $data = { type => 'dataframe', uri => '', columns => [
    { name => 'x', data_type => 'int' }], data => [[1], [2]] };
my $chart = { data => [{ type => 'bar', y => [1, 2] }],
    layout => { title => 'T' } };
for my $dialect (@NodeTool::Agents::DIALECTS) {
    $r = ask($dialect, 'nodetool.generators.ChartGenerator', {
        prompt => 'Bars', data => $data }, outputs => ['output'],
        script => [{ text => JSON::PP->new->canonical->encode($chart) }]);
    is_deeply($r->{results}{output}, { type => 'plotly_config',
        config => $chart }, "$dialect: a chart") or diag(explain($r->{failure}));
    like(asked(0), qr/"name":"x".*\[\[1\],\[2\]\].*Request: Bars/s,
        "$dialect: of the data");
}
$r = ask('openai', 'nodetool.generators.ChartGenerator', { prompt => 'x' });
like($r->{failure}{message}, qr/'data'/, 'a chart without data');

my $svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>';
$r = ask('gemini', 'nodetool.generators.SVGGenerator', { prompt => 'A dot' },
    outputs => ['output'], script => [{ text => "```svg\n$svg\n```" }]);
is_deeply($r->{results}{output}, [{ type => 'svg_element', name => '',
    attributes => {}, content => $svg, children => [] }], 'a drawing');
$r = ask('openai', 'nodetool.generators.SVGGenerator', { prompt => 'x' },
    script => [{ text => 'no' }]);
like($r->{failure}{message}, qr/the model drew nothing/, 'no drawing');

$a->done;
$t->done;
