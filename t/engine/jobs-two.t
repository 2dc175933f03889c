#!/usr/bin/perl

# Two engines on one Redis: each sees, watches and cancels the other's jobs,
# and one that stops hands its jobs over.

use strict;
use warnings;

use lib 't/lib';

use IO::Socket::UNIX;
use Test::More;
use Time::HiRes qw(time);

use NodeTool::Jobs;
use NodeTool::Test;
use NodeTool::Workflows;

my $t = NodeTool::Test->new;
my $nodes = NodeTool::Workflows::slow_nodes($t);
$t->redis;

my @engines = map {
    $t->engine(name => $_, store => 'redis', args => ['--nodes', $nodes,
        '--max-running', 2, '--lease-ms', 2000, '--drain', 1])
} qw(one two);
my ($one, $two) = @engines;

NodeTool::Workflows::store($t, $one, 'echo', NodeTool::Workflows::echo());
NodeTool::Workflows::store($t, $one, 'slow', NodeTool::Workflows::slow(60000));
NodeTool::Workflows::store($t, $one, 'ticks',
    NodeTool::Workflows::ticks(count => 30, ms => 20));

# --- seen from both ----------------------------------------------------------

my $run = $t->wire($one, { op => 'job.run', workflow_id => 'echo' },
    '{"params":{"text":"hi"}}');
is($run->{json}{output}, 'hi', 'a plain run');

for my $engine (@engines) {
    my $job = NodeTool::Jobs::get($t, $engine, $run->{job_id});
    is($job->{status}, 'completed', "$engine->{name}: has the job");
    is($job->{result}{output}, 'hi', "$engine->{name}: and its result");
    NodeTool::Jobs::ended_well($t, $engine, $run->{job_id}, 'completed',
        $engine->{name});
    my $list = $t->wire($engine, { op => 'job.list' })->{json};
    is($list->{jobs}[0]{id}, $run->{job_id}, "$engine->{name}: lists it");
}

my $ticks = NodeTool::Jobs::submit($t, $one, 'ticks');
my $events = NodeTool::Jobs::ended_well($t, $two, $ticks, 'completed',
    "watched from the other engine");
cmp_ok(scalar(grep { $_->[1]{type} eq 'output_update' } @$events), '==', 30,
    'with all that it had to say');
my $again = NodeTool::Jobs::events($t, $two, $ticks, 10);
is_deeply($again, [@$events[10 .. $#$events]], 'resumed on the other engine');

is($t->wire($two, { op => 'job.get', job_id => $ticks, user => '2' })->{status},
    403, q{another user's job});

# --- told, not polled --------------------------------------------------------

NodeTool::Workflows::store($t, $one, 'nap', NodeTool::Workflows::slow(1200));
my @late;
for my $round (1 .. 3) {
    my $id = NodeTool::Jobs::submit($t, $one, 'nap');
    my %end;
    my @watchers = map {
        IO::Socket::UNIX->new(Peer => $_->{socket}) or die "engine: $!"
    } @engines;
    print {$_} $t->encode({ op => 'job.events', job_id => $id, user => '1',
        after => 0 }), "\n" for @watchers;
    $_->flush for @watchers;
    my $channel = "nodetool:{jobs}:watch:$id";
    $t->wait_for('the other engine to listen', sub {
        NodeTool::Jobs::redis_cli($t->{redis}, 'PUBSUB', 'NUMSUB', $channel)
            eq "$channel\n1";
    }) if $round < 3;
    if ($round == 2) {
        NodeTool::Jobs::redis_cli($t->{redis}, 'CLIENT', 'KILL', 'TYPE',
            'pubsub');
    }
    for my $i (0, 1) {
        while (defined(my $line = readline $watchers[$i])) {
            last if $line eq "\n";
            $end{$i} = time if $line =~ /"status":"completed","job_id"/;
        }
    }
    push @late, $end{1} - $end{0};
    $t->wait_for('nobody to listen any more', sub {
        NodeTool::Jobs::redis_cli($t->{redis}, 'PUBSUB', 'NUMSUB', $channel)
            eq "$channel\n0";
    });
}
my ($least) = sort { $a <=> $b } map { abs } @late;
cmp_ok($least, '<', 0.1, 'the other engine is hardly later');

# --- cancelled from the other ------------------------------------------------

my $slow = NodeTool::Jobs::submit($t, $one, 'slow');
NodeTool::Jobs::wait_status($t, $two, $slow, 'running');
my $cancel = $t->wire($two, { op => 'job.cancel', job_id => $slow });
is($cancel->{status}, 200, 'a running job is cancelled from the other engine');
is($cancel->{json}{status}, 'cancelled', 'and is cancelled then');
NodeTool::Jobs::ended_well($t, $one, $slow, 'cancelled', 'cancelled job');
is($t->wire($one, { op => 'job.cancel', job_id => $slow })->{status}, 409,
    'not twice');

my @busy = map { NodeTool::Jobs::submit($t, $_, 'slow') } $one, $one, $two,
    $two;
my $queued = NodeTool::Jobs::submit($t, $one, 'slow');
my $job = NodeTool::Jobs::get($t, $two, $queued);
is($job->{status}, 'queued', 'no room on either engine: queued');
is($job->{queue_position}, 1, 'at the head of the queue');
is($t->wire($two, { op => 'job.cancel', job_id => $queued })->{json}{status},
    'cancelled', 'a queued job is cancelled from the other engine');
NodeTool::Jobs::ended_well($t, $one, $queued, 'cancelled', 'queued job');

# --- the queue is common -----------------------------------------------------

my $next = NodeTool::Jobs::submit($t, $one, 'echo');
is(NodeTool::Jobs::get($t, $one, $next)->{status}, 'queued', 'one waits');
$t->wire($two, { op => 'job.cancel', job_id => $busy[3] });
NodeTool::Jobs::ended_well($t, $one, $next, 'completed',
    'queued by one engine, run by the other');

# --- SIGTERM hands over ------------------------------------------------------

my $moved = $busy[0];
NodeTool::Workflows::store($t, $one, 'effect', NodeTool::Workflows::chain(
    'Effect', ['test.Effect', { value => 'done', path => $t->dir . '/effects' }],
    ['test.Sleep', { ms => 60000 }, 'value'],
    ['nodetool.output.Output', { name => 'output' }, 'value']));
$t->wire($one, { op => 'job.cancel', job_id => $busy[1] });
my $effect = NodeTool::Jobs::submit($t, $one, 'effect');
$t->wait_for('the effect', sub { $t->read_file('effects') });
$t->wire($two, { op => 'job.cancel', job_id => $busy[2] });
is($t->stop($one, 'TERM'), 0, 'SIGTERM ends an engine well');
NodeTool::Jobs::wait_status($t, $two, $moved, 'running');
NodeTool::Jobs::wait_status($t, $two, $effect, 'running');
for my $id ($moved, $effect) {
    is($t->wire($two, { op => 'job.cancel', job_id => $id })->{json}{status},
        'cancelled', 'its jobs go on with the other engine');
    $events = NodeTool::Jobs::ended_well($t, $two, $id, 'cancelled',
        'handed over');
    is(scalar(grep { ($_->[1]{status} || '') eq 'running'
                         && $_->[1]{type} eq 'job_update' } @$events), 2,
        'started twice');
    is(scalar(grep { $_->[1]{type} eq 'node_update'
        && $_->[1]{status} eq 'completed' } @$events), $id eq $effect ? 1 : 0,
        'completed nodes did not run again');
}
is($t->read_file('effects'), "done\n", 'what must not run twice did not');

$t->done;
