#!/usr/bin/perl

# Redis is killed and started again under load, stays away for a while, and
# hangs: what was accepted ends, once; what cannot be accepted is told so.

use strict;
use warnings;

use lib 't/lib';

use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

use NodeTool::Jobs;
use NodeTool::Test;
use NodeTool::Workflows;

my $t = NodeTool::Test->new;
my $nodes = NodeTool::Workflows::slow_nodes($t);
my @redis = (appendonly => 'yes', args => ['--appendfsync', 'always']);
my $redis = $t->redis(@redis);
my $engine = $t->engine(store => 'redis', args => ['--nodes', $nodes,
    '--max-running', 32, '--lease-ms', 3000]);

NodeTool::Workflows::store($t, $engine, 'echo', NodeTool::Workflows::echo());
NodeTool::Workflows::store($t, $engine, 'ticks',
    NodeTool::Workflows::ticks(count => 20, ms => 50));

# A process that runs jobs until it is told to stop, one after the other, and
# notes the id of each that was accepted, and each answer.
sub load {
    my ($name, $events) = @_;

    my $file = "$t->{dir}/$name";
    my $pid = fork;
    die "fork: $!" if !defined $pid;
    return { pid => $pid, file => $file } if $pid;

    my $stop = 0;
    local $SIG{TERM} = sub { $stop = 1 };
    open my $out, '>', $file or POSIX::_exit(1);
    $out->autoflush(1);
    while (!$stop) {
        my $reply = eval {
            $t->wire($engine, { op => 'job.run', workflow_id => 'echo',
                events => $events ? \1 : \0 }, '{"params":{"text":"x"}}');
        };
        print {$out} defined $reply
            ? "$reply->{status} " . ($reply->{job_id} || '-') . "\n"
            : "closed -\n";
        sleep 0.05 if !defined $reply || $reply->{status} != 200;
    }
    POSIX::_exit(0);
}

sub answers {
    my ($load) = @_;

    return map { [split] } split /\n/, $t->read_file($load->{file});
}

# --- killed under load -------------------------------------------------------

my @loads = (load('plain', 0), load('stream', 1));
my @long = map { NodeTool::Jobs::submit($t, $engine, 'ticks') } 1 .. 3;
$t->wait_for('the load', sub { answers($loads[0]) > 20 });

for my $time (1, 2) {
    $t->stop($redis, 'KILL');
    my $before = answers($loads[0]);
    $redis = $t->redis(@redis);
    $t->wait_for('the load to go on', sub { answers($loads[0]) > $before + 20 });
}

kill 'TERM', map { $_->{pid} } @loads;
waitpid $_->{pid}, 0 for @loads;

my @accepted = map { $_->[1] } grep { $_->[1] ne '-' } map { answers($_) } @loads;
cmp_ok(scalar @accepted, '>', 40, 'jobs were accepted');

my (%bad, $checked);
for my $id (@accepted) {
    my $events = NodeTool::Jobs::events($t, $engine, $id);
    my @ends = grep { $_->[1]{type} eq 'job_update'
        && $_->[1]{status} =~ /^(?:completed|failed|cancelled)$/ } @$events;
    my $number = 0;
    $bad{"$id: numbers"} = 1 if grep { $_->[0] != ++$number } @$events;
    $bad{"$id: " . @ends . ' ends'} = 1 if @ends != 1;
    $bad{"$id: $ends[0][1]{status}"} = 1
        if @ends && $ends[0][1]{status} ne 'completed';
    $checked++;
}
is(join(', ', sort keys %bad), '', "all $checked accepted jobs completed, once");

for my $id (@long) {
    NodeTool::Jobs::ended_well($t, $engine, $id, 'completed',
        'a job that ran all the while');
}

my %answers;
$answers{$_->[0]}++ for map { answers($_) } @loads;
is_deeply([grep { !/^(?:200|503|closed)$/ } sort keys %answers], [],
    'answers are results, 503, or a stream that was cut');

# --- away --------------------------------------------------------------------

my $running = NodeTool::Jobs::submit($t, $engine, 'ticks');
$t->stop($redis, 'KILL');
my $begin = time;
my $reply = $t->wire($engine, { op => 'job.run', workflow_id => 'echo' });
is($reply->{status}, 503, 'no Redis: 503');
cmp_ok(time - $begin, '<', 4, 'in reasonable time');
ok($reply->{retry_after}, 'with retry_after');
is($t->wire($engine, { op => 'workflow.get', workflow_id => 'echo' })->{status},
    200, 'what needs no Redis goes on');
is($t->wire($engine, { op => 'health' })->{json}{connected},
    JSON::PP::false, 'health says so');

$redis = $t->redis(@redis);
$t->wait_for('Redis to be back', sub {
    $t->wire($engine, { op => 'job.run', workflow_id => 'echo' })->{status}
        == 200;
});
NodeTool::Jobs::ended_well($t, $engine, $running, 'completed',
    'a job that ran meanwhile');
my $jobs = $t->wire($engine, { op => 'job.list', limit => 5 })->{json}{jobs};
is_deeply([grep { $_->{status} ne 'completed' } @$jobs], [],
    'no job of a refused run is left');

# --- scripts forgotten -------------------------------------------------------

NodeTool::Jobs::redis_cli($redis, qw(SCRIPT FLUSH));
is($t->wire($engine, { op => 'job.run', workflow_id => 'echo' })->{status}, 200,
    'scripts are loaded again');

# --- hanging -----------------------------------------------------------------

kill 'STOP', $redis->{pid};
$begin = time;
is($t->wire($engine, { op => 'job.run', workflow_id => 'echo' })->{status}, 503,
    'Redis does not answer: 503');
cmp_ok(time - $begin, '<', 8, 'in reasonable time');
kill 'CONT', $redis->{pid};
$t->wait_for('Redis to be back', sub {
    $t->wire($engine, { op => 'job.run', workflow_id => 'echo' })->{status}
        == 200;
});
is(NodeTool::Jobs::redis_cli($redis, 'ZCARD', 'nodetool:{jobs}:leases'), 0,
    'no lease is left over');

$t->done;
