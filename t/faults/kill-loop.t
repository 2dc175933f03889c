#!/usr/bin/perl

# Three engines behind one nginx, on one Redis: engines are killed and started
# again all the time, Redis now and then, nginx is reloaded, jobs are
# cancelled.  Every job that a client knows of ends once, its events have
# neither gap nor double, completed nodes are not run again, and what must not
# run twice does not.

use strict;
use warnings;

use lib 't/lib';

use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

use NodeTool::Jobs;
use NodeTool::Test;
use NodeTool::Workflows;

my $SECONDS = $ENV{NODETOOL_KILL_SECONDS} || 20;
my $CLIENTS = 16;
my $PATIENCE = 30;    # for a job to end, when the killing is over

my $t = NodeTool::Test->new;
my $dir = $t->dir;
my $nodes = NodeTool::Workflows::slow_nodes($t);
my @redis = (appendonly => 'yes', args => ['--appendfsync', 'always']);
my $redis = $t->redis(@redis);

sub engine {
    my ($i) = @_;

    return $t->engine(name => "engine-$i", store => 'redis', args => ['--nodes',
        $nodes, '--max-running', 6, '--lease-ms', 1000, '--log-level', 'warn']);
}

my @engines = map { engine($_) } 0 .. 2;

my $ng = $t->nginx(<<'CONF', modules => ['base', 'workflow'], http => <<'HTTP');
    nodetool_engine engines;
    location /workflows { nodetool_workflow; }
    location /jobs { nodetool_workflow; }
CONF
    upstream engines {
        server unix:%%DIR%%/engine-0.sock max_fails=0;
        server unix:%%DIR%%/engine-1.sock max_fails=0;
        server unix:%%DIR%%/engine-2.sock max_fails=0;
        keepalive 8;
    }
HTTP

# A node that takes its time before and behind one that must not run twice;
# and a stream.
NodeTool::Workflows::store($t, $engines[0], 'effect', { name => 'Effect',
    graph => { nodes => [
        { id => 'key', type => 'nodetool.input.StringInput',
          data => { name => 'key' } },
        { id => 'a', type => 'test.Sleep', data => { ms => 40 } },
        { id => 'e', type => 'test.Effect', data => { path => "$dir/effects" } },
        { id => 'b', type => 'test.Sleep', data => { ms => 120 } },
        { id => 'o', type => 'nodetool.output.Output', data => { name => 'o' } },
    ], edges => [
        map { my ($from, $to, $handle) = @$_;
              { id => "$from-$to", source => $from, sourceHandle => 'output',
                target => $to, targetHandle => $handle } }
            ['key', 'a', 'value'], ['a', 'e', 'value'], ['e', 'b', 'value'],
            ['b', 'o', 'value']
    ] } });
NodeTool::Workflows::store($t, $engines[0], 'stream',
    NodeTool::Workflows::ticks(count => 12, ms => 15));

# --- clients -----------------------------------------------------------------

# One more look at a job, from where the last one ended. True at its end.
sub look {
    my ($job) = @_;

    my $http = defined $job->{id}
        ? $t->open_request($ng, 'GET', "/jobs/$job->{id}/events",
            timeout => 10, headers => ['Last-Event-ID', $job->{last}])
        : $t->open_request($ng, 'POST', "/workflows/$job->{workflow}/run/stream",
            timeout => 10, headers => ['Idempotency-Key', $job->{key}],
            json => $job->{workflow} eq 'effect' ? { key => $job->{key} } : {});
    if ($http->head != 200) {
        $job->{answers}{ $http->{status} }++;
        return;
    }
    while (my $event = $http->event) {
        return 1 if ($event->{data} || '') eq '[DONE]';
        next if !defined $event->{id};
        my $data = $t->decode($event->{data});
        $job->{wrong} .= "$event->{id} after $job->{last}; "
            if $event->{id} != $job->{last} + 1;
        $job->{last} = $event->{id};
        $job->{id} = $data->{job_id} if $data->{job_id};
        $job->{takeovers}++ if $data->{type} eq 'notification';
        $job->{completed}{ $data->{node_id} }++
            if $data->{type} eq 'node_update' && $data->{status} eq 'completed';
        if ($data->{type} eq 'job_update'
            && $data->{status} =~ /^(?:completed|failed|cancelled)$/)
        {
            $job->{ends}++;
            $job->{status} = $data->{status};
            $job->{error} = $data->{error};
        }
        if ($job->{cancel} && $job->{last} >= 4) {
            $job->{cancel} = 0;
            eval { $t->request($ng, 'POST', "/jobs/$job->{id}/cancel",
                timeout => 10) };
        }
    }
    return;
}

