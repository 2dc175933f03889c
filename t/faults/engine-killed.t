#!/usr/bin/perl

# An engine is killed in the middle of jobs: another one, or itself when it
# is started again, takes them over; each accepted job ends once.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use NodeTool::Jobs;
use NodeTool::Test;
use NodeTool::Workflows;

my $t = NodeTool::Test->new;
my $nodes = NodeTool::Workflows::slow_nodes($t);
my @args = ('--nodes', $nodes, '--max-running', 4, '--lease-ms', 1000);
$t->redis;

my ($one, $two) = map {
    $t->engine(name => $_, store => 'redis', args => \@args)
} qw(one two);

NodeTool::Workflows::store($t, $one, 'ticks',
    NodeTool::Workflows::ticks(count => 20, ms => 20));
NodeTool::Workflows::store($t, $one, 'slow', NodeTool::Workflows::slow(60000));

sub kill_hard {
    my ($engine) = @_;

    $t->stop($engine, 'KILL');
    return;
}

# A job that was taken over says so once for each time.
sub takeovers {
    my ($events) = @_;

    return scalar grep { $_->[1]{type} eq 'notification' } @$events;
}

# --- another engine takes over -----------------------------------------------

my @jobs = map { NodeTool::Jobs::submit($t, $one, 'ticks') } 1 .. 4;
$t->wait_for('the first job to be under way', sub {
    my $job = $t->wire($two, { op => 'job.get', job_id => $jobs[0] });
    return $job->{json}{status} eq 'running';
});
kill_hard($one);

my $taken = 0;
for my $i (0 .. $#jobs) {
    my $events = NodeTool::Jobs::ended_well($t, $two, $jobs[$i], 'completed',
        "job $i");
    $taken += takeovers($events);
    is($events->[-1][1]{result}{results}{output} ne '', 1,
        "job $i has its result");
}
cmp_ok($taken, '>=', 4, 'all four were taken over, and say so');

# --- nodes that had completed, and one that must not run twice ---------------

$one = $t->engine(name => 'one-again', store => 'redis', args => \@args);
my $effects = $t->dir . '/effects';
my %workflow = (
    between => [['test.Effect', { value => 'between', path => $effects }],
        ['test.Sleep', { ms => 300 }, 'value'],
        ['test.Sleep', { ms => 1500 }, 'value'],
        ['nodetool.output.Output', { name => 'output' }, 'value']],
    within => [['test.Effect', { value => 'within', path => $effects,
            ms => 60000 }],
        ['nodetool.output.Output', { name => 'output' }, 'value']],
);
NodeTool::Workflows::store($t, $one, $_,
    NodeTool::Workflows::chain($_, @{ $workflow{$_} })) for keys %workflow;
my %id = map { ($_ => NodeTool::Jobs::submit($t, $one, $_)) } keys %workflow;
$t->wait_for('the nodes to be under way', sub {
    my $kept = NodeTool::Jobs::redis_cli($t->{redis}, 'LRANGE',
        "nodetool:{jobs}:kept:$id{between}", 0, -1);
    return $kept =~ /"node":"n1","outputs"/
        && $t->read_file('effects') =~ /within/;
});
kill_hard($one);

my $went_on = NodeTool::Jobs::ended_well($t, $two, $id{between}, 'completed',
    'between two nodes');
is($went_on->[-1][1]{result}{output}, 'between', 'its result');
for my $node (qw(n0 n1 n2 n3)) {
    my @completed = grep { $_->[1]{type} eq 'node_update'
        && $_->[1]{node_id} eq $node && $_->[1]{status} eq 'completed' } @$went_on;
    is(scalar @completed, 1, "$node completed once");
}
is(takeovers($went_on), 1, 'one takeover');
my $failed = NodeTool::Jobs::ended_well($t, $two, $id{within}, 'failed',
    'within a node that must not run twice');
like($failed->[-1][1]{error}, qr/must not run twice/, 'it says why');
is($failed->[-1][1]{node_id}, 'n0', 'and where');
is(join(' ', sort split /\n/, $t->read_file('effects')), 'between within',
    'each effect once');

