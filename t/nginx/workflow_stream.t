#!/usr/bin/perl

# ngx_http_nodetool_workflow_module: event streams.

use strict;
use warnings;

use lib 't/lib';
use IO::Select;
use Test::More;
use Time::HiRes qw(time sleep);
use NodeTool::Test;
use NodeTool::Workflows;

my $t = NodeTool::Test->new;
my $nodes = NodeTool::Workflows::slow_nodes($t);
my $e = $t->engine(store => $ENV{NODETOOL_TEST_STORE} || 'memory',
    args => ['--nodes', $nodes, '--drain', 1]);

my $server = <<'CONF';
    nodetool_errors on;
    nodetool_engine engine;
    location /workflows { nodetool_workflow; }
    location /jobs { nodetool_workflow; }
    location /tiny { rewrite ^/tiny(.*) $1 break; nodetool_workflow;
                     nodetool_workflow_buffer_size 1k; }
    location /ping { rewrite ^/ping(.*) $1 break; nodetool_workflow;
                     nodetool_workflow_keepalive_comment 50ms; }
    location /quiet { rewrite ^/quiet(.*) $1 break; nodetool_workflow;
                      nodetool_workflow_keepalive_comment 0;
                      nodetool_workflow_read_timeout 200ms; }
    location /gzip { rewrite ^/gzip(.*) $1 break; nodetool_workflow;
                     gzip on; gzip_types text/event-stream application/json;
                     gzip_min_length 1; gzip_proxied any; }
    location = /stub { stub_status; }
CONF
my %opt = (modules => ['base', 'auth', 'workflow'], http =>
    'upstream engine { server unix:%%ENGINE%%; keepalive 4; }');
my $ng = $t->nginx($server, %opt);

NodeTool::Workflows::store($t, $e, 'echo', NodeTool::Workflows::echo());
NodeTool::Workflows::store($t, $e, 'slow', NodeTool::Workflows::slow(400));
NodeTool::Workflows::store($t, $e, 'long', NodeTool::Workflows::slow(60000));
NodeTool::Workflows::store($t, $e, 'fail',
    NodeTool::Workflows::ticks(count => 1, fail => \1));
NodeTool::Workflows::store($t, $e, 'ticks',
    NodeTool::Workflows::ticks(count => 20, ms => 10));
NodeTool::Workflows::store($t, $e, 'flood',
    NodeTool::Workflows::ticks(count => 400, size => 100_000));
NodeTool::Workflows::store($t, $e, 'big',
    NodeTool::Workflows::ticks(count => 5, size => 300_000));

sub run {
    my ($prefix, $id, %o) = @_;
    return $t->open_request($ng, 'POST', "$prefix/workflows/$id/run/stream",
        %o);
}

sub job {
    my ($id) = @_;
    return $t->get($ng, "/jobs/$id")->{json};
}

# --- a stream ------------------------------------------------------------------

my $s = run('', 'echo', json => { params => { text => "two\nlines" } });
$s->head;
is($s->{status}, 200, 'a stream');
is($s->{headers}{'content-type'}, 'text/event-stream', 'Content-Type');
is($s->{headers}{'cache-control'}, 'no-store', 'Cache-Control');
is($s->{headers}{'x-accel-buffering'}, 'no', 'X-Accel-Buffering');
like($s->{headers}{'x-job-id'}, qr/^[0-9a-f]{32}$/, 'X-Job-Id');
is($s->{headers}{'content-length'}, undef, 'no Content-Length');
my $id = $s->{headers}{'x-job-id'};

my @events = $s->events;
ok(!$s->{truncated}, 'it ends cleanly');
is($events[-1]{data}, '[DONE]', 'with [DONE]');
is($events[-1]{id}, undef, ' which has no id');
pop @events;
is_deeply([map { $_->{id} } @events], [1 .. @events], 'ids from 1, no gap');
my @data = map { $t->decode($_->{data}) } @events;
is($data[0]{type}, 'job_update', 'job_update is first');
is($data[-1]{status}, 'completed', 'and last');
is($data[-1]{result}{output}, "two\nlines", 'with the result');
is($data[0]{job_id}, $id, 'of the job in the header');

