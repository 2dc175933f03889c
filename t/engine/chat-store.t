#!/usr/bin/perl

# /chat with threads in Redis: they outlive engines, several engines write one
# thread, a stop of the engine waits for turns, a store that is away.

use strict;
use warnings;

use lib 't/lib';

use Test::More;
use Time::HiRes qw(time);

use NodeTool::Chat;
use NodeTool::Test;

my $t = NodeTool::Test->new;
my $chat = NodeTool::Chat->new($t, store => 'redis', name => 'first');
my $mock = $chat->{mock};
my %head = (model => 'gpt-4o-mini', thread_id => 'kept');

sub contents { return [map { "$_->{role}: $_->{content}" } @_] }
sub script { $mock->forget; $mock->script(@_); return }

my $c = $chat->connect;
script({ text => 'Hello, you' });
my @events = $c->ask('Hello', %head);
is($events[-1]{content}, 'Hello, you', 'an answer');

# another engine has the same threads
my $second = NodeTool::Chat->new($t, store => 'redis', name => 'second',
    mock => $mock);
is_deeply(contents($second->messages('kept')),
    ['user: Hello', 'assistant: Hello, you'], 'another engine sees it');
my @both = ($c, $second->connect);
script(map { { text => "Answer $_", pause => 0.01 } } 1 .. 10);
for my $round (1 .. 5) {
    $both[$_]->send_json({ content => "Question $round from $_", %head })
        for 0, 1;
    for (@both) {
        my @turn = $_->turn;
        is($turn[-1]{type}, 'message', "round $round: an answer");
    }
}
my @messages = $second->messages('kept');
is(scalar @messages, 22, 'two engines write one thread: nothing is lost');
my %ids = map { $_->{id} => 1 } @messages;
is(scalar keys %ids, 22, '... and each message has an id of its own');
is_deeply([map { $_->{id} } @messages], [sort keys %ids], '... in order');

my @pages;
my $cursor;
do {
    my $page = $chat->op('message.list', thread_id => 'kept', limit => 5,
        ($cursor ? (cursor => $cursor) : ()))->{json};
    push @pages, @{ $page->{messages} };
    $cursor = $page->{next};
} while ($cursor && @pages < 50);
is_deeply(\@pages, \@messages, 'page by page it is the same');
my $last = $chat->op('message.list', thread_id => 'kept', limit => 3,
    reverse => \1)->{json};
is_deeply($last->{messages}, [reverse @messages[-3 .. -1]],
    'the newest first, when asked for');

# regenerate, across engines
script({ text => 'Better' });
$both[1]->send_json({ type => 'regenerate', thread_id => 'kept',
    model => 'gpt-4o-mini' });
is(($both[1]->turn)[-1]{content}, 'Better', 'regenerate');
is(($chat->messages('kept'))[-1]{content}, 'Better', '... for all');

# an engine that is told to stop lets turns end
script({ text => join(' ', 1 .. 20), pause => 0.05 });
$c->begin('Count', %head, thread_id => 'drain');
kill TERM => $chat->{engine}{pid};
my ($code) = $c->closed;
is($code, 1001, 'an engine that stops says so');
$t->wait_for('the engine to stop',
    sub { defined $t->wait_exit($chat->{engine}, 0) });
is_deeply(contents($second->messages('drain')),
    ['user: Count', 'assistant: ' . join ' ', 1 .. 20],
    '... after the turn has ended');

# one that may not wait keeps what was said
my $hasty = NodeTool::Chat->new($t, store => 'redis', name => 'hasty',
    mock => $mock, args => ['--drain', 0]);
script({ text => join(' ', 1 .. 200), pause => 0.05 });
my @begun = $hasty->connect->begin('Count', %head, thread_id => 'hasty');
kill TERM => $hasty->{engine}{pid};
$t->wait_for('the engine to stop',
    sub { defined $t->wait_exit($hasty->{engine}, 0) });
my @hasty = $second->messages('hasty');
is(scalar @hasty, 2, 'an engine that may not wait');
like(join(' ', 1 .. 200), qr/^\Q$hasty[1]{content}\E/, '... keeps what was said');

# a kill takes nothing that was told
my $killed = NodeTool::Chat->new($t, store => 'redis', name => 'killed',
    mock => $mock);
script({ text => 'Told' });
my @told = $killed->connect->ask('Quick', %head, thread_id => 'killed');
kill KILL => $killed->{engine}{pid};
is(($second->messages('killed'))[-1]{id}, $told[-1]{id},
    'what was told outlives a kill');

# The end of an answer is told when it is kept: the next message may follow it
# at once, and stops nothing.
my $prompt = $second->connect;
script({ text => 'One two', pause => 0.1 }, map { { text => 'Yes' } } 1 .. 20);
$prompt->begin('Slow', %head, thread_id => 'prompt');
kill STOP => $t->{redis}{pid};
my $seen = join ' ', map { $_->{done} ? 'done' : $_->{type} }
    $prompt->json_until(sub { ($_[0]{type} // '') eq 'log_update' });
ok($prompt->is_silent(0.3), 'an answer that is not kept has no end');
unlike($seen, qr/done/, '... before that, either');
kill CONT => $t->{redis}{pid};
my @ends = map { $_->{type} } $prompt->turn;
is_deeply(\@ends, ['chunk', 'message'], '... it comes then');
my $stopped = 0;
for (1 .. 20) {
    $prompt->send_json({ content => 'Next', %head, thread_id => 'prompt' });
    $stopped += NodeTool::Chat::of_type('generation_stopped',
        $prompt->json_until(sub { $_[0]{done} }, 5));
}
is($stopped, 0, 'who writes at the end of an answer stops nothing');

# without the store
$t->expect_log(qr/redis|threads|store/);
$t->stop($t->{redis});
script({ text => 'x' });
@events = $both[1]->ask('Anybody?', %head);
is($events[0]{error_type}, 'service_unavailable', 'a store that is away');
is(scalar $mock->requests, 0, '... no model is asked');

$t->done;