# --- the same engine again, queued jobs too ----------------------------------

kill_hard($two);
$one = $t->engine(name => 'three', store => 'redis', args => \@args);
@jobs = map { NodeTool::Jobs::submit($t, $one, 'ticks') } 1 .. 8;
is(NodeTool::Jobs::get($t, $one, $jobs[7])->{status}, 'queued',
    'some run, some wait');
kill_hard($one);
$two = $t->engine(name => 'four', store => 'redis', args => \@args);
for my $i (0 .. $#jobs) {
    NodeTool::Jobs::ended_well($t, $two, $jobs[$i], 'completed',
        "after the restart, job $i");
}

# --- a job that kills its engine does not do so for ever ---------------------

my $killer = NodeTool::Jobs::submit($t, $two, 'slow');
for my $attempt (1 .. 3) {
    $t->wait_for("attempt $attempt", sub {
        my $seen = NodeTool::Jobs::get($t, $two, $killer);
        return $seen->{status} eq 'running' && ($seen->{attempt} || 1) == $attempt;
    });
    kill_hard($two);
    $two = $t->engine(name => "after$attempt", store => 'redis',
        args => \@args);
}
my $events = NodeTool::Jobs::ended_well($t, $two, $killer, 'failed',
    'lost three times');
like($events->[-1][1]{error}, qr/lost by its engine 3 times/, 'it says why');

# --- a job of a dead engine can be cancelled ---------------------------------

my $dead = NodeTool::Jobs::submit($t, $two, 'slow');
NodeTool::Jobs::wait_status($t, $two, $dead, 'running');
kill_hard($two);
$one = $t->engine(name => 'five', store => 'redis', args => \@args);
is($t->wire($one, { op => 'job.cancel', job_id => $dead })->{status}, 200,
    'cancelled while no engine has it');
NodeTool::Jobs::ended_well($t, $one, $dead, 'cancelled', 'cancelled');

# --- an engine that was away longer than its leases --------------------------

$two = $t->engine(name => 'six', store => 'redis', args => \@args);
@jobs = map { NodeTool::Jobs::submit($t, $one, 'ticks') } 1 .. 3;
kill 'STOP', $one->{pid};
for my $i (0 .. $#jobs) {
    $t->wait_for("job $i to be taken over", sub {
        return (NodeTool::Jobs::get($t, $two, $jobs[$i])->{attempt} || 1) > 1;
    });
}
kill 'CONT', $one->{pid};
for my $i (0 .. $#jobs) {
    for my $engine ($one, $two) {
        NodeTool::Jobs::ended_well($t, $engine, $jobs[$i], 'completed',
            "stopped and back, job $i on $engine->{name}");
    }
}
like($t->read_file($one->{log}), qr/lease was lost, stopped here/,
    'the engine that was away has noticed');

# --- nothing is written under a lease that another engine has -----------------

$one = $t->engine(name => 'seven', store => 'redis', args => ['--nodes',
    $nodes]);
kill_hard($two);
NodeTool::Workflows::store($t, $one, 'nap', NodeTool::Workflows::slow(300));
for my $workflow ('ticks', 'nap') {
    my $id = NodeTool::Jobs::submit($t, $one, $workflow);
    my $key = "nodetool:{jobs}:job:$id";
    $t->wait_for('the first events', sub {
        NodeTool::Jobs::redis_cli($t->{redis}, 'HGET', $key, 'seq') > 0;
    });
    NodeTool::Jobs::redis_cli($t->{redis}, 'HSET', $key, 'owner', 'other:1');
    my $seq = NodeTool::Jobs::redis_cli($t->{redis}, 'HGET', $key, 'seq');
    $t->wait_for('the engine to notice', sub {
        $t->read_file($one->{log}) =~ /job $id: its lease was lost/;
    });
    is(NodeTool::Jobs::redis_cli($t->{redis}, 'HGET', $key, 'seq'), $seq,
        "$workflow: no event under a lost lease");
    is(NodeTool::Jobs::redis_cli($t->{redis}, 'HGET', $key, 'status'),
        'running', "$workflow: nor an end");
}

$t->done;
