#!/usr/bin/perl

# /chat: answers that stream, threads, stop, regenerate, faults.

use strict;
use warnings;

use lib 't/lib';

use JSON::PP ();
use MIME::Base64 ();
use Test::More;
use Time::HiRes qw(time);

use NodeTool::Chat;
use NodeTool::Test;
use NodeTool::Workflows;

my $t = NodeTool::Test->new;

# a model that says more than may wait for a client
my $piece = 'data: {"choices":[{"index":0,"delta":{"content":"' . 'x' x 1_800_000
    . "\"}}]}\n\n";
my $much = NodeTool::MockOpenAI->start($t, 'much', sub {
    my ($c) = @_;
    $c->stream;
    $c->chunk($piece) or return for 1 .. 20;
    $c->chunk('data: {"choices":[{"index":0,"delta":{},'
        . '"finish_reason":"stop"}]}' . "\n\n");
    $c->done;
});

my $chat = NodeTool::Chat->new($t, env => {
    VLLM_BASE_URL => "http://127.0.0.1:$much->{port}/v1",
    SECRETS_MASTER_KEY => MIME::Base64::encode_base64('k' x 32, '') });
my $mock = $chat->{mock};

my %MODELS = (openai => 'gpt-4o-mini', anthropic => 'claude-sonnet-4-5',
    gemini => 'gemini-2.5-flash', ollama => 'llama3.2');

sub types { return join ' ', map { $_->{type} } grep { $_->{type} ne 'log_update' } @_ }

