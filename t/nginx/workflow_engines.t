#!/usr/bin/perl

# Two engines behind one nginx, with a Redis and a home in common.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use NodeTool::Test;
use NodeTool::Workflows;

my $t = NodeTool::Test->new;
my $nodes = NodeTool::Workflows::slow_nodes($t);
my @e = map {
    $t->engine(name => "engine-$_", store => 'redis',
        args => ['--nodes', $nodes, '--drain', 1])
} 1, 2;

my $ng = $t->nginx(<<'CONF', modules => ['base', 'auth', 'workflow'], http => <<'HTTP');
    nodetool_errors on;
    nodetool_engine engines;
    access_log %%DIR%%/engines.log engines;
    location /workflows { nodetool_workflow; }
    location /jobs { nodetool_workflow; }
    location /only-1/ { rewrite ^/only-1(.*) $1 break; nodetool_workflow;
                        nodetool_engine unix:%%DIR%%/engine-1.sock; }
    location /only-2/ { rewrite ^/only-2(.*) $1 break; nodetool_workflow;
                        nodetool_engine unix:%%DIR%%/engine-2.sock; }
CONF
    upstream engines {
        server unix:%%DIR%%/engine-1.sock;
        server unix:%%DIR%%/engine-2.sock;
        keepalive 4;
    }
    log_format engines '$upstream_addr';
HTTP

# --- one worker to the outside --------------------------------------------------

is($t->request($ng, 'PUT', '/only-1/workflows/echo',
    json => NodeTool::Workflows::echo())->{status}, 201, 'stored by one');
is($t->get($ng, '/only-2/workflows/echo')->{json}{name}, 'Echo',
    ' read by the other at once');
NodeTool::Workflows::store($t, $e[0], 'slow', NodeTool::Workflows::slow(300));
NodeTool::Workflows::store($t, $e[0], 'long', NodeTool::Workflows::slow(60000));

my %jobs;
for my $i (1 .. 20) {
    my $r = $t->request($ng, 'POST', '/workflows/echo/run',
        json => { text => "run $i" });
    $jobs{ $r->{json}{job_id} } = 1 if $r->{json}{output} eq "run $i";
}
is(keys %jobs, 20, 'twenty runs, twenty jobs');
for my $i (1, 2) {
    $t->wait_for("runs of engine $i",
        sub { $t->read_file('engines.log') =~ /engine-$i\.sock/ });
    pass(" engine $i had some of them");
}
is(@{ $t->get($ng, "/only-$_/jobs?limit=1000")->{json}{jobs} }, 20,
    " engine $_ lists all") for 1, 2;

# --- streams and cancelling across ------------------------------------------------

my $s = $t->open_request($ng, 'POST', '/only-1/workflows/slow/run/stream');
my $first = $s->event;
my $id = $s->{headers}{'x-job-id'};
my $other = $t->open_request($ng, 'GET', "/only-2/jobs/$id/events");
my @there = map { $_->{data} } $other->events;
my @here = ($first->{data}, map { $_->{data} } $s->events);
is_deeply(\@there, \@here, 'events of a job that runs on the other engine');

$s = $t->open_request($ng, 'POST', '/only-1/workflows/long/run/stream');
$s->event;
$id = $s->{headers}{'x-job-id'};
is($t->request($ng, 'POST', "/only-2/jobs/$id/cancel")->{status}, 200,
    'cancelled through the other engine');
my @events = $s->events;
like($events[-2]{data}, qr/"cancelled"/, ' its stream says so');

my @key = (headers => ['Idempotency-Key', 'one']);
my $a = $t->request($ng, 'POST', '/only-1/workflows/echo/run', @key);
my $b = $t->request($ng, 'POST', '/only-2/workflows/echo/run', @key);
is($a->{json}{job_id}, $b->{json}{job_id}, 'Idempotency-Key across engines');

# --- one engine goes ----------------------------------------------------------------

$s = $t->open_request($ng, 'POST', '/only-2/workflows/slow/run/stream');
$s->event;
is($t->stop($e[0]), 0, 'one engine is stopped');
$t->expect_log(qr/engine-1\.sock failed/);
my $good = grep {
    $t->request($ng, 'POST', '/workflows/echo/run')->{status} == 200
} 1 .. 10;
is($good, 10, ' the other one has all runs');
@events = $s->events;
is($events[-1]{data}, '[DONE]', ' and its streams go on');

$t->done;
