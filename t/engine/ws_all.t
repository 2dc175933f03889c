#!/usr/bin/perl

# /ws: jobs, conversations and statistics on one connection.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use NodeTool::Chat;
use NodeTool::Test;
use NodeTool::Workflows;

my $t = NodeTool::Test->new;
my $nodes = NodeTool::Workflows::slow_nodes($t);
my $chat = NodeTool::Chat->new($t, args => ['--nodes', $nodes]);
NodeTool::Workflows::store($t, $chat->{engine}, greet =>
    NodeTool::Workflows::greet());
NodeTool::Workflows::store($t, $chat->{engine}, slow =>
    NodeTool::Workflows::slow(60_000));
NodeTool::Workflows::store($t, $chat->{engine}, ticks =>
    NodeTool::Workflows::ticks(count => 10, ms => 20));

my $ws = NodeTool::WebSocket->wire($chat->{engine}, path => 'all');
is($ws->{status}, 101, 'a connection');

sub command {
    my ($command, %data) = @_;

    $ws->send_json({ command => $command, data => \%data });
    return;
}

# Messages up to the one that is asked for, without the statistics.
sub until_ {
    my ($code) = @_;

    return grep { ($_->{type} // '') ne 'system_stats' } $ws->json_until(
        sub { ($_[0]{type} // '') ne 'system_stats' && $code->($_[0]) });
}

sub next_ { return (until_(sub { 1 }))[-1] }

sub ended { return ($_[0]{status} // '') =~ /^(?:completed|cancelled|failed)$/
    && $_[0]{type} eq 'job_update' }

sub turn_ended { return ($_[0]{type} // '') eq 'message'
    && $_[0]{role} eq 'assistant' }

# --- each part -----------------------------------------------------------------

my ($stats) = $ws->json_until(sub { ($_[0]{type} // '') eq 'system_stats' });
ok(exists $stats->{stats}{cpu_percent}, 'statistics come by themselves');

command('run_job', workflow_id => 'greet', params => { name => 'you' });
is(next_()->{message}, 'Job started', 'a job');
is((until_(\&ended))[-1]{result}{output}, 'Hello, you!', 'runs');

command('chat_message', role => 'user', content => 'Hi', thread_id => 'a',
    model => 'echo');
my @turn = until_(\&turn_ended);
is(scalar(grep { ($_->{message} // '') eq 'Chat message processing started'
    && $_->{thread_id} eq 'a' } @turn), 1, 'a chat_message is answered');
is(NodeTool::Chat::text(grep { $_->{type} } @turn), 'You said: Hi',
    'and the model says something');
$ws->send_json({ role => 'user', content => 'Bare', thread_id => 'a',
    model => 'echo' });
is(NodeTool::Chat::text(until_(\&turn_ended)), 'You said: Bare',
    'a message without a command');

# --- all at once ---------------------------------------------------------------

command('run_job', workflow_id => 'ticks');
command('chat_message', role => 'user', content => 'Both', thread_id => 'b',
    model => 'echo');
my ($job, $turn);
my @both = until_(sub {
    $job = 1 if ended($_[0]);
    $turn = 1 if turn_ended($_[0]);
    return $job && $turn;
});
my @seqs = map { $_->{job_seq} } grep { $_->{job_seq} } @both;
is("@seqs", join(' ', 1 .. @seqs), 'a job and a turn at a time: its events');
is(NodeTool::Chat::text(grep { $_->{thread_id} && $_->{type} } @both),
    'You said: Both', ' its text');

# --- stop ----------------------------------------------------------------------

command('run_job', workflow_id => 'slow');
my $id = next_()->{job_id};
until_(sub { ($_[0]{type} // '') eq 'node_update' });
command('stop', job_id => $id);
is_deeply(next_(), { type => 'generation_stopped', job_id => $id,
    message => 'Generation stopped by user' }, 'stop of a job');
is(next_()->{message}, 'Job cancellation requested', 'it is cancelled');
is((until_(\&ended))[-1]{status}, 'cancelled', 'to its end');

command('stop', thread_id => 'b');
my $stopped = next_();
is_deeply([@$stopped{qw(type thread_id)}], ['generation_stopped', 'b'],
    'stop of a thread');

# --- what is refused -----------------------------------------------------------

for ([{ command => 'stop', data => {} },
        'job_id or thread_id is required for stop command'],
    [{ command => 'stop' },
        'job_id or thread_id is required for stop command'],
    [{ command => 'chat_message', data => { content => 'x' } },
        'thread_id is required for chat_message command'],
    [{ command => 'cancel_job', data => {} }, 'job_id is required'],
    [{ command => 'nope', data => {} }, 'invalid_command'],
    [{ command => 5 }, 'invalid_command'], [{}, 'invalid_message'],
    [{ type => 'nope' }, 'invalid_message']) {
    $ws->send_json($_->[0]);
    is(next_()->{error}, $_->[1], $t->encode($_->[0]));
}
$ws->send_json({ type => 'ping' });
is(next_()->{type}, 'pong', 'ping is answered once');
command('get_status');
is_deeply(next_(), { active_jobs => [] }, 'get_status');
is(($ws->close(1000))[0], 1000, 'the connection is whole');

# One that has only been looked at.
NodeTool::WebSocket->wire($chat->{engine}, path => 'all')->abort;

$t->done;