sub contents { return [map { "$_->{role}: " . ($_->{content} // '') } @_] }

sub asked { return @{ ($mock->requests)[$_[0]]{json}{messages} } }

# --- an answer ---------------------------------------------------------------

my $c = $chat->connect;
my @events = $c->ask('Hello', model => 'echo', thread_id => 'echo');
is(NodeTool::Chat::text(@events), 'You said: Hello', 'echo: the answer');
cmp_ok(scalar(grep { length $_->{content} }
        NodeTool::Chat::of_type('chunk', @events)), '>', 1,
    'echo: in pieces');
is_deeply([map { $_->{thread_id} } @events], [('echo') x @events],
    'echo: each event names the thread');

for my $dialect (sort keys %MODELS) {
    my %head = (provider => $dialect, model => $MODELS{$dialect},
        thread_id => "first-$dialect");
    $mock->forget;
    $mock->script({ text => 'Hi, how are you?', reasoning => 'A greeting.',
        usage => [30, 12] }, { text => 'Good.' });
    @events = $c->ask('Hello', %head);
    my @chunks = grep { !$_->{thinking} } NodeTool::Chat::of_type('chunk', @events);
    is(NodeTool::Chat::text(@events), 'Hi, how are you?', "$dialect: the answer");
    cmp_ok(scalar @chunks, '>', 3, "$dialect: in pieces");
    is_deeply([map { $_->{done} ? 1 : 0 } @chunks], [(0) x $#chunks, 1],
        "$dialect: the last one says so");
    is($chunks[-1]{content}, '', "$dialect: ... and is empty");
    like(types(@events), qr/chunk message$/, "$dialect: then the message");
    is(join('', map { $_->{content} } grep { $_->{thinking} }
            NodeTool::Chat::of_type('chunk', @events)), 'A greeting.',
        "$dialect: thoughts are told apart");
    my $message = $events[-1];
    is_deeply([@$message{qw(role content thread_id provider model)}],
        ['assistant', 'Hi, how are you?', "first-$dialect", $dialect,
            $MODELS{$dialect}], "$dialect: what the message has");
    is_deeply([@{ $message->{usage} }{qw(prompt_tokens completion_tokens)}],
        [30, 12], "$dialect: ... the tokens, too");

    @events = $c->ask('And you?', %head);
    is($events[-1]{content}, 'Good.', "$dialect: a second turn");
    my $body = ($mock->requests)[1]{body};
    like($body, qr/Hello.*how are you.*And you/s, "$dialect: with the first");
    is_deeply(contents($chat->messages("first-$dialect")),
        ['user: Hello', 'assistant: Hi, how are you?', 'user: And you?',
            'assistant: Good.'], "$dialect: kept in the thread");
    is(($chat->messages("first-$dialect"))[3]{id}, $events[-1]{id},
        "$dialect: under the id that was told");
}

# a provider by the model's name
$mock->forget;
$c->ask('x', model => $_) for values %MODELS, 'anthropic/claude-haiku-4-5';
is_deeply([sort map { $_->{dialect} } $mock->requests],
    [sort 'anthropic', 'anthropic', qw(gemini openai ollama)],
    'models name their providers');

my ($thread) = grep { $_->{id} eq 'echo' }
    @{ $chat->op('thread.list')->{json}{threads} };
is($thread->{title}, 'Hello', 'a thread has a title');

@events = $c->ask('No thread', model => 'echo');
my $new = $events[-1]{thread_id};
like($new, qr/^[0-9a-f]{32}$/, 'a thread of its own');
is(scalar $chat->messages($new), 2, '... is kept');

@events = $c->ask([{ type => 'text', text => 'Look' }, { type => 'image_url',
    image => { type => 'image', uri => 'data:image/png;base64,iVBORw0KGgoAAAANSUhE'
        . 'UgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E'
        . 'rkJggg==' } }], model => 'gpt-4o-mini', thread_id => 'parts');
is(($chat->messages('parts'))[0]{content}[0]{text}, 'Look', 'parts are kept');
like(($mock->requests)[-1]{body}, qr{data:image/png;base64,iVBOR},
    '... and sent');

# --- stop --------------------------------------------------------------------

my %head = (model => 'gpt-4o-mini');
my $long = join ' ', map { "word$_" } 1 .. 400;

sub script { $mock->forget; $mock->script(@_); return }

for my $dialect (sort keys %MODELS) {
    my %model = (provider => $dialect, model => $MODELS{$dialect},
        thread_id => "stop-$dialect");
    script({ text => $long, pause => 0.05 });
    my @first = $c->begin('Tell me', %model);
    my $closed = $mock->closed;
    my $start = time;
    $c->send_json({ type => 'stop' });
    my @rest = $c->turn;
    is($rest[-1]{type}, 'generation_stopped', "$dialect: stopped");
    is($rest[-1]{thread_id}, "stop-$dialect", "$dialect: ... and of what");
    $t->wait_for("$dialect: the provider's connection to be closed",
        sub { $mock->closed > $closed }, 5);
    cmp_ok(time - $start, '<', 1, "$dialect: ... within a second");
    my $seen = NodeTool::Chat::text(@first, @rest);
    my @messages = $t->wait_for("$dialect: what was said in the thread", sub {
        my @m = $chat->messages("stop-$dialect");
        return @m > 1 && \@m;
    })->@*;
    is($messages[1]{content}, $seen, "$dialect: what was said is kept");
    ok($c->is_silent(0.2), "$dialect: no more is told");
}

$c->send_json({ type => 'stop' });
is($c->json->{type}, 'generation_stopped', 'nothing to stop');

# a new message takes the place of the one under way
script({ text => $long, pause => 0.05 }, { text => 'Second' });
$c->begin('First', %head, thread_id => 'replace');
$c->send_json({ content => 'Now this', %head, thread_id => 'replace' });
my @replaced = $c->turn;
is($replaced[-1]{type}, 'generation_stopped', 'a new message: stopped');
@replaced = $c->turn;
is($replaced[-1]{content}, 'Second', '... and answered');
is(NodeTool::Chat::text(@replaced), 'Second', '... with nothing of the first');
is_deeply([map { $_->{role} } $chat->messages('replace')],
    [qw(user assistant user assistant)], '... all in the thread');

# one at once after the other: the last one counts
$c->write(join '', map { $c->frame(text => $t->encode({ content => "m$_",
    model => 'echo', thread_id => 'fast' })) } 1 .. 5);
my @fast = $c->json_until(sub { $_[0]{type} eq 'message' });
is(scalar(grep { $_->{type} eq 'generation_stopped' } @fast), 4,
    'five messages at once: four are stopped');
is($fast[-1]{content}, 'You said: m5', '... the last is answered');

# --- regenerate --------------------------------------------------------------

script({ text => 'First try', tool_calls => [{ name => 'calculator',
    arguments => { expression => '1 + 1' } }] }, { text => 'Old' },
    { text => 'New' }, { text => 'Newer' });
$c->ask('A question', %head, thread_id => 'again', tools => ['calculator']);
is(scalar $chat->messages('again'), 4, 'an answer with a tool');
$c->send_json({ type => 'regenerate', thread_id => 'again' });
my @again = $c->turn;
is($again[-1]{content}, 'New', 'regenerated');
is_deeply(contents($chat->messages('again')),
    ['user: A question', 'assistant: New'], '... in the place of the old one');
is_deeply([map { $_->{role} } asked(2)], [qw(system user)],
    '... which the model does not see');
is($mock->{server} && ($mock->requests)[2]{json}{tools}[0]{function}{name},
    'calculator', '... with the tools of the message');
$c->send_json({ type => 'regenerate', thread_id => 'again',
    model => 'claude-sonnet-4-5', provider => 'anthropic', tools => [] });
@again = $c->turn;
is($again[-1]{content}, 'Newer', '... by another model');
is(($mock->requests)[3]{dialect}, 'anthropic', '... as it was asked for');
is($again[-1]{provider}, 'anthropic', '... which the message says');

for my $fault ([{}, 'invalid_message'], [{ thread_id => 'none' }, 'not_found'],
    [{ thread_id => 7 }, 'invalid_message'])
{
    $c->send_json({ type => 'regenerate', %{ $fault->[0] } });
    is($c->json->{error_type}, $fault->[1], "regenerate: $fault->[1]");
    $c->json if $fault->[1] eq 'not_found';    # its last chunk
}
my $empty = $chat->op('thread.create')->{json}{id};
$c->send_json({ type => 'regenerate', thread_id => $empty });
is(($c->turn)[0]{error_type}, 'conflict', 'regenerate: an empty thread');

# --- errors of providers -----------------------------------------------------

my @faults = (
    [{ status => 401, error => 'no such key' }, qr/no such key/],
    [{ status => 400, error => 'bad model' }, qr/bad model/],
    [{ cut => 2, text => $long }, qr/OpenAI/],
    [{ cut => 2, fail => 'overloaded', text => $long }, qr/overloaded/],
);
for my $fault (@faults) {
    my ($reply, $re) = @$fault;
    script($reply, { text => 'Fine' });
    @events = $c->ask('x', %head, thread_id => 'faults');
    my ($error) = NodeTool::Chat::of_type('error', @events);
    like($error->{message}, $re, "a provider's fault: $re");
    is_deeply([@$error{qw(error_type thread_id)}],
        ['provider_error', 'faults'], '... is told as one');
    unlike($error->{message}, qr/key-openai/, '... without the key');
    is_deeply([@{ $events[-1] }{qw(type content done)}],
        ['chunk', '', JSON::PP::true()], '... and the end of the text');
    @events = $c->ask('y', %head, thread_id => 'faults');
    is($events[-1]{content}, 'Fine', '... the conversation goes on');
}

@events = $c->ask('x', model => 'nobodys');
like($events[0]{message}, qr/nobodys.*provider/, "a model of nobody's");
@events = $c->ask('x', model => 'x', provider => 'nobody');
like($events[0]{message}, qr/nobody/, 'a provider that is not there');

# --- several connections, and users ------------------------------------------

script(map { { text => "Answer $_", pause => 0.01 } } 1 .. 4);
my @two = ($c, $chat->connect);
$two[$_]->send_json({ content => "From $_", %head, thread_id => 'shared' })
    for 0, 1;
my @answers = map { ($_->turn)[-1]{content} } @two;
is_deeply([sort @answers], ['Answer 1', 'Answer 2'],
    'two connections: each has its answer');
my @shared = $chat->messages('shared');
is_deeply([sort map { $_->{content} } @shared],
    [sort @answers, 'From 0', 'From 1'], '... and all is in the thread');
is_deeply([map { $_->{id} } @shared], [sort map { $_->{id} } @shared],
    '... in order');

my $other = $chat->connect(user => '2');
script({ text => 'x' });
@events = $other->ask('x', %head, thread_id => 'shared');
is($events[0]{error_type}, 'forbidden', "another user's thread");
$other->send_json({ type => 'regenerate', thread_id => 'shared' });
is(($other->turn)[0]{error_type}, 'forbidden', '... nor his answers');
is(scalar $mock->requests, 0, '... no model was asked');
is(scalar $chat->messages('shared'), 4, '... nothing has changed');
@events = $other->ask('Mine', %head, thread_id => 'mine');
is($events[-1]{content}, 'x', 'he has threads of his own');
is($chat->op('thread.get', thread_id => 'mine')->{status}, 403,
    '... that nobody else has');

# a user's connections do not wait for each other
script({ text => $long, pause => 0.05 }, { text => 'Quick' });
$two[0]->begin('Slow', %head, thread_id => 'slow');
is(($two[1]->ask('Quick?', %head, thread_id => 'quick'))[-1]{content}, 'Quick',
    'turns are independent');
$two[0]->send_json({ type => 'stop' });
$two[0]->turn;

# the client leaves: the answer is in the thread nonetheless
script({ text => 'Later on', pause => 0.05 });
my $gone = $chat->connect;
$gone->begin('Bye', %head, thread_id => 'gone');
$gone->disconnect;
$t->wait_for('the answer in the thread', sub {
    my @m = $chat->messages('gone');
    return @m > 1 && $m[1]{content} eq 'Later on';
});

# --- what is no message ------------------------------------------------------

script();
my @bad = (
    [{ type => 'nonsense' }, 'a type'], [{ role => 'user' }, 'no content'],
    [{ content => '' }, 'an empty one'], [{ content => [] }, 'no parts'],
    [{ content => ['x'] }, 'a part that is none'],
    [{ content => { type => 'text' } }, 'an object'],
    [{ content => 'x', role => 'system' }, 'a role'],
    [{ content => 'x', model => 1 }, 'a model'],
    [{ content => 'x', thread_id => '../x' }, 'a thread'],
    [{ content => 'x', thread_id => 'x' x 129 }, 'a long one'],
    [{ content => 'x', tools => 'calculator' }, 'tools'],
    [{ content => 'x', tools => [1] }, 'a tool'],
    [{ content => 'x', tools => [('x') x 129] }, 'many tools'],
    [{ content => 'x', agent_mode => 'yes' }, 'a mode'],
    [{ content => 'x', collections => [{}] }, 'collections'],
    [{ type => 'client_tools_manifest' }, 'no manifest'],
    [{ type => 'client_tools_manifest', tools => [{ name => 'a b' }] },
        "a tool's name"],
    [{ type => 'client_tools_manifest', tools => [{ name => 'a',
        parameters => 'x' }] }, "a tool's parameters"],
);
for my $bad (@bad) {
    my ($message, $name) = @$bad;
    $c->send_json($message);
    my $reply = $c->json;
    is_deeply([@$reply{qw(type error error_type)}],
        [qw(error invalid_message invalid_message)], "malformed: $name");
    ok(length $reply->{message}, '... and why');
}
for my $text ('{', '[]', '1', '"x"') {
    $c->send_text($text);
    is($c->json->{error}, 'invalid_message', "malformed: $text");
}
$c->send_json({ command => 'nonsense', data => {} });
is($c->json->{error}, 'invalid_command', 'a command');
is(scalar $mock->requests, 0, 'no model was asked');

$c->send_json({ type => 'ping' });
my $pong = $c->json;
is($pong->{type}, 'pong', 'a ping');
cmp_ok(abs($pong->{ts} - time), '<', 5, '... with the time');
$c->send_json({ type => 'pong' });
$c->send_json({ type => 'tool_result', tool_call_id => 'x', result => 1 });
ok($c->is_silent(0.2), 'a pong and a result that nobody waits for');

# newer clients send commands
script({ text => 'By command' });
$c->send_json({ command => 'chat_message', data => { content => 'x', %head,
    thread_id => 'command' } });
my @command = $c->turn;
is_deeply($command[0], { message => 'Chat message processing started',
    thread_id => 'command' }, 'a command is answered');
is($command[-1]{content}, 'By command', '... and carried out');
$c->send_json({ command => 'stop', data => { thread_id => 'command' } });
is($c->json->{type}, 'generation_stopped', 'stop as a command');

# --- a client that reads slowly ----------------------------------------------

# More than may wait for a client: the model has to wait for it.  Its pieces are
# counted only, as to read their JSON takes long.
my $slow = $chat->connect;
$slow->send_json({ content => 'Much', provider => 'vllm', model => 'much',
    thread_id => 'much' });
sleep 1;
my $bytes = 0;
my $event;
while (my $message = $slow->message(30)) {
    $bytes += $message->{payload} =~ tr/x//;
    $event = $message->{payload};
    last if $event =~ /"type": ?"error"/;
}
cmp_ok($bytes, '>=', 20 * 1_800_000, 'a client that reads slowly has it all');
like($event, qr/8 MiB/, '... but an answer of this size is not kept');

# a model that is not waited for: the others have their turn
$gone = $chat->connect;
$gone->send_json({ content => 'ab ' x 300_000, model => 'echo',
    thread_id => 'echo-much' });
$gone->json;
$gone->disconnect;
my $longest = 0;
for (1 .. 20) {
    my $start = time;
    $c->send_json({ type => 'ping' });
    $c->json;
    $longest = time - $start if time - $start > $longest;
}
cmp_ok($longest, '<', 0.4, 'others do not wait for a long answer');
$t->wait_for('its end', sub { $chat->messages('echo-much') == 2 }, 60);

# --- the user's own key, and administrators ----------------------------------

is($t->wire($chat->{engine}, { op => 'secret.put', key => 'OPENAI_API_KEY',
    user => '2' }, '{"value":"key-of-2"}')->{status}, 200, 'a key of his own');
script({ text => 'a' }, { text => 'b' });
$other->ask('x', %head);
$c->ask('x', %head);
is_deeply([map { $_->{headers}{authorization} } $mock->requests],
    ['Bearer key-of-2', 'Bearer key-openai'], '... is used for him');

$t->write_file("$chat->{engine}{home}/workflows/theirs.json", $t->encode({
    %{ NodeTool::Workflows::echo() }, user_id => '2' }));
@events = $c->ask('x', workflow_id => 'theirs', thread_id => 'admin');
is($events[0]{error_type}, 'forbidden', "another user's workflow");
@events = $chat->connect(role => 'admin')
    ->ask('x', workflow_id => 'theirs', thread_id => 'admin');
is($events[-1]{content}[0]{text}, 'x', '... runs for an administrator');

# --- nothing typed is logged -------------------------------------------------

my $log = $t->read_file("$t->{dir}/engine.log");
unlike($log, qr/Tell me|A question|word1|Look/, 'nothing typed is logged');

$t->done;
