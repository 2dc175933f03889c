#!/usr/bin/perl

# Redis is away for three seconds: what needs it is 503 with Retry-After, what
# runs goes on, and all that it said is there when Redis is back.

use strict;
use warnings;

use lib 't/lib';

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
    '--lease-ms', 10000]);
my $ng = $t->nginx(<<'CONF', modules => ['base', 'workflow']);
    nodetool_engine unix:%%ENGINE%%;
    location /workflows { nodetool_workflow; }
    location /jobs { nodetool_workflow; }
CONF

NodeTool::Workflows::store($t, $engine, 'ticks',
    NodeTool::Workflows::ticks(count => 60, ms => 50));
NodeTool::Workflows::store($t, $engine, 'echo', NodeTool::Workflows::echo());

my @jobs = map { NodeTool::Jobs::submit($t, $engine, 'ticks') } 1 .. 5;
my $stream = $t->open_request($ng, 'GET', "/jobs/$jobs[0]/events");
my $last = 0;
while ($last < 5) {
    my $event = $stream->event;
    $last = $event->{id} if defined $event->{id};
}
$t->stop($redis, 'KILL');
my $away = time;

# --- away --------------------------------------------------------------------

for my $case (['POST', '/workflows/echo/run'],
    ['POST', '/workflows/echo/run/stream'], ['GET', "/jobs/$jobs[1]"],
    ['GET', "/jobs/$jobs[1]/events"], ['GET', '/jobs'])
{
    my $r = $t->request($ng, @$case, $case->[0] eq 'POST' ? (json => {}) : ());
    is($r->{status}, 503, "@$case: 503");
    ok($r->{headers}{'retry-after'}, "@$case: Retry-After");
    last if time > $away + 3;
}
is($t->get($ng, '/workflows/echo')->{status}, 200, 'a workflow is 200');

# The stream ends without an end: what Redis has not is not sent.
my @more;
while (my $event = $stream->event) {
    push @more, $event->{data} if defined $event->{data};
    $last = $event->{id} if defined $event->{id};
}
is(scalar(grep { /DONE|completed"/ } @more), 0, 'the stream is cut off');

my $rest = $away + 3 - time;
sleep $rest if $rest > 0;

# --- back --------------------------------------------------------------------

$redis = $t->redis(@redis);
my $back = $t->wait_for('Redis to be back', sub {
    my $r = $t->open_request($ng, 'GET', "/jobs/$jobs[0]/events",
        headers => ['Last-Event-ID', $last]);
    return $r->head == 200 && $r;
});
my @after = $back->events;
is($after[0]{id}, $last + 1, 'the stream goes on where it was cut off');
is($after[-1]{data}, '[DONE]', 'to its end');

for my $id (@jobs) {
    my $events = NodeTool::Jobs::ended_well($t, $engine, $id, 'completed', $id);
    my @values = map { substr $_->[1]{value}, 0, 1 }
        grep { $_->[1]{type} eq 'output_update' } @$events;
    is(join('', @values), join('', map { chr ord('a') + $_ % 26 } 1 .. 60),
        'all that it said, in its order');
    is(scalar(grep { $_->[1]{type} eq 'notification' } @$events), 0,
        'in one go');
}

$t->done;
