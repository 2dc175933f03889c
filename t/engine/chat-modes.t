#!/usr/bin/perl

# /chat: workflows that answer, agents, help, collections.

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
my $chat = NodeTool::Chat->new($t, args => ['--nodes', $nodes],
    env => { NODETOOL_DEFAULT_EMBEDDING_MODEL => 'ollama/nomic-embed-text' });
my ($mock, $engine) = @$chat{qw(mock engine)};
my $c = $chat->connect;

sub script { $mock->forget; $mock->script(@_); return }
sub call { return { name => $_[0], arguments => $_[1] || {} } }

sub store {
    my ($id, $workflow, %more) = @_;

    NodeTool::Workflows::store($t, $engine, $id, { %$workflow, %more });
    return;
}

sub input {
    my ($kind, $name, @rest) = @_;

    return NodeTool::Workflows::chain($kind,
        ["nodetool.input.$kind", { name => $name }], @rest);
}

my @output = ['nodetool.output.Output', { name => 'output' }, 'value'];

# --- workflows ---------------------------------------------------------------

store(echo => NodeTool::Workflows::echo());
my @events = $c->ask('Repeat this', workflow_id => 'echo', thread_id => 'w');
my @updates = NodeTool::Chat::of_type('job_update', @events);
is_deeply([map { $_->{status} } @updates], [qw(running completed)],
    'a workflow runs as a job');
my $job = $updates[0]{job_id};
is($chat->op('job.get', job_id => $job)->{json}{status}, 'completed',
    '... that is one');
is_deeply([map { "$_->{job_id} $_->{workflow_id} $_->{thread_id}" } @events],
    [("$job echo w") x @events], '... each event says of which');
ok((grep { $_->{type} eq 'output_update' } @events), '... its outputs are told');
is_deeply([@{ $events[-2] }{qw(type content done)}],
    ['chunk', '', JSON::PP::true()], '... then the end of the text');
is_deeply($events[-1]{content}, [{ type => 'text', text => 'Repeat this' }],
    'its result is the answer');
is_deeply([map { $_->{role} } $chat->messages('w')], [qw(user assistant)],
    '... kept in the thread');

store(message => input('MessageInput', 'm',
    ['nodetool.input.MessageDeconstructor', {}, 'value'], @output));
@events = $c->ask([{ type => 'text', text => 'As a message' }],
    workflow_id => 'message', thread_id => 'w');
my ($error) = NodeTool::Chat::of_type('error', @events);
is($error, undef, 'a workflow that takes a message')
    or diag explain $error;

store(list => input('MessageListInput', 'all', @output));
@events = $c->ask('The last', workflow_id => 'list', thread_id => 'w');
like($events[-1]{content}[0]{text}, qr/Repeat this.*As a message.*The last/s,
    'a workflow that takes the conversation');

store(image => input('ImageInput', 'picture', @output));
@events = $c->ask([{ type => 'image_url', image => { type => 'image',
    uri => 'data:image/png;base64,AAAA' } }], workflow_id => 'image',
    thread_id => 'w');
is_deeply($events[-1]{content}, [{ type => 'image_url', image =>
    { type => 'image', uri => 'data:image/png;base64,AAAA' } }],
    'a picture goes in and out') or diag explain $events[-1];

store(fails => NodeTool::Workflows::ticks(count => 1, fail => \1));
@events = $c->ask('x', workflow_id => 'fails', thread_id => 'w');
($error) = NodeTool::Chat::of_type('error', @events);
is_deeply([@$error{qw(error_type workflow_id thread_id)}],
    [qw(workflow_error fails w)], 'a workflow that fails');
ok(length $error->{message}, '... and why');

for my $fault (['none', 'not_found'], ['theirs', 'forbidden'],
    ['../x', 'not_found'])
{
    store(theirs => NodeTool::Workflows::echo(), user_id => '2');
    @events = $c->ask('x', workflow_id => $fault->[0], thread_id => 'w');
    is($events[0]{error_type}, $fault->[1], "a workflow: $fault->[1]");
}

# stop cancels the job, and so does a new message
store(slow => NodeTool::Workflows::slow(60000));
for my $how ({ type => 'stop' }, { content => 'x', workflow_id => 'echo',
    thread_id => 'w2' })
{
    $c->send_json({ content => 'Sleep', workflow_id => 'slow',
        thread_id => 'w2' });
    my @begun = $c->json_until(sub { $_[0]{type} eq 'node_update' });
    $c->send_json($how);
    my @end = $c->json_until(sub { $_[0]{type} eq 'generation_stopped' });
    is($end[-1]{thread_id}, 'w2', 'a job is stopped');
    $c->turn if $how->{content};
    $t->wait_for('the job to be cancelled', sub {
        $chat->op('job.get', job_id => $begun[0]{job_id})->{json}{status}
            eq 'cancelled' });
}

# the client leaves: the job goes on, its result is the thread's
store(later => NodeTool::Workflows::slow(500));
my $gone = $chat->connect;
$gone->send_json({ content => 'Sleep', workflow_id => 'later',
    thread_id => 'later' });
$gone->json_until(sub { $_[0]{type} eq 'node_update' });
$gone->disconnect;
$t->wait_for('the result in the thread', sub {
    my @m = $chat->messages('later');
    return @m == 2 && $m[1]{content}[0]{text} eq 'slept';
});

# --- agents ------------------------------------------------------------------