# --- replay ----------------------------------------------------------------------

for my $after (0 .. @events + 1) {
    my $r = $t->open_request($ng, 'GET', "/jobs/$id/events",
        headers => ['Last-Event-ID', $after]);
    my @got = $r->events;
    is_deeply([map { $_->{data} } @got],
        [(map { $_->{data} } grep { $_->{id} > $after } @events), '[DONE]'],
        "Last-Event-ID: $after");
}
my @got = $t->open_request($ng, 'GET', "/jobs/$id/events/?after=2")->events;
is($got[0]{id}, 3, '?after=2');
@got = $t->open_request($ng, 'GET', "/jobs/$id/events?after=2",
    headers => ['Last-Event-ID', '003'])->events;
is($got[0]{id}, 4, 'the header comes first');
for my $bad ('x', '-1', '1.5', '99999999999999999999999') {
    is($t->get($ng, "/jobs/$id/events", headers => ['Last-Event-ID', $bad])
        ->{status}, 422, "Last-Event-ID: $bad");
}
is($t->get($ng, '/jobs/nope/events')->{status}, 404, 'events of no job');
my $r = $t->request($ng, 'HEAD', "/jobs/$id/events");
is($r->{status}, 200, 'HEAD of events');
is($r->{body}, '', ' has no body');

# --- as it happens -----------------------------------------------------------------

my $start = time;
$s = run('', 'slow');
my $first = $s->event;
like($first->{data}, qr/"running"/, 'the first event');
ok(time - $start < 0.3, ' comes at once');
my $live = $t->open_request($ng, 'GET', "/jobs/$s->{headers}{'x-job-id'}/events");
@got = $live->events;
@events = $s->events;
ok(time - $start >= 0.3, 'the last when the job has ended');
is_deeply([map { $_->{data} } @got], [$first->{data},
    map { $_->{data} } @events], 'a second reader gets the same');

$s = run('', 'fail');
@events = $s->events;
is($events[-1]{data}, '[DONE]', 'a failed job ends with [DONE], too');
my $last = $t->decode($events[-2]{data});
is($last->{status}, 'failed', ' its status');
like($last->{error}, qr/the clock stopped/, ' and why');
$r = $t->request($ng, 'POST', '/workflows/fail/run');
is($r->{status}, 500, 'a plain run that fails');
like($r->{json}{error}{message}, qr/n0.*test\.Ticks.*the clock stopped/,
    ' names node, type and message');

# --- all buffer sizes, long events ---------------------------------------------------

