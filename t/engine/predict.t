#!/usr/bin/perl

# /predict on the engine's own socket, with either store: its commands, their
# answers, the events of jobs.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use NodeTool::Graph qw(graph node);
use NodeTool::Jobs;
use NodeTool::Test;
use NodeTool::WebSocket;
use NodeTool::Workflows;

my $t = NodeTool::Test->new;
my $nodes = NodeTool::Workflows::slow_nodes($t);
my $e;

sub store { NodeTool::Workflows::store($t, $e, @_); return }

sub connect_as {
    my ($user, %head) = @_;

    return NodeTool::WebSocket->wire($e, path => 'predict',
        user => $user, base => 'http://host:7777', %head);
}

sub command {
    my ($ws, $command, %data) = @_;

    return $ws->send_json({ command => $command, data => \%data });
}

sub ask { my ($ws, @command) = @_; command($ws, @command); return $ws->json }

sub is_end {
    my ($event) = @_;

    return ($event->{type} // '') eq 'job_update'
        && $event->{status} =~ /^(?:completed|failed|cancelled)$/;
}

# The events of a connection's only job, up to its end.
sub events { my ($ws) = @_; return $ws->json_until(\&is_end) }

# Starts a job that is the connection's only one; its id.
sub run {
    my ($ws, %data) = @_;

    my $reply = ask($ws, 'run_job', %data);
    is($reply->{message}, 'Job started', 'a job starts')
        or diag($t->encode($reply));
    return $reply->{job_id};
}

# Numbers without a gap from $first on, the job's names in each, one end.
sub good_events {
    my ($events, $first, $id, $workflow_id, $name) = @_;

    is(join(',', map { $_->{job_seq} } @$events),
        join(',', $first .. $first + $#$events), "$name: numbers without a gap");
    is(scalar(grep { $_->{job_id} eq $id && $_->{workflow_id} eq $workflow_id }
        @$events), scalar @$events, "$name: the job's names are in each");
    is(scalar(grep { is_end($_) } @$events), 1, "$name: one end");
    return;
}

# --- run_job -------------------------------------------------------------------

sub test_run {
    my $ws = connect_as('1');

    command($ws, 'run_job', workflow_id => 'greet',
        params => { name => 'Ada' }, type => 'run_job_request',
        job_type => 'workflow', auth_token => 'x', api_url => 'http://x',
        user_id => '7', env => {}, messages => undef, graph => undef,
        explicit_types => \0, execution_strategy => 'threaded');
    my $reply = $ws->json;
    my $id = $reply->{job_id};
    is_deeply($reply, { message => 'Job started', workflow_id => 'greet',
        job_id => $id }, 'run_job is answered');
    my @events = events($ws);
    good_events(\@events, 1, $id, 'greet', 'run_job');
    is_deeply([@{ $events[0] }{qw(type status)}], ['job_update', 'running'],
        'then job_update running');
    is($events[-1]{result}{output}, 'Hello, Ada!', 'and the result');
    is(NodeTool::Jobs::get($t, $e, $id)->{user_id}, '1',
        'the user is not the client to choose');

    my $stored = NodeTool::Jobs::events($t, $e, $id);
    is_deeply([map { [$_->[0], { %{ $_->[1] }, job_id => $id,
        workflow_id => 'greet', job_seq => $_->[0] }] } @$stored],
        [map { [$_->{job_seq}, $_] } @events],
        'the events are those of the job');

    command($ws, 'run_job', workflow_id => 'greet', params => undef,
        explicit_types => \1);
    $id = $ws->json->{job_id};
    @events = events($ws);
    good_events(\@events, 1, $id, 'greet', 'explicit types');
    is_deeply($events[-1]{result}, { output => { type => 'string',
        value => 'Hello, World!' }, results => { output => {
        type => 'string', value => 'Hello, World!' } } },
        'values tell their types');

    for ([{}, qr/^workflow_id is required$/], [{ workflow_id => 'nope' },
            qr/^Workflow not found: nope$/],
        [{ workflow_id => 'greet', params => [] }, qr/params must be an object/],
        [{ workflow_id => 'greet', params => { x => 1 } }, qr/"?x"?/],
        [{ workflow_id => 'broken' }, qr/graph is invalid: .*gone/],
        [{ workflow_id => 'theirs' }, qr/another user/]) {
        my ($data, $error) = @$_;
        $reply = ask($ws, 'run_job', %$data);
        like($reply->{error}, $error, 'refused: ' . $t->encode($data));
        is($reply->{workflow_id}, $data->{workflow_id}, ' names the workflow');
    }
    is(($ws->close(1000))[0], 1000, 'the connection is whole');
    return;
}

sub test_own_graph {
    my $ws = connect_as('1');
    my $graph = NodeTool::Workflows::greet()->{graph};

    my $id = run($ws, graph => $graph, params => { name => 'Own' });
    my @events = events($ws);
    good_events(\@events, 1, $id, '', 'a graph without a workflow');
    is($events[-1]{result}{output}, 'Hello, Own!', 'it has run');

    $id = run($ws, graph => $graph, workflow_id => 'unsaved');
    @events = events($ws);
    good_events(\@events, 1, $id, 'unsaved', 'a graph beside its id');

    for ([{ graph => [] }, qr/graph/], [{ graph => 'x' }, qr/graph/],
        [{ graph => { nodes => [{ id => 'a', type => 'gone' }], edges => [] } },
            qr/gone/],
        [{ graph => $graph, workflow_id => '../x' }, qr/workflow_id/]) {
        my ($data, $error) = @$_;
        like(ask($ws, 'run_job', %$data)->{error}, $error, 'refused');
    }
    $ws->close;
    return;
}

# --- watching ------------------------------------------------------------------

# From every number, while the job runs and after.
sub test_reconnect {
    my $one = connect_as('1');
    my $id = run($one, workflow_id => 'ticks');
    my @tabs;

    my @first = $one->json_until(sub { $_[0]{job_seq} == 8 });
    for my $seq (undef, 0 .. 7) {
        my $tab = connect_as('1');
        command($tab, 'reconnect_job', job_id => $id,
            defined $seq ? (last_seq => $seq) : ());
        is_deeply($tab->json, { message => "Reconnecting to job $id",
            job_id => $id, workflow_id => 'ticks' }, 'reconnect_job');
        my $resumed = $tab->json;
        cmp_ok(delete $resumed->{replay_count}, '>=', 8 - ($seq // 0),
            ' so many are replayed');
        is_deeply($resumed, { type => 'job_resumed', job_id => $id,
            workflow_id => 'ticks', status => 'running',
            last_seq => $seq // 0 }, ' job_resumed');
        push @tabs, [$tab, $seq // 0];
    }

    my @all = (@first, events($one));
    good_events(\@all, 1, $id, 'ticks', 'the first tab');
    for (@tabs) {
        my ($tab, $seq) = @$_;
        my @rest = events($tab);
        is_deeply(\@rest, [@all[$seq .. $#all]], "all behind $seq");
        $tab->close;
    }

    for my $seq (0, 5, $#all, scalar @all, 1000) {
        command($one, 'reconnect_job', job_id => $id, last_seq => $seq);
        $one->json;
        my $resumed = $one->json;
        my $left = $seq > @all ? 0 : @all - $seq;
        is_deeply([@$resumed{qw(status replay_count)}], ['completed', $left],
            "it has ended: behind $seq");
        my @rest = $left ? events($one) : ();
        is_deeply(\@rest, $left ? [@all[$seq .. $#all]] : [], ' the rest');
    }

    command($one, 'resume_job', job_id => $id, last_seq => 3);
    is_deeply($one->json, { message => "Resumption initiated for job $id",
        job_id => $id, workflow_id => 'ticks' }, 'resume_job');
    is_deeply([@{ $one->json }{qw(type status last_seq)}],
        ['job_resumed', 'completed', 3], ' job_resumed');
    is_deeply([events($one)], [@all[3 .. $#all]], ' and what comes behind');

    is_deeply(ask($one, 'reconnect_job', job_id => 'f' x 32,
        workflow_id => 'w'), { error => 'Job not found', job_id => 'f' x 32,
        workflow_id => 'w' }, 'no such job');
    for my $last (-1, 'x', 1.5) {
        like(ask($one, 'reconnect_job', job_id => $id,
            last_seq => $last)->{error}, qr/last_seq/, 'a bad last_seq');
    }
    $one->close;
    return;
}

# The same job again on the same connection: the new watch is the only one.
sub test_again {
    my $ws = connect_as('1');
    my $id = run($ws, workflow_id => 'ticks');

    $ws->json_until(sub { $_[0]{job_seq} == 5 });
    command($ws, 'reconnect_job', job_id => $id, last_seq => 2);
    my @rest = $ws->json_until(\&is_end);
    my ($at) = grep { ($rest[$_]{type} // '') eq 'job_resumed' } 0 .. $#rest;
    my @behind = @rest[$at + 1 .. $#rest];
    good_events(\@behind, 3, $id, 'ticks', 'watched anew');
    is(ask($ws, 'get_status', job_id => $id)->{status}, 'completed',
        'and nothing comes twice');
    $ws->close;
    return;
}

# Closing leaves the job running; others of the connection go on.
sub test_outlives {
    my $ws = connect_as('1');
    my $id = run($ws, workflow_id => 'ticks');

    $ws->json;
    $ws->abort;
    my $other = connect_as('1');
    command($other, 'reconnect_job', job_id => $id);
    $other->json for 1 .. 2;
    my @events = events($other);
    good_events(\@events, 1, $id, 'ticks', 'a job outlives its connection');
    is($events[-1]{status}, 'completed', 'and completes');
    $other->close;
    return;
}

sub test_several {
    my $ws = connect_as('1');
    my (%events, %ended);

    command($ws, 'run_job', workflow_id => 'ticks') for 1 .. 5;
    command($ws, 'run_job', workflow_id => 'greet');
    my @all = $ws->json_until(sub {
        $ended{ $_[0]{job_id} } = 1 if is_end($_[0]);
        return keys %ended == 6;
    });
    my @started = grep { ($_->{message} // '') eq 'Job started' } @all;
    is(scalar @started, 6, 'six jobs on a connection');
    push @{ $events{ $_->{job_id} } }, $_ for grep { $_->{type} } @all;
    for my $job (@started) {
        good_events($events{ $job->{job_id} }, 1, $job->{job_id},
            $job->{workflow_id}, 'one of six');
    }
    my ($quick) = grep { $_->{workflow_id} eq 'greet' } @started;
    my ($end) = grep { is_end($all[$_])
        && $all[$_]{job_id} eq $quick->{job_id} } 0 .. $#all;
    cmp_ok($end, '<', @all - 20, 'a short one does not wait for the others');
    $ws->close;
    return;
}

# Two jobs with more than a slow peer can take: both go on when it reads.
sub test_slow {
    my ($slow, $quick) = (connect_as('1'), connect_as('1'));
    my (%events, %ended, @ids);

    command($slow, 'run_job', workflow_id => 'flood') for 1 .. 2;
    my @first = $slow->json_until(sub {
        push @ids, $_[0]{job_id} if ($_[0]{message} // '') eq 'Job started';
        return @ids == 2;
    });
    for my $id (@ids) {
        command($quick, 'reconnect_job', job_id => $id);
        $quick->json for 1 .. 2;
        my @events = events($quick);
        good_events(\@events, 1, $id, 'flood', 'one who reads');
        $events{$id}{quick} = \@events;
    }
    my @rest = $slow->json_until(sub {
        $ended{ $_[0]{job_id} } = 1 if is_end($_[0]);
        return keys %ended == 2;
    });
    push @{ $events{ $_->{job_id} }{slow} }, $_
        for grep { $_->{type} } @first, @rest;
    for my $id (@ids) {
        is_deeply($events{$id}{slow}, $events{$id}{quick},
            'one who has slept gets all of it');
    }
    $_->close for $slow, $quick;
    return;
}

# --- cancel_job, get_status ------------------------------------------------------

sub test_cancel {
    my ($ws, $other) = (connect_as('1'), connect_as('1'));
    my $id = run($ws, workflow_id => 'slow');

    $ws->json_until(sub { $_[0]{type} eq 'node_update' });
    is_deeply(ask($other, 'cancel_job', job_id => $id),
        { message => 'Job cancellation requested', job_id => $id,
          workflow_id => 'slow' }, 'cancelled from another tab');
    my @end = events($other);
    is(scalar @end, 1, 'which gets the end only');
    is($end[0]{status}, 'cancelled', ' cancelled');
    my @events = events($ws);
    is_deeply($events[-1], $end[0], 'and so does the first tab');
    is_deeply(ask($ws, 'cancel_job', job_id => $id),
        { error => 'Job not found or already completed', job_id => $id,
          workflow_id => undef }, 'not twice');

    $id = run($ws, workflow_id => 'slow');
    $ws->json;
    command($ws, 'cancel_job', job_id => $id);
    @events = events($ws);
    is(scalar(grep { ($_->{message} // '') eq 'Job cancellation requested' }
        @events), 1, 'from its own tab');
    is($events[-1]{status}, 'cancelled', 'the end comes there, too');

    # one that waits in the queue
    my @ids;
    for (0 .. 6) {
        command($ws, 'run_job', workflow_id => 'slow');
        push @ids, ($ws->json_until(sub { $_[0]{message} }))[-1]{job_id};
    }
    $t->wait_for('the queue', sub {
        ask($other, 'get_status', job_id => $ids[6])->{status} eq 'queued' });
    command($ws, 'cancel_job', job_id => $ids[6]);
    @events = $ws->json_until(\&is_end);
    is($events[-1]{job_id}, $ids[6], 'a queued one is cancelled');

    my %active = map { $_->{job_id} => $_ }
        @{ ask($other, 'get_status')->{active_jobs} };
    is_deeply(\%active, { map { $_ => { job_id => $_, status => 'running',
        workflow_id => 'slow' } } @ids[0 .. 5] }, 'get_status of all');
    is_deeply(ask($other, 'get_status', job_id => $ids[0]),
        { job_id => $ids[0], status => 'running', workflow_id => 'slow' },
        'of one');
    is_deeply(ask($other, 'get_status', job_id => 'nope'),
        { job_id => 'nope', status => 'not_found' }, 'of none');
    command($ws, 'cancel_job', job_id => $_) for @ids[0 .. 5];
    events($ws) for 0 .. 5;
    is_deeply(ask($other, 'get_status'), { active_jobs => [] }, 'none left');
    $_->close for $ws, $other;
    return;
}

sub test_owner {
    my ($ws, $other, $admin) = (connect_as('1'), connect_as('2'),
        connect_as('3', role => 'admin'));
    my $id = run($ws, workflow_id => 'mic');

    is(ask($other, $_, job_id => $id)->{error},
        'The job belongs to another user', "another user's job: $_")
        for qw(reconnect_job resume_job);
    is(ask($other, 'cancel_job', job_id => $id)->{error},
        'Job not found or already completed', ' cancel_job');
    is(ask($other, 'get_status', job_id => $id)->{status}, 'not_found',
        ' get_status');
    is_deeply(ask($other, 'get_status'), { active_jobs => [] }, ' all of them');
    is(ask($other, 'stream_input', job_id => $id, input => 'mic',
        value => 'x')->{error}, 'No active job/context', ' stream_input');
    is(ask($ws, 'get_status', job_id => $id)->{type}, 'job_update',
        'it has not stopped');
    is(ask($admin, 'get_status', job_id => $id)->{status}, 'running',
        'an administrator sees it');
    is(ask($admin, 'cancel_job', job_id => $id)->{message},
        'Job cancellation requested', 'and may cancel it');
    is((events($admin))[-1]{status}, 'cancelled', 'to the end');
    $_->close for $ws, $other, $admin;
    return;
}

# --- stream_input ----------------------------------------------------------------

sub test_input {
    my $ws = connect_as('1');
    my $id = run($ws, workflow_id => 'mic');

    $ws->json;
    my @values = ({ type => 'chunk', content => 'a', done => \0 }, 'b', 3);
    my @answers;
    for my $value (@values) {
        command($ws, 'stream_input', job_id => $id, input => 'mic',
            value => $value, handle => ref $value ? 'chunk' : undef);
        push @answers, ($ws->json_until(sub { !$_[0]{type} }))[-1];
    }
    is_deeply($answers[0], { message => 'Input item streamed', job_id => $id,
        workflow_id => 'mic' }, 'a chunk is fed');
    for ([{ input => 'nope', value => 1 }, qr/no input "nope"/],
        [{ input => ' ' }, qr/^Invalid input name$/],
        [{}, qr/^Invalid input name$/],
        [{ input => 5 }, qr/^Invalid input name$/]) {
        my ($data, $error) = @$_;
        command($ws, 'stream_input', job_id => $id, %$data);
        like(($ws->json_until(sub { !$_[0]{type} }))[-1]{error}, $error,
            'refused');
    }
    command($ws, 'end_input_stream', job_id => $id, input => 'mic');
    my @events = events($ws);
    is(scalar(grep { ($_->{message} // '') eq 'Input stream ended' } @events),
        1, 'it ends');
    is($events[-1]{status}, 'completed', 'and so does the job');
    like(ask($ws, 'stream_input', job_id => $id, input => 'mic',
        value => 'x')->{error}, qr/has ended/, 'too late');
    is(ask($ws, $_)->{error}, 'job_id is required', "$_ without a job")
        for qw(stream_input end_input_stream cancel_job reconnect_job
            resume_job);
    $ws->close;
    return;
}

# --- messages that are none ------------------------------------------------------

sub test_messages {
    my $ws = connect_as('1');

    for my $text ('', '{', 'null', '[]', '5', '"x"', '{"command":"a"} x',
        '{}', '{"type":"x"}', '{"data":{}}', '{"type":5}') {
        $ws->send_text($text);
        is($ws->json->{error}, 'invalid_message', "invalid: $text");
    }
    for my $text ('{"command":"nope"}', '{"command":5}', '{"command":null}',
        '{"command":"run_job","data":5}', '{"command":"run_job","data":[]}',
        '{"command":""}', '{"command":"RUN_JOB","data":{}}') {
        $ws->send_text($text);
        is($ws->json->{error}, 'invalid_command', "no command: $text");
    }
    $ws->send_text('{"command":"get_status"}');
    is_deeply($ws->json, { active_jobs => [] }, 'data may be missing');
    $ws->send_json({ type => 'pong' });
    $ws->send_json({ type => 'ping' });
    my $pong = $ws->json;
    is($pong->{type}, 'pong', 'ping is answered');
    cmp_ok(abs($pong->{ts} - time), '<', 10, ' with the time');
    is_deeply(ask($ws, 'clear_models'),
        { message => 'This server keeps no models in memory' }, 'clear_models');
    is(ask($ws, 'set_mode', mode => 'x')->{error},
        'mode must be binary or text', 'no mode');
    is_deeply(ask($ws, 'set_mode', mode => 'text'),
        { message => 'Mode set to text' }, 'set_mode');
    is(($ws->close(1000))[0], 1000, 'the connection has lived through all of it');
    return;
}

my %workflows = (
    greet => NodeTool::Workflows::greet(),
    ticks => NodeTool::Workflows::ticks(count => 12, ms => 25),
    flood => NodeTool::Workflows::ticks(count => 90, size => 20_000),
    slow => NodeTool::Workflows::slow(60_000),
    broken => { name => 'x', graph => graph([node(a => 'gone.Type')]) },
    theirs => { %{ NodeTool::Workflows::greet() }, user_id => '9' },
    mic => { name => 'mic', graph => graph(
        [node(i => 'nodetool.input.RealtimeAudioInput', name => 'mic'),
         node(l => 'nodetool.control.Collect'),
         node(o => 'nodetool.output.Output', name => 'output')],
        'i.chunk>l.input_item', 'l.output>o.value') },
);

for my $store (qw(memory redis)) {
    $e = $t->engine(name => "engine-$store", store => $store,
        args => ['--nodes', $nodes, '--max-running', 6, '--max-user', 6]);
    store($_ => $workflows{$_}) for keys %workflows;
    subtest $store => sub {
        test_messages();
        test_run();
        test_own_graph();
        test_reconnect();
        test_again();
        test_outlives();
        test_several();
        test_slow();
        test_owner();
        test_input();
        test_cancel();
    };
}
$t->done;
