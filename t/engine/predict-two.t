#!/usr/bin/perl

# /predict with two engines on one Redis: a job runs on one, its watchers,
# feeders and followers are on the other; then its engine is killed.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use NodeTool::Graph qw(graph node);
use NodeTool::Test;
use NodeTool::WebSocket;
use NodeTool::Workflows;

my $t = NodeTool::Test->new;
my $nodes = NodeTool::Workflows::slow_nodes($t);
$t->redis;
my ($one, $two) = map {
    $t->engine(name => $_, store => 'redis', args => ['--nodes', $nodes,
        '--max-running', 2, '--lease-ms', 1000])
} qw(one two);
NodeTool::Workflows::store($t, $one, mic => { name => 'mic', graph => graph(
    [node(i => 'nodetool.input.RealtimeAudioInput', name => 'mic'),
     node(l => 'nodetool.control.Collect'),
     node(o => 'nodetool.output.Output', name => 'output')],
    'i.chunk>l.input_item', 'l.output>o.value') });

sub connect_to {
    my ($engine, %head) = @_;

    return NodeTool::WebSocket->wire($engine, path => 'predict', %head);
}

sub command {
    my ($ws, $command, %data) = @_;

    return $ws->send_json({ command => $command, data => \%data });
}

# The next answer to a command; events before it are kept in $ws->{events}.
sub answer {
    my ($ws) = @_;

    my @all = $ws->json_until(sub { !$_[0]{type} });
    my $answer = pop @all;
    push @{ $ws->{events} }, @all;
    return $answer;
}

sub ask { my ($ws, @command) = @_; command($ws, @command); return answer($ws) }

sub end {
    my ($ws) = @_;

    push @{ $ws->{events} }, $ws->json_until(sub {
        ($_[0]{status} // '') =~ /^(?:completed|failed|cancelled)$/
            && $_[0]{type} eq 'job_update' });
    return $ws->{events}[-1];
}

sub numbers {
    my ($ws) = @_;

    return join ' ', map { $_->{job_seq} // () } @{ $ws->{events} };
}

# --- watched, fed and cancelled from the other engine ------------------------------

my ($here, $there) = (connect_to($one), connect_to($two));
my $updates = NodeTool::WebSocket->wire($two, path => 'updates');

# until the engines know that somebody listens
my $probe = 0;
$t->wait_for('the follower', sub {
    my $graph = graph([node(c => 'nodetool.constant.Integer', value => 1),
        node(o => 'nodetool.output.Output', name => 'o')], 'c.output>o.value');
    my $ws = connect_to($one);
    ask($ws, 'run_job', graph => $graph, workflow_id => 'probe');
    end($ws);
    $ws->close;
    my $message = $updates->json;
    return $message->{type} eq 'job_update';
});

my $id = ask($here, 'run_job', workflow_id => 'mic')->{job_id};
is(ask($there, 'reconnect_job', job_id => $id)->{message},
    "Reconnecting to job $id", 'watched from the other engine');
for my $value ('a', { type => 'chunk', content => 'b' }, undef, [1]) {
    is(ask($there, 'stream_input', job_id => $id, input => 'mic',
        value => $value)->{message}, 'Input item streamed', 'fed from there');
}
is(ask($here, 'stream_input', job_id => $id, input => 'mic',
    value => 'c')->{message}, 'Input item streamed', 'and from here');
like(ask($there, 'stream_input', job_id => $id, input => 'nope',
    value => 1)->{error}, qr/^The workflow has no input "nope"/,
    'what is wrong is told there, too');
like(ask($there, 'stream_input', job_id => $id, input => 'mic',
    value => 'x' x 1_100_000)->{error}, qr/at most 1 MiB/, 'a large value');
is(ask(connect_to($two, user => '2'), 'stream_input', job_id => $id,
    input => 'mic', value => 1)->{error}, 'No active job/context',
    "another user's job");
is(ask($there, 'end_input_stream', job_id => $id, input => 'mic')->{message},
    'Input stream ended', 'it is ended from there');

is_deeply(end($there)->{result}{output},
    ['a', { type => 'chunk', content => 'b' }, undef, [1], 'c'],
    'the values have come, in their order');
end($here);
is(numbers($there), numbers($here), 'both have all events');
like(ask($there, 'stream_input', job_id => $id, input => 'mic',
    value => 1)->{error}, qr/has ended/, 'it has ended');

my @told;
$updates->json_until(sub {
    push @told, $_[0] if ($_[0]{job_id} // '') eq $id;
    return @told == 2;
});
is_deeply([map { $_->{status} } @told], ['running', 'completed'],
    '/updates of the other engine has told of it');

$id = ask($here, 'run_job', workflow_id => 'mic')->{job_id};
is(ask($there, 'cancel_job', job_id => $id)->{message},
    'Job cancellation requested', 'cancelled from there');
is(end($there)->{status}, 'cancelled', 'its end comes there');
is(end($here)->{status}, 'cancelled', 'and here');

# --- a queued one with a graph of its own goes to whoever has room ------------------

my @busy = map { ask($here, 'run_job', workflow_id => 'mic')->{job_id} } 1 .. 2;
my $graph = graph([node(i => 'nodetool.input.RealtimeAudioInput', name => 'mic'),
    node(l => 'nodetool.control.Collect'),
    node(o => 'nodetool.output.Output', name => 'output')],
    'i.chunk>l.input_item', 'l.output>o.value');
my $third = connect_to($one);
$id = ask($third, 'run_job', graph => $graph, workflow_id => 'unsaved')->{job_id};
$third->{events} = [$third->json_until(sub { $_[0]{status} eq 'running' })];
is($third->{events}[0]{status}, 'queued', 'a third one waits');
is(ask($third, 'stream_input', job_id => $id, input => 'mic',
    value => 'far')->{message}, 'Input item streamed',
    'the other engine has taken it, with its graph; its inputs are open');
ask($third, 'end_input_stream', job_id => $id, input => 'mic');
is_deeply(end($third)->{result}{output}, ['far'], 'and it completes');
is(numbers($third), join(' ', 1 .. @{ $third->{events} }),
    'numbers without a gap');

# --- the engine is killed --------------------------------------------------------

my ($watcher, $fed) = (connect_to($two), connect_to($two));
command($watcher, 'reconnect_job', job_id => $busy[0]);
ask($fed, 'reconnect_job', job_id => $busy[1]);
ask($fed, 'stream_input', job_id => $busy[1], input => 'mic', value => 'x');
push @{ $fed->{events} }, $fed->json_until(sub {
    $_[0]{type} eq 'edge_update' });
kill 'KILL', $one->{pid};
$t->wait_exit($one, 5);
push @{ $watcher->{events} }, $watcher->json_until(sub {
    ($_[0]{content} // '') =~ /moved to another engine/ });
is(ask($watcher, 'stream_input', job_id => $busy[0], input => 'mic',
    value => 'late')->{message}, 'Input item streamed',
    'one that was not fed yet goes on, its inputs are open');
ask($watcher, 'end_input_stream', job_id => $busy[0], input => 'mic');
is_deeply(end($watcher)->{result}{output}, ['late'], 'and completes');
is(numbers($watcher), join(' ', 1 .. $watcher->{events}[-1]{job_seq}),
    'its events have no gap');
is(end($fed)->{status}, 'failed',
    'one that was fed fails: what it had is nowhere else');
is(numbers($fed), join(' ', 1 .. $fed->{events}[-1]{job_seq}),
    'its events have no gap, either');
$_->close for $watcher, $fed, $there;
$t->done;
