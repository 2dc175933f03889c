#!/usr/bin/perl

# nodetool.agents.Agent: answers that stream, tools, bounds, threads, by each
# dialect of providers where that makes a difference.

use strict;
use warnings;

use lib 't/lib';

use Test::More;
use Time::HiRes qw(time);

use NodeTool::Agents;
use NodeTool::Graph qw(graph node);
use NodeTool::Test;

my $t = NodeTool::Test->new;
my $workspace = "$t->{dir}/workspace";
mkdir $workspace or die $!;
my $a = NodeTool::Agents->new($t);
my $AGENT = 'nodetool.agents.Agent';
my $png = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ'
    . 'AAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

sub ask {
    my ($dialect, $data, @opt) = @_;

    return $a->ask($dialect, $AGENT, $data, outputs => ['text'],
        run => { workspace => $workspace }, @opt);
}

sub last_text {
    my ($r, $n) = @_;

    return (NodeTool::Agents::texts($r->{sent}[$n]))[-1][1];
}

# --- an answer ---------------------------------------------------------------

for my $dialect (@NodeTool::Agents::DIALECTS) {
    my $r = ask($dialect, { system => 'Be brief.', prompt => 'Hello?' },
        collect => ['chunk', 'thinking'],
        script => [{ text => 'Hi, how are you?', reasoning => 'A greeting.' }]);
    is($r->{results}{text}, 'Hi, how are you?', "$dialect: the answer");
    my @chunks = @{ $r->{results}{chunk} };
    is(join('', map { $_->{content} } @chunks), 'Hi, how are you?',
        "$dialect: its chunks");
    cmp_ok(scalar(@chunks), '>', 2, "$dialect: ... are several");
    is_deeply([map { $_->{done} ? 1 : 0 } @chunks], [(0) x $#chunks, 1],
        "$dialect: ... of which the last one says so");
    is_deeply([@{ $chunks[0] }{qw(type content_type node_id)}],
        [qw(chunk text n)], "$dialect: ... and all that a chunk has");
    is(join('', map { $_->{content} } @{ $r->{results}{thinking} }),
        'A greeting.', "$dialect: its thoughts");
    is(join('', map { $_->{content} } grep { !$_->{thinking} }
            NodeTool::Agents::events($r, 'chunk', 'n')),
        'Hi, how are you?', "$dialect: the same as events");
    my ($system, $user) = NodeTool::Agents::texts($r->{sent}[0]);
    is_deeply([$system->[1], $user->[1]], ['Be brief.', 'Hello?'],
        "$dialect: what was asked");
    like($r->{sent}[0]{body}, qr/8192/, "$dialect: max_tokens");
}

# --- tools -------------------------------------------------------------------

my @two = ({ name => 'calculator', arguments => { expression => '6 * 7' } },
    { name => 'statistics', arguments => { data => [1, 2, 3, 6],
        calculations => ['mean'] } });

for my $dialect (@NodeTool::Agents::DIALECTS) {
    my $r = ask($dialect, { prompt => 'Compute', tools =>
            [{ type => 'tool_name', name => 'calculator' }, 'statistics'] },
        script => [{ text => 'Let me see. ', tool_calls => \@two },
            { text => 'It is 42.' }]);
    is($r->{results}{text}, 'It is 42.', "$dialect: the last turn's answer");
    is(scalar @{ $r->{sent} }, 2, "$dialect: two requests");
    is_deeply([NodeTool::Agents::tools($r->{sent}[0])],
        [qw(calculator statistics)], "$dialect: the tools are offered");
    like($r->{sent}[1]{body}, qr/\\?"result\\?":42/,
        "$dialect: a result of one");
    like($r->{sent}[1]{body}, qr/\\?"mean\\?":3/, "$dialect: and of the other");
    my @calls = NodeTool::Agents::events($r, 'tool_call_update', 'n');
    is_deeply([map { $_->{name} } @calls], [qw(calculator statistics)],
        "$dialect: calls are told");
    is_deeply($calls[0]{args}, { expression => '6 * 7' },
        "$dialect: ... with their arguments");
    is($calls[0]{message}, 'Computing 6 * 7', "$dialect: ... and in words");
    my @results = NodeTool::Agents::events($r, 'tool_result_update', 'n');
    is($results[0]{result}{result}, 42, "$dialect: results are told");
    is($results[1]{tool_call_id}, $calls[1]{tool_call_id},
        "$dialect: ... with the call that they are of");
}

my $r = ask('openai', { prompt => 'x', tools => ['calculator'] }, script => [
    { tool_calls => [{ name => 'Calculator', arguments => {
        expression => '1/0' } }, { name => 'nonsense' }] },
    { text => 'Sorry.' }]);
is($r->{status}, 'completed', 'a tool that fails does not fail the job');
like($r->{sent}[1]{body}, qr/it divides by zero/, '... the model is told');
like($r->{sent}[1]{body}, qr/there is no tool [\\"]+nonsense/,
    '... also of a tool that is not there');

$r = ask('openai', { prompt => 'x', tools => ['google_search', 'take_photo'] });
like($r->{failure}{message}, qr/this server has no tool "take_photo"; it has /,
    'a tool that this server lacks fails the node');
is(scalar @{ $r->{sent} }, 0, '... before the model is asked');

$r = ask('openai', { prompt => 'x', tools => ['google_search'] }, script => [
    { tool_calls => [{ name => 'google_search', arguments => {
        keyword => 'x' } }] }, { text => 'No.' }]);
like($r->{sent}[1]{body}, qr/searching needs SERPAPI_API_KEY/,
    'a tool without its key');

# --- files of the workspace --------------------------------------------------

$r = ask('anthropic', { prompt => 'Write', tools =>
        [qw(write_file read_file list_directory)] }, script => [
    { tool_calls => [{ name => 'write_file', arguments => {
        path => 'notes/a.txt', content => "one\ntwo\nthree\n" } }] },
    { tool_calls => [
        { name => 'read_file', arguments => { path => 'notes/a.txt',
            start_line => 2, end_line => 2 } },
        { name => 'list_directory', arguments => { path => '.',
            recursive => JSON::PP::true() } },
        { name => 'read_file', arguments => { path => '../secret' } },
        { name => 'read_file', arguments => { path => 'nothing' } }] },
    { text => 'Done.' }]);
is($r->{results}{text}, 'Done.', 'tools on files');
is($t->read_file("$workspace/notes/a.txt"), "one\ntwo\nthree\n",
    'a file is written');
my @results = map { $_->{result} }
    NodeTool::Agents::events($r, 'tool_result_update');
is($results[0]{created}, JSON::PP::true(), '... and said to be new');
is_deeply([@{ $results[1] }{qw(content total_lines)}], ["two\n", 3],
    'lines of a file');
is_deeply($results[2]{contents}, { files => ['notes/a.txt'],
    directories => ['notes'] }, 'a folder');
like($results[3]{error}, qr/within the workspace/, 'no way out');
like($results[4]{error}, qr/nothing/, 'a file that is not there');

# --- bounds ------------------------------------------------------------------

my @again = map { { text => "Step. ", tool_calls => [{ name => 'calculator',
    arguments => { expression => '1' } }] } } 1 .. 40;
$r = ask('openai', { prompt => 'x', tools => ['calculator'] },
    script => \@again);
is($r->{status}, 'completed', 'a model that calls tools for ever');
is(scalar @{ $r->{sent} }, 32, '... is stopped');
is($r->{results}{text}, 'Step. ', '... and what it said is the answer');
like($r->{sent}[31]{body}, qr/This is your last turn/,
    '... after it has been told');
like((NodeTool::Agents::events($r, 'log_update'))[-1]{content},
    qr/all of its 32 turns/, '... and those who watch');

$_->{text} = undef for @again;
$r = ask('openai', { prompt => 'x', tools => ['calculator'] },
    script => \@again);
like($r->{failure}{message}, qr/all of its 32 turns for tools/,
    'one that says nothing besides fails the node');

$r = ask('openai', { prompt => 'x', tools => ['calculator'] }, script => [
    { tool_calls => [map { { name => 'calculator', arguments => {
        expression => "$_" } } } 1 .. 33] }, { text => 'ok' }]);
like($r->{sent}[1]{body}, qr/only 32 tools may be called at once/,
    'too many calls at once');

$r = ask('anthropic', { prompt => 'x', max_tokens => 7 },
    script => [{ text => 'cut o', finish => 'length' }]);
is($r->{sent}[0]{json}{max_tokens}, 7, 'max_tokens are sent');
is($r->{results}{text}, 'cut o', 'an answer that is cut off is an answer');
like((NodeTool::Agents::events($r, 'log_update', 'n'))[1]{content},
    qr/limit of tokens/, '... and said to be');

# --- media and history -------------------------------------------------------

for my $dialect (@NodeTool::Agents::DIALECTS) {
    $r = ask($dialect, { prompt => 'What is it?', image => {
        type => 'image', uri => $png } }, script => [{ text => 'A dot.' }]);
    is($r->{results}{text}, 'A dot.', "$dialect: an image");
    my ($bytes) = $png =~ /base64,(.*)/;
    like($r->{sent}[0]{body}, qr/\Q$bytes/, "$dialect: ... is sent");
}

my @history = (
    { type => 'message', role => 'user', content => [{ type => 'text',
        text => 'My name is Ada.' }] },
    { type => 'message', role => 'assistant', content => 'Hm.', tool_calls =>
        [{ id => 'c1', name => 'lookup', args => { name => 'Ada' } },
         { id => 'c2', name => 'lookup', args => {} }] },
    { type => 'message', role => 'tool', tool_call_id => 'c1',
        name => 'lookup', content => 'a countess' },
    { type => 'message', role => 'tool', tool_call_id => 'c9',
        content => 'an orphan' },
    { type => 'message', role => 'assistant', content => 'Hello Ada!' });
for my $dialect (@NodeTool::Agents::DIALECTS) {
    $r = ask($dialect, { prompt => 'Who am I?', history => \@history },
        script => [{ text => 'Ada.' }]);
    my $body = $r->{sent}[0]{body};
    is($r->{results}{text}, 'Ada.', "$dialect: a history");
    like($body, qr/My name is Ada.*lookup.*a countess.*Hello Ada!.*Who am I/s,
        "$dialect: ... in its order");
    unlike($body, qr/orphan|"c2"/, "$dialect: ... without loose ends");
}

# --- threads -----------------------------------------------------------------

my $thread = $a->run(graph([
    node(t => 'nodetool.agents.CreateThread', title => 'Talk'),
    node(n => $AGENT, model => NodeTool::Agents::model('openai'),
        prompt => 'I am Bob.'),
    node(o => 'nodetool.output.Output', name => 'text'),
    node(i => 'nodetool.output.Output', name => 'id')],
    't.thread_id>n.thread_id', 't.thread_id>i.value', 'n.text>o.value'),
    script => [{ text => 'Hello Bob.' }], run => { workspace => $workspace });
my $id = $thread->{results}{id};
like($id, qr/^[0-9a-f]{32}$/, 'a new thread');
$r = ask('anthropic', { prompt => 'Who am I?', thread_id => $id },
    script => [{ text => 'Bob.' }]);
is_deeply([map { $_->[1] } NodeTool::Agents::texts($r->{sent}[0])],
    ['You are a friendly assistant', 'I am Bob.', 'Hello Bob.', 'Who am I?'],
    '... goes on in a later run, with another model');
$r = $a->ask('openai', 'nodetool.agents.CreateThread', { thread_id => $id },
    outputs => ['thread_id'], run => { workspace => $workspace });
is($r->{results}{thread_id}, $id, 'a thread that is there is used again');
my @lines = split /\n/, $t->read_file("$workspace/.threads/$id.jsonl");
is(scalar @lines, 5, '... and has what was said');
$r = ask('openai', { prompt => 'x', thread_id => '../../x' });
like($r->{failure}{message}, qr/'thread_id' must be/, 'ids are no paths');
$r = ask('openai', { prompt => 'Broken', thread_id => $id },
    script => [{ status => 400, error => 'no' }]);
is($r->{status}, 'failed', 'a turn that fails');
is(scalar(split /\n/, $t->read_file("$workspace/.threads/$id.jsonl")), 5,
    '... leaves the thread as it was');

# --- structured results ------------------------------------------------------

my %fields = (members => { -dynamic_outputs => {
    name => { type => 'str' }, age => { type => 'int' } } },
    outputs => ['name', 'age']);
for my $dialect (@NodeTool::Agents::DIALECTS) {
    $r = $a->ask($dialect, $AGENT, { prompt => 'Bob is 7' }, %fields,
        script => [{ text => '{"name": "Bob", "age": 7}' }]);
    is_deeply($r->{results}, { name => 'Bob', age => 7 },
        "$dialect: dynamic outputs are fields of the result")
        or diag(explain($r->{failure}));
    like($r->{sent}[0]{body}, qr/"age":\{"type":"(?:integer|INTEGER)"\}/,
        "$dialect: ... whose schema is sent");
}

$r = $a->ask('openai', $AGENT, { prompt => 'Bob is 7' }, %fields, script => [
    { text => 'Bob is seven.' }, { text => '{"name": "Bob", "age": "7"}' },
    { text => "```json\n{\"name\": \"Bob\", \"age\": 7}\n```" }]);
is_deeply($r->{results}, { name => 'Bob', age => 7 },
    'a model that is told what is wrong mends it');
like(last_text($r, 1), qr/no JSON object/, '... that it is no JSON');
like(last_text($r, 2), qr/"age".*integer/, '... which field is wrong');

$r = $a->ask('openai', $AGENT, { prompt => 'x' }, %fields, script => [
    { text => '{"age": 7, "name": ' . '[' x 2040 . ']' x 2040 . '}' },
    { text => '{"name": "Bob", "age": 7}' }]);
is_deeply($r->{results}, { name => 'Bob', age => 7 },
    'an answer that is nested as deep as can be');

$r = $a->ask('openai', $AGENT, { prompt => 'x' }, %fields,
    script => [map { { text => 'No.' } } 1 .. 3]);
like($r->{failure}{message}, qr/did not answer as it should: there is no JSON/,
    'but not for ever');

$r = $a->ask('openai', $AGENT, { prompt => 'x' }, %fields, script => [
    { status => 400, error => "Invalid parameter: 'response_format' of type "
        . "'json_schema' is not supported with this model." },
    { text => '{"name": "Bob", "age": 7}' }]);
is_deeply($r->{results}, { name => 'Bob', age => 7 },
    'a model without response_format');
ok(!$r->{sent}[1]{json}{response_format}, '... is asked without it');
$r = $a->ask('openai', $AGENT, { prompt => 'x' }, %fields,
    script => [{ status => 401, error => 'bad key' }]);
like($r->{failure}{message}, qr/bad key/, 'another error stays one');
is(scalar @{ $r->{sent} }, 1, '... and is not tried again');

$r = $a->ask('openai', $AGENT, { prompt => 'x' }, members => {
    -dynamic_outputs => { essay => { type => 'str' } } }, outputs => ['essay'],
    script => [{ text => "# Kale\n\nA {leaf}.\n" }]);
is($r->{results}{essay}, "# Kale\n\nA {leaf}.",
    'a text is the only field, where it is to be one');
$r = $a->ask('gemini', $AGENT, { prompt => 'x', tools => ['calculator'] },
    %fields, script => [{ text => 'Hm.' }, { status => 400, error => 'Function '
        . "calling with a response mime type: 'application/json' is "
        . 'unsupported' }, { text => '{"name": "Bob", "age": 7}' }]);
is_deeply($r->{results}, { name => 'Bob', age => 7 },
    'a model that needs help, from a provider that cannot give it')
    or diag(explain($r->{failure}));
ok($r->{sent}[1]{json}{generationConfig}{responseMimeType},
    '... which is asked to');
ok(!$r->{sent}[2]{json}{generationConfig}{responseMimeType}, '... once');

$r = $a->ask('gemini', $AGENT, { prompt => 'x', tools => ['calculator'] },
    %fields, script => [
    { tool_calls => [{ name => 'finish_step', arguments => {
        result => { name => 'Bob' } } }] },
    { tool_calls => [{ name => 'finish_step', arguments => {
        result => { name => 'Bob', age => 7 } } }] }]);
is_deeply($r->{results}, { name => 'Bob', age => 7 },
    'with tools, the result is handed in by one');
like($r->{sent}[1]{body}, qr/field \\?"age\\?" is missing/,
    '... which checks it');

# --- errors and ends ---------------------------------------------------------

$r = ask('openai', { prompt => 'x' }, script => [
    { status => 429, headers => { 'Retry-After' => 0 } }, { text => 'Now.' }]);
is($r->{results}{text}, 'Now.', '429, then 200');
is(scalar @{ $r->{sent} }, 2, '... in two requests');

$r = ask('anthropic', { prompt => 'x' },
    script => [{ text => 'one two three', cut => 5 }]);
is($r->{status}, 'failed', 'a stream that breaks off fails the node');
$r = ask('anthropic', { prompt => 'x' },
    script => [{ text => 'one two', cut => 4, fail => 'Overloaded' }]);
like($r->{failure}{message}, qr/Overloaded/, 'so does an error within it');

my $begin = time;
$r = ask('openai', { prompt => 'x' },
    script => [{ text => join(' ', 1 .. 200), pause => 0.05 }],
    run => { cancel_ms => 300 });
is($r->{status}, 'cancelled', 'a job that is cancelled in the middle');
ok(scalar(NodeTool::Agents::events($r, 'chunk', 'n')), '... after some words');
my $connection = $r->{sent}[0]{connection};
$t->wait_for('the connection to be closed', sub {
    grep { $_->{closed} && $_->{connection} == $connection }
        $a->mock->{server}->notes;
});
cmp_ok(time - $begin, '<', 5, '... closes the connection at once');

$a->done;
$t->done;