# Runs jobs one after the other until it is told to stop; a line for each.
sub client {
    my ($name) = @_;

    my $file = "$dir/client-$name";
    my $pid = fork;
    die "fork: $!" if !defined $pid;
    return { pid => $pid, file => $file } if $pid;

    my $stop = 0;
    local $SIG{TERM} = sub { $stop ||= time };
    open my $out, '>', $file or POSIX::_exit(1);
    $out->autoflush(1);
    for (my $i = 1; !$stop; $i++) {
        my $job = { key => "$name-$i", last => 0, ends => 0, wrong => '',
            workflow => $i % 3 ? 'effect' : 'stream', cancel => $i % 7 == 0 };
        until (eval { look($job) }) {
            last if $stop && (!defined $job->{id} || time > $stop + $PATIENCE);
            sleep 0.05;
        }
        print {$out} $t->encode($job), "\n" if defined $job->{id};
    }
    POSIX::_exit(0);
}

my @clients = map { client($_) } 1 .. $CLIENTS;

# --- faults ------------------------------------------------------------------

my ($begin, $kills, $restarts, $reloads) = (time, 0, 0, 0);
while (time < $begin + $SECONDS) {
    sleep 0.1 + rand 0.2;
    my $i = int rand @engines;
    $t->stop($engines[$i], 'KILL');
    $kills++;
    if (time > $begin + ($restarts + 1) * $SECONDS / 3 && $restarts < 2) {
        $t->stop($redis, 'KILL');
        sleep 0.3;
        $redis = $t->redis(@redis);
        $restarts++;
    }
    if (time > $begin + ($reloads + 0.5) * $SECONDS / 4) {
        kill 'HUP', $ng->{pid};
        $reloads++;
    }
    sleep 0.1 + rand 0.1;
    $engines[$i] = engine($i);
}
kill 'TERM', map { $_->{pid} } @clients;
waitpid $_->{pid}, 0 for @clients;
diag("$kills engines killed, Redis $restarts times, nginx reloaded $reloads"
    . ' times; ' . int(time - $begin) . ' s');

# --- verdict -----------------------------------------------------------------

my @jobs = map { map { $t->decode($_) } split /\n/, $t->read_file($_->{file}) }
    @clients;
my %effects;
$effects{$_}++ for split /\n/, $t->read_file("$dir/effects");

sub faulty {
    my ($name, $wrong) = @_;

    my @wrong = grep { $wrong->($_) } @jobs;
    is(scalar @wrong, 0, $name) or diag($t->encode($wrong[0]));
    return;
}

cmp_ok(scalar @jobs, '>=', 100, @jobs . ' jobs were acknowledged');
faulty('each has one end', sub { $_[0]{ends} != 1 });
faulty('events without gap or double', sub { $_[0]{wrong} });
faulty('what failed has a reason for it', sub {
    $_[0]{status} eq 'failed' && $_[0]{error}
        !~ /must not run twice|lost by its engine 3 times/;
});
faulty('completed nodes did not run again', sub {
    my $completed = $_[0]{completed} || {};
    $_[0]{workflow} eq 'effect'
        && grep { ($completed->{$_} || 0) > 1 } qw(a e b);
});
faulty('effects: one of a completed job', sub {
    $_[0]{workflow} eq 'effect' && $_[0]{status} eq 'completed'
        && ($effects{ $_[0]{key} } || 0) != 1;
});
is(join(' ', grep { $effects{$_} > 1 } sort keys %effects), '',
    'effects: never two');

my %status;
$status{ $_->{status} }++ for @jobs;
my @moved = grep { $_->{takeovers} } @jobs;
diag(join ', ', (map { "$status{$_} $_" } sort keys %status),
    @moved . ' went on elsewhere, of which '
    . grep({ $_->{status} eq 'completed' } @moved) . ' completed');
cmp_ok($status{completed}, '>', @jobs / 2, 'most completed');
ok($status{cancelled}, 'some were cancelled');
ok(scalar(grep { $_->{status} eq 'completed' } @moved),
    'some completed on another engine than they began on');

# also jobs that nobody was told of end
$t->wait_for('all jobs of Redis to end', sub {
    return !grep { NodeTool::Jobs::redis_cli($redis, 'EXISTS',
        "nodetool:{jobs}:$_") } 'leases', 'wait', 'turns';
}, $PATIENCE);
is(NodeTool::Jobs::redis_cli($redis, 'KEYS', 'nodetool:{jobs}:kept:*'), '',
    'nothing is kept of jobs that have ended');
my @different = grep {
    NodeTool::Jobs::get($t, $engines[0], $_->{id})->{status} ne $_->{status}
} @jobs;
is(scalar @different, 0, 'what a client has seen is what the store has');

$t->done;
