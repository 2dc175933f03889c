#!/usr/bin/perl

# /chat: answers that stream, threads, stop, regenerate, faults.

use strict;
use warnings;

use lib 't/lib';

use Test::More;
use Time::HiRes qw(time);

use NodeTool::Chat;
use NodeTool::Test;

my $t = NodeTool::Test->new;
my $chat = NodeTool::Chat->new($t);
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

$t->done;