my %head = (model => 'gpt-4o-mini', thread_id => 'agent', agent_mode => \1);
script({ tool_calls => [call(write_file => { path => 'notes.txt',
    content => 'found' })] }, { text => 'All **done**.' });
@events = $c->ask('Take notes', %head);
is(join(' ', map { $_->{event} } NodeTool::Chat::of_type('task_update', @events)),
    'task_created step_started step_completed task_completed',
    'an agent tells of its task');
is((NodeTool::Chat::of_type('task_update', @events))[0]{task}{description},
    'Take notes', '... which is the message');
is($events[-1]{content}, 'All **done**.', '... and answers');
is($events[-1]{agent_mode}, JSON::PP::true(), '... as an agent');
my @offered = sort map { $_->{function}{name} }
    @{ ($mock->requests)[0]{json}{tools} };
is_deeply(\@offered, [qw(browser calculator google_search list_directory
    read_file write_file)], 'an agent has tools');
is($t->read_file("$engine->{home}/workspace/1/chat-agent/notes.txt"), 'found',
    '... and a workspace for each thread');

script({ status => 400, error => 'no' });
@events = $c->ask('x', %head);
is((NodeTool::Chat::of_type('error', @events))[0]{error_type}, 'agent_error',
    'an agent that fails');
is((NodeTool::Chat::of_type('task_update', @events))[-1]{event}, 'step_failed',
    '... says so of its task');

script({ text => 'word ' x 200, pause => 0.05 }, { text => 'x' });
$gone = $chat->connect;
$gone->begin('Work', %head, thread_id => 'agent-gone');
my $closed = $mock->closed;
$gone->disconnect;
$t->wait_for('an agent to be stopped when its client leaves',
    sub { $mock->closed > $closed }, 3);
$t->wait_for('what it has said in the thread',
    sub { $chat->messages('agent-gone') == 2 });

# --- help --------------------------------------------------------------------

%head = (model => 'gpt-4o-mini', thread_id => 'help', help_mode => \1);
script({ tool_calls => [
        call(search_nodes => { query => 'concatenate text', n_results => 3,
            include_properties => \1 }),
        call(search_nodes => { query => 'text', input_type => 'audio',
            output_type => 'str' }),
        call(search_nodes => {}), call(search_examples => { query => 'x' })] },
    { text => 'Use Concat.' });
@events = $c->ask('How do I join texts?', %head, graph => { nodes => [{
    id => 'mine', type => 'nodetool.text.Slice', data => {},
    ui_properties => { position => 77 } }], edges => [] });
is($events[-1]{content}, 'Use Concat.', 'help answers');
my $first = ($mock->requests)[0]{json};
is_deeply([sort map { $_->{function}{name} } @{ $first->{tools} }],
    [qw(search_examples search_nodes)], '... with its tools');
like($first->{messages}[0]{content}, qr/nodetool\.text\.Slice/,
    '... and the graph that is open');
unlike($first->{messages}[0]{content}, qr/77/, '... without its looks');
my @results = map { $t->decode($_->{content}) }
    grep { $_->{role} eq 'tool' } @{ ($mock->requests)[1]{json}{messages} };
is(scalar @{ $results[0]{nodes} }, 3, 'nodes are found, as many as wanted');
is($results[0]{nodes}[0]{type}, 'nodetool.text.Concat', '... the best first');
is_deeply([map { $_->{name} } @{ $results[0]{nodes}[0]{properties} }],
    [qw(a b)], '... with its properties');
ok(@{ $results[1]{nodes} } && !grep({ !grep { $_->{type}{type} eq 'str' }
    @{ $_->{outputs} } } @{ $results[1]{nodes} }), '... by types')
    or diag explain $results[1];
like($results[2]{error}, qr/query/, '... not without words');
ok(exists $results[3]{workflows}, 'examples are looked for')
    or diag explain $results[3];

# --- collections -------------------------------------------------------------

store(index => { name => 'Index', graph => { nodes => [
    { id => 'c', type => 'vector.chroma.Collection', data => {
        name => 'facts', embedding_model => { type => 'llama_model',
            repo_id => 'nomic-embed-text' } } },
    { id => 'i', type => 'vector.chroma.IndexString', data => {
        text => 'The sky is green on Tuesdays.', document_id => 'd1' } },
    { id => 'o', type => 'nodetool.output.Output', data => { name => 'output' } }],
    edges => [{ id => 'e', source => 'c', sourceHandle => 'output', target => 'i',
        targetHandle => 'collection' }] } });
my $reply = $t->wire($engine, { op => 'job.run', workflow_id => 'index' }, '{}');
is($reply->{status}, 200, 'a collection is made') or diag $reply->{body};

script({ text => 'Green.' });
@events = $c->ask('What colour is the sky?', model => 'gpt-4o-mini',
    thread_id => 'facts', collections => ['facts']);
is($events[-1]{content}, 'Green.', 'a question about it') or diag explain \@events;
my ($asked) = grep { $_->{dialect} eq 'openai' } $mock->requests;
my @messages = @{ $asked->{json}{messages} };
like($messages[-2]{content}, qr/green on Tuesdays/,
    'what the collection has is in front of the question');
is($messages[-1]{content}, 'What colour is the sky?', '... which is the last');
is(scalar $chat->messages('facts'), 2, '... and none of the thread');

@events = $c->ask('x', model => 'echo', collections => ['none']);
is($events[0]{error_type}, 'collection_error', 'no such collection')
    or diag explain \@events;

$t->done;
