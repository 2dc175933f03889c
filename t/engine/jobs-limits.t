#!/usr/bin/perl

# Limits of users and workflows, a queue in which users take turns, and one
# that is full; with each store.

use strict;
use warnings;

use lib 't/lib';

use Test::More;
use Time::HiRes qw(sleep);

use NodeTool::Jobs;
use NodeTool::Test;
use NodeTool::Workflows;

my $t = NodeTool::Test->new;
my $nodes = NodeTool::Workflows::slow_nodes($t);
my $n = 0;

sub engine {
    my ($store, @args) = @_;

    my $engine = $t->engine(name => 'engine' . ++$n, store => $store,
        args => ['--nodes', $nodes, '--lease-ms', 1000, @args]);
    for my $name (qw(one two)) {
        NodeTool::Workflows::store($t, $engine, $name,
            NodeTool::Workflows::slow(60000));
    }
    NodeTool::Workflows::store($t, $engine, 'short',
        NodeTool::Workflows::slow(40));
    NodeTool::Workflows::store($t, $engine, 'second',
        NodeTool::Workflows::slow(1000));
    return $engine;
}

# Submits jobs of a user; their ids.
sub submit {
    my ($engine, $user, $workflow, $count) = @_;

    return grep { defined } map {
        NodeTool::Jobs::submit($t, $engine, $workflow, user => $user)
    } 1 .. $count || 1;
}

sub job {
    my ($engine, $user, $id) = @_;

    return $t->wire($engine, { op => 'job.get', job_id => $id, user => $user })->{json};
}

sub statuses {
    my ($engine, $user, @ids) = @_;

    return join ' ', map { job($engine, $user, $_)->{status} } @ids;
}

sub cancel {
    my ($engine, $user, @ids) = @_;

    $t->wire($engine, { op => 'job.cancel', job_id => $_, user => $user }) for @ids;
    return;
}

sub run {
    my ($engine, $user, $workflow) = @_;

    return $t->wire($engine, { op => 'job.run', workflow_id => $workflow,
        user => $user, events => \1, idempotency_key => 'full' });
}

for my $store (qw(memory redis)) {

    # --- of a user, of a workflow --------------------------------------------

    my $engine = engine($store, '--max-user', 2);
    my @a = submit($engine, 'a', 'one', 4);
    is(statuses($engine, 'a', @a), 'running running queued queued',
        "$store: two jobs of a user");
    is(job($engine, 'a', $a[3])->{queue_position}, 2, "$store: the others wait");
    my @b = submit($engine, 'b', 'one', 2);
    $t->wait_for('those of another user', sub {
        statuses($engine, 'b', @b) eq 'running running' });
    cancel($engine, 'a', $a[0]);
    $t->wait_for('the next one', sub {
        statuses($engine, 'a', @a) eq 'cancelled running running queued' });
    pass("$store: one ends, the next one starts");
    cancel($engine, 'a', @a[1 .. 3]);
    cancel($engine, 'b', @b);
    $t->stop($engine);

    $engine = engine($store, '--max-workflow', 1);
    @a = submit($engine, 'a', 'one', 2);
    @b = submit($engine, 'b', 'one');
    my ($other) = submit($engine, 'a', 'two');
    $t->wait_for('another workflow', sub {
        statuses($engine, 'a', $other) eq 'running' });
    is(statuses($engine, 'a', @a) . ' ' . statuses($engine, 'b', @b),
        'running queued queued', "$store: one job of a workflow");
    cancel($engine, 'a', $a[0]);
    $t->wait_for('the next one', sub {
        statuses($engine, 'a', @a) . ' ' . statuses($engine, 'b', @b)
            =~ /^cancelled (?:running queued|queued running)$/ });
    pass("$store: then another one");
    cancel($engine, 'a', $a[1], $other);
    cancel($engine, 'b', @b);
    is($t->wire($engine, { op => 'health' })->{json}{queued}, 0,
        "$store: nothing is left in the queue");
    $t->stop($engine);

    # --- turns ---------------------------------------------------------------

    $engine = engine($store, '--max-running', 1);
    my @many = submit($engine, 'many', 'short', 40);
    my ($few) = submit($engine, 'few', 'short');
    $t->wait_for('the job of a user with one', sub {
        statuses($engine, 'few', $few) eq 'completed' });
    my $waiting = grep { job($engine, 'many', $_)->{status} eq 'queued' } @many;
    cmp_ok($waiting, '>', 25, "$store: it did not wait for those of another");
    cancel($engine, 'many', reverse @many);
    $t->stop($engine);

    # --- full ----------------------------------------------------------------

    $engine = engine($store, '--max-running', 1, '--max-queued', 3);
    @a = submit($engine, 'a', 'one', 4);
    my $reply = run($engine, 'a', 'one');
    is($reply->{status}, 503, "$store: the queue is full");
    ok($reply->{retry_after}, "$store: try again");
    my @users = map { "user$_" } 1 .. 4;
    my @ids = map { submit($engine, $_, 'one') } @users;
    is(scalar @ids, 3, "$store: one job each of those who have none, up to a point");
    is(scalar(my @second = submit($engine, $users[0], 'one')), 0,
        "$store: and not two");
    cancel($engine, 'a', @a);
    cancel($engine, $users[$_], $ids[$_]) for 0 .. 2;
    $t->stop($engine);
}

# --- over several engines ----------------------------------------------------

my @limits = ('--max-user', 3, '--max-running', 4);
my ($one, $two) = map { engine('redis', @limits) } 1, 2;
my @ids = (submit($one, 'a', 'one', 2), submit($two, 'a', 'one', 2));
is(statuses($one, 'a', @ids), 'running running running queued',
    'a limit holds over all engines');
my $key = 'once';
my %same = map { ($_->{job_id} => 1) } map {
    $t->wire($_, { op => 'job.run', workflow_id => 'short', user => 'b',
        idempotency_key => $key })
} $one, $two, $one;
is(scalar keys %same, 1, 'and a key is known to all');

$t->stop($one, 'KILL');
$t->wait_for('the jobs to go on', sub {
    statuses($two, 'a', @ids) eq 'running running running queued'
        && grep { (job($two, 'a', $_)->{attempt} || 1) > 1 } @ids;
});
pass('an engine is lost, and the limit holds');
cancel($two, 'a', reverse @ids);
is(NodeTool::Jobs::redis_cli($t->{redis}, 'EXISTS', 'nodetool:{jobs}:load'), 0,
    'all ended: nothing counts as running');

# --- engines share -----------------------------------------------------------

$t->stop($two);
my @engines = map { engine('redis', '--max-running', 20) } 1, 2;
$t->wait_for('both to be known', sub {
    NodeTool::Jobs::redis_cli($t->{redis}, 'ZCARD', 'nodetool:{jobs}:engines') >= 2;
});
submit($engines[$_ % 2], 'a', 'second') for 1 .. 40;
my @queued = submit($engines[0], 'a', 'one', 20);
like(statuses($engines[0], 'a', @queued), qr/^(?:queued ?){20}$/, 'all busy');
$t->wait_for('all to run', sub {
    statuses($engines[0], 'a', @queued) =~ /^(?:running ?){20}$/ });
my @share = map { $t->wire($_, { op => 'health' })->{json}{running} } @engines;
cmp_ok($_, '>=', 3, "of 20 jobs one has $_") for @share;
cancel($engines[0], 'a', @queued);

$t->done;
