#!/usr/bin/perl

# /chat: tools of the engine, nodes, workflows, tools of the client.

use strict;
use warnings;

use lib 't/lib';

use Test::More;
use Time::HiRes qw(time);

use NodeTool::Chat;
use NodeTool::Test;
use NodeTool::Workflows;

my $t = NodeTool::Test->new;
my $nodes = NodeTool::Workflows::slow_nodes($t);
my $chat = NodeTool::Chat->new($t, args => ['--nodes', $nodes]);
my $mock = $chat->{mock};

my %MODELS = (openai => 'gpt-4o-mini', anthropic => 'claude-sonnet-4-5',
    gemini => 'gemini-2.5-flash', ollama => 'llama3.2');

sub call { return { name => $_[0], arguments => $_[1] || {} } }

sub offered {
    my ($n) = @_;

    return [sort map { $_->{function}{name} }
        @{ ($mock->requests)[$n]{json}{tools} || [] }];
}

# Results of tools as the model got them.
sub results {
    my ($n) = @_;

    return map { $_->{content} } grep { $_->{role} eq 'tool' }
        @{ ($mock->requests)[$n]{json}{messages} };
}

sub script { $mock->forget; $mock->script(@_); return }

# --- a tool of the engine, by each dialect -----------------------------------

for my $dialect (sort keys %MODELS) {
    my $c = $chat->connect;
    my %head = (provider => $dialect, model => $MODELS{$dialect},
        thread_id => "tool-$dialect", tools => ['calculator']);
    script({ text => 'Let me see. ', usage => [10, 5], reasoning => 'Hm.',
        tool_calls =>
            [call(calculator => { expression => '6 * 7' })] },
        { text => 'It is 42.', usage => [20, 6] }, { text => 'Gladly.' });
    my @events = $c->ask('How much?', %head);
    my @types = map { $_->{type} } grep { $_->{type} !~ /chunk|log_update/ } @events;
    is("@types", 'message tool_call_update tool_result message message',
        "$dialect: what is told");

    my ($update) = NodeTool::Chat::of_type('tool_call_update', @events);
    is_deeply([@$update{qw(name args)}],
        ['calculator', { expression => '6 * 7' }], "$dialect: the call");
    ok(length $update->{message}, "$dialect: ... in words");
    my ($result) = NodeTool::Chat::of_type('tool_result', @events);
    is($result->{tool_call_id}, $update->{tool_call_id}, "$dialect: its result");
    is($result->{result}{result}, 42, "$dialect: ... is right");

    my @messages = $chat->messages("tool-$dialect");
    is(join(' ', map { $_->{role} } @messages), 'user assistant tool assistant',
        "$dialect: the thread");
    is($messages[1]{content}, 'Let me see. ', "$dialect: said with the call");
    my $call = $messages[1]{tool_calls}[0];
    is_deeply([@$call{qw(name args)}],
        ['calculator', { expression => '6 * 7' }], "$dialect: the call is kept");
    is_deeply([@{ $messages[2] }{qw(name tool_call_id)}],
        ['calculator', $call->{id}], "$dialect: ... and the tool's message");
    like($messages[2]{content}, qr/42/, "$dialect: ... with the result");
    is_deeply([@{ $messages[3]{usage} }{qw(prompt_tokens completion_tokens)}],
        [30, 11], "$dialect: tokens of both requests");

    @events = $c->ask('Thanks', %head, tools => []);
    is($events[-1]{content}, 'Gladly.', "$dialect: calls go on in history");
    like(($mock->requests)[2]{body}, qr/calculator.*42/s,
        "$dialect: ... with their results");
    like(($mock->requests)[2]{body}, qr/mock-signature/,
        "$dialect: ... and what their provider has signed")
        if $dialect =~ /anthropic|gemini/;
}

# --- nodes -------------------------------------------------------------------

my %head = (model => 'gpt-4o-mini', thread_id => 'nodes');
my $c = $chat->connect;
script({ tool_calls => [call(nodetool_text_Concat => { a => 'x', b => 'y' }),
        call('nodetool_text_Concat' => { a => 1 })] },
    { text => 'Done' });
my @events = $c->ask('Join', %head, tools => ['nodetool.text.Concat',
    'nodetool_text_Concat', { name => 'lib_math_Add' }]);
is_deeply(offered(0), ['lib_math_Add', 'nodetool_text_Concat'],
    'nodes are offered, each once');
my @results = results(1);
is($results[0], '{"output":"xy"}', 'a node runs');
like($results[1], qr/"error":.*"?a"?/, 'wrong arguments are told to the model');
ok((grep { $_->{type} eq 'node_update' && $_->{status} eq 'completed'
    && $_->{node_type} eq 'nodetool.text.Concat' } @events), 'its events are told');

script({ text => 'x' });
@events = $c->ask('x', %head, tools => ['no_such_tool']);
is($events[0]{error_type}, 'invalid_message', 'a tool that is not there');
like($events[0]{message}, qr/no_such_tool/, '... is named');
is(scalar $mock->requests, 0, '... and no model asked');

# --- workflows ---------------------------------------------------------------

my $echo = { %{ NodeTool::Workflows::echo() }, run_mode => 'tool', user_id => '1',
    tool_name => 'repeat', description => 'Repeats a text' };
NodeTool::Workflows::store($t, $chat->{engine}, 'repeat', $echo);
script({ tool_calls => [call(workflow_repeat => { text => 'again' })] },
    { text => 'Done' });