for my $prefix ('', '/tiny', '/gzip') {
    $s = run($prefix, 'big');
    @events = $s->events;
    is($events[-1]{data}, '[DONE]', "events of 300 kB, $prefix");
    my @ticks = grep { ($_->{node_id} || '') eq 'n1' }
        grep { $_->{type} eq 'output_update' }
        map { $t->decode($_->{data}) } @events[0 .. $#events - 1];
    is_deeply([map { $_->{value} } @ticks],
        [map { chr(97 + $_ % 26) x 300_000 } 1 .. 5], ' are whole');
}

$s = run('/gzip', 'ticks', headers => ['Accept-Encoding', 'gzip']);
is($s->head, 200, 'gzip');
is($s->{headers}{'content-encoding'}, 'gzip', ' is used');
SKIP: {
    eval { require IO::Uncompress::Gunzip; 1 } or skip 'no gunzip', 1;
    my $body = $s->rest;
    IO::Uncompress::Gunzip::gunzip(\$body, \my $text);
    like($text, qr/data: \[DONE\]\n\n\z/, ' and the stream is whole');
}

# --- an idle stream --------------------------------------------------------------------

$s = run('/ping', 'slow');
my ($pings, @seen) = (0);
while (my $event = $s->event) {
    $event->{comment} ? $pings++ : push @seen, $event;
}
ok($pings >= 3, "an idle stream is sent comments ($pings)");
is($seen[-1]{data}, '[DONE]', ' and goes on');

$t->expect_log(qr/upstream timed out/);
$s = run('/quiet', 'slow');
@events = $s->events;
like($events[-1]{data}, qr/"type": ?"timeout"/,
    'no event for nodetool_workflow_read_timeout: an error event');
ok(!$s->{truncated}, ' and the stream ends');
is($t->request($ng, 'POST', '/quiet/workflows/slow/run')->{status}, 504,
    'a plain run is 504');

# --- a client that leaves ------------------------------------------------------------

$s = run('', 'slow');
$s->event;
$id = $s->{headers}{'x-job-id'};
$s->close;
$t->wait_for('the job to end', sub { job($id)->{status} ne 'running' });
is(job($id)->{status}, 'completed', 'a client drops a stream: the job goes on');

sub running {
    my ($workflow) = @_;
    my @jobs = grep { $_->{status} eq 'running' }
        @{ $t->get($ng, "/jobs?workflow_id=$workflow")->{json}{jobs} };
    return $jobs[0];
}

my $plain = $t->open_request($ng, 'POST', '/workflows/long/run');
my $job = $t->wait_for('the job', sub { running('long') });
$plain->close;
$t->wait_for('the job to be cancelled',
    sub { job($job->{id})->{status} eq 'cancelled' });
pass('a client drops a plain run: the job is cancelled');

$plain = $t->open_request($ng, 'POST', '/workflows/long/run',
    headers => ['Idempotency-Key', 'again']);
$job = $t->wait_for('the job', sub { running('long') });
$plain->close;
sleep 0.2;
is(job($job->{id})->{status}, 'running',
    ' not with an Idempotency-Key: the client may ask again');
$plain = $t->open_request($ng, 'POST', '/workflows/long/run',
    headers => ['Idempotency-Key', 'again']);
is($t->request($ng, 'POST', "/jobs/$job->{id}/cancel")->{status}, 200,
    'cancel');
$r = $plain->response;
is($r->{status}, 409, ' a plain run that waits gets 409');
is($r->{headers}{'x-job-id'}, $job->{id}, ' and the job was the same');

$s = run('', 'long');
$s->event;
$t->request($ng, 'POST', "/jobs/$s->{headers}{'x-job-id'}/cancel");
@events = $s->events;
like($events[-2]{data}, qr/"cancelled"/, 'a stream shows the cancellation');
is($events[-1]{data}, '[DONE]', ' and ends');

# --- a client that is slow --------------------------------------------------------------

sub rss {
    my ($pid) = @_;
    return $t->read_file("/proc/$pid/status") =~ /VmRSS:\s+(\d+)/ ? $1 : 0;
}

my ($worker) = grep { $_ } split ' ', `pgrep -P $ng->{pid}`;
my @before = (rss($worker), rss($e->{pid}));
my $flood = run('', 'flood');      # 40 MB twice over
$flood->head;
sleep 1;
my @while = (rss($worker), rss($e->{pid}));
ok($while[0] - $before[0] < 4096,
    sprintf 'a slow client: nginx grows by %d kB', $while[0] - $before[0]);
is($t->get($ng, '/workflows/echo')->{status}, 200, ' others are served');
my $bytes = 0;
my $sock = $flood->{sock};
my $tail = '';
while (1) {
    die 'timed out' if !IO::Select->new($sock)->can_read(20);
    my $n = sysread $sock, my $buf, 1 << 20;
    last if !$n;
    $bytes += $n;
    $tail = substr $tail . $buf, -64;
}
ok($bytes > 40_000_000, " it gets all of its $bytes bytes");
like($tail, qr/data: \[DONE\]/, ' to the end');

# --- reload and the rest ------------------------------------------------------------------

$s = run('', 'slow');
$s->event;
kill 'HUP', $ng->{pid};
$t->wait_for('a new worker', sub {
    my @now = split ' ', `pgrep -P $ng->{pid}`;
    return grep { $_ != $worker } @now;
});
@events = $s->events;
is($events[-1]{data}, '[DONE]', 'a reload in the middle of a stream');
$t->wait_for('the old worker to leave', sub { !kill 0, $worker });
pass('and the old worker leaves');

$t->wait_for('all connections to be closed', sub {
    return $t->get($ng, '/stub')->{body} =~ /Active connections: 1 /;
});
pass('no connection is left over');

$t->done;