$c->ask('Repeat', %head, tools => ['workflow_repeat']);
is_deeply(offered(0), ['workflow_repeat'], 'a workflow is offered');
like((results(1))[-1], qr/again/, '... and runs');

script({ text => 'x' });
@events = $c->ask('x', %head, tools => ['workflow_none']);
is($events[0]{error_type}, 'tool_error', 'a workflow that is not there');
my $other = $chat->connect(user => '2');
script({ text => 'Mine' });
@events = $other->ask('x', model => 'gpt-4o-mini', tools => ['workflow_repeat']);
is($events[0]{error_type}, 'tool_error', "another user's workflow");

# --- the client's ------------------------------------------------------------

$c->send_json({ type => 'client_tools_manifest', tools => [
    { name => 'ask_user', description => 'Asks', parameters => {
        type => 'object', properties => { q => { type => 'string' } } } },
    { name => 'ui_open' }] });

sub client_turn {
    my ($reply, %message) = @_;

    script({ tool_calls => [call(ask_user => { q => 'Why?' })] },
        { text => 'Because.' });
    my $seen;
    my @all = $c->ask('Ask me', %head, %message, code => sub {
        my ($event) = @_;
        return if $event->{type} ne 'tool_call';
        $seen = $event;
        $c->send_json({ type => 'tool_result',
            tool_call_id => $event->{tool_call_id}, %$reply });
    });
    return ($seen, @all);
}

my ($seen, @all) = client_turn({ ok => \1, result => { answer => 'so' } });
is_deeply([@$seen{qw(name args thread_id)}],
    ['ask_user', { q => 'Why?' }, 'nodes'], 'the client is asked');
is_deeply(offered(0), [qw(ask_user ui_open)], 'who names no tools has all of his');
is((results(1))[-1], '{"answer":"so"}', 'his result goes to the model');
is($all[-1]{content}, 'Because.', '... which answers');

client_turn({ result => 'plain' });
is((results(1))[-1], 'plain', 'a result without ok');
client_turn({ ok => \0, error => 'busy' });
like((results(1))[-1], qr/error.*busy/, 'an error');
client_turn({ error => 'worse' });
like((results(1))[-1], qr/error.*worse/, 'an error without ok');
client_turn({ result => 1 }, tools => ['ask_user']);
is_deeply(offered(0), ['ask_user'], 'who names tools has these');
client_turn({ result => 1 }, tools => []);
is_deeply(offered(0), [], '... or none');

# a result of another call is nobody's
script({ tool_calls => [call(ask_user => { q => 'x' })] }, { text => 'Yes' });
my $n = 0;
@all = $c->ask('Ask me', %head, code => sub {
    my ($event) = @_;
    return if $event->{type} ne 'tool_call' || $n++;
    $c->send_json({ type => 'tool_result', tool_call_id => 'other',
        result => 'wrong' });
    $c->send_json({ type => 'tool_result', result => 'wrong' });
    $c->send_json({ type => 'tool_result',
        tool_call_id => $event->{tool_call_id}, result => 'right' });
});
is((results(1))[-1], 'right', 'results of other calls are ignored');

# the client leaves while his tool is waited for: the turn goes on
script({ tool_calls => [call(ask_user => { q => 'x' })] }, { text => 'Alone' });
my $gone = $chat->connect;
$gone->send_json({ type => 'client_tools_manifest',
    tools => [{ name => 'ask_user' }] });
$gone->send_json({ content => 'Ask', model => 'gpt-4o-mini',
    thread_id => 'gone' });
$gone->json_until(sub { $_[0]{type} eq 'tool_call' });
$gone->disconnect;
$t->wait_for('the answer in the thread', sub {
    my @messages = $chat->messages('gone');
    return @messages && ($messages[-1]{content} // '') eq 'Alone';
});
like((results(1))[-1], qr/client is gone/, 'a client that is gone');

# --- bounds ------------------------------------------------------------------

script(map { { tool_calls => [call(calculator => { expression => "$_" })],
    text => "turn $_ " } } 1 .. 40);
@events = $c->ask('For ever', %head, thread_id => 'bound',
    tools => ['calculator']);
is(scalar $mock->requests, 32, 'a model has so many turns');
is($events[-1]{role}, 'assistant', '... and then an end');

# --- stop while a tool runs --------------------------------------------------

for my $tool (['test_Sleep', { ms => 60000, value => 'x' }],
    ['workflow_slow', {}])
{
    my ($name, $args) = @$tool;
    NodeTool::Workflows::store($t, $chat->{engine}, 'slow',
        { %{ NodeTool::Workflows::slow(60000) }, run_mode => 'tool',
            tool_name => 'slow' });
    script({ tool_calls => [call($name => $args)] }, { text => 'Not this' });
    $c->send_json({ content => 'Sleep', %head, thread_id => "stop-$name",
        tools => [$name] });
    $c->json_until(sub { $_[0]{type} eq 'tool_call_update' });
    my $start = time;
    $c->send_json({ type => 'stop' });
    my @stop = $c->turn;
    is($stop[-1]{type}, 'generation_stopped', "$name: stopped");
    script({ text => 'Next' });
    @stop = $c->ask('Go on', %head, thread_id => "stop-$name", tools => []);
    is($stop[-1]{content}, 'Next', "$name: the next turn");
    cmp_ok(time - $start, '<', 5, "$name: ... does not wait for it");
    unlike(($mock->requests)[0]{body}, qr/tool_calls/,
        "$name: a call without its result is not in the history");
}

$t->done;
