#!/usr/bin/perl

# ngx_http_nodetool_workflow_module against engines that die, lie or split
# their replies.

use strict;
use warnings;

use lib 't/lib';
use IO::Socket::UNIX;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);
use NodeTool::Test;
use NodeTool::Workflows;

my $t = NodeTool::Test->new;
my $dir = $t->dir;

# An engine of ours that answers each request with the bytes in DIR/reply, in
# pieces of DIR/step bytes (0: at once), then goes by DIR/then: "keep", or
# "close". Each request head is added to DIR/heads.
my $listener = IO::Socket::UNIX->new(Local => "$dir/fake.sock", Listen => 64)
    or die "fake engine: $!";
my $fake = fork;
die "fork: $!" if !defined $fake;
if ($fake == 0) {
    $SIG{CHLD} = 'IGNORE';
    while (my $sock = $listener->accept) {
        next if fork;
        while (defined(my $head = readline $sock)) {
            read $sock, my $body, $1 if $head =~ /"length":(\d+)/;
            open my $fh, '>>', "$dir/heads";
            syswrite $fh, $head;
            my ($reply, $step, $then) =
                map { $t->read_file($_) } qw(reply step then);
            $step ||= length($reply) || 1;
            for (my $i = 0; $i < length $reply; $i += $step) {
                syswrite $sock, substr $reply, $i, $step;
                sleep 0.0005 if $step < length $reply;
            }
            last if $then ne 'keep';
        }
        POSIX::_exit(0);
    }
}
push @{ $t->{children} }, { name => 'fake', pid => $fake };

sub fake {
    my ($reply, $step, $then) = @_;
    $t->write_file('reply', $reply);
    $t->write_file('step', $step || 0);
    $t->write_file('then', $then || 'close');
    return;
}

my %opt = (modules => ['base', 'auth', 'workflow'], http => <<'HTTP');
    upstream fake { server unix:%%DIR%%/fake.sock; keepalive 2; }
    upstream real { server unix:%%DIR%%/engine.sock; keepalive 2; }
    upstream two { server unix:%%DIR%%/nobody.sock max_fails=0;
                   server unix:%%DIR%%/fake.sock max_fails=0; keepalive 2; }
HTTP
my $ng = $t->nginx(<<'CONF', %opt);
    nodetool_errors on;
    location / { nodetool_engine fake; nodetool_workflow; }
    location /tiny { nodetool_engine fake; nodetool_workflow;
                     nodetool_workflow_buffer_size 1k;
                     rewrite ^/tiny(.*) $1 break; }
    location /two { nodetool_engine two; nodetool_workflow;
                    rewrite ^/two(.*) $1 break; }
    location /real { nodetool_engine real; nodetool_workflow;
                     rewrite ^/real(.*) $1 break; }
CONF

# --- what the engine is asked --------------------------------------------------

sub heads {
    my @heads = map { $t->decode($_) } split /\n/, $t->read_file('heads');
    unlink "$dir/heads";
    return @heads;
}

fake(qq({"status":200,"length":2}\n{}), 0, 'keep');

$t->request($ng, 'POST', '/workflows/a%22b/run', body => '{"x":1}', headers =>
    ['X-Request-Id', 'req-1', 'Idempotency-Key', 'k "1"', 'Host', 'me:80']);
my ($head) = heads();
is_deeply($head, { op => 'job.run', request_id => 'req-1',
    base => 'http://me:80', workflow_id => 'a"b', idempotency_key => 'k "1"',
    length => 7 }, 'a run');
$t->request($ng, 'POST', '/workflows/w/run/stream');
($head) = heads();
is($head->{events}, 1, 'run/stream: events');
ok(!exists $head->{length}, ' no body, no length');
$t->get($ng, '/jobs?limit=007&start_key=a%2Bb+c&workflow_id=%22');
($head) = heads();
delete $head->{request_id};
is_deeply($head, { op => 'job.list', limit => 7, start_key => 'a+b+c',
    workflow_id => '"' }, 'a list, its arguments decoded');
$t->get($ng, '/jobs/j/events', headers => ['Last-Event-ID', '12']);
($head) = heads();
is($head->{after}, 12, 'events: after');
is($t->get($ng, '/workflows/' . 'x' x 7000)->{status}, 200,
    'an id of 7,000 bytes is the engine\'s to refuse');
is($t->get($ng, '/workflows/' . '%01' x 3000)->{status}, 414,
    'a head line that would be too long is 414');
heads();

# --- replies ---------------------------------------------------------------------

for my $step (0, 1, 2, 7) {
    fake(qq({"status":503,"retry_after":7,"length":12,"job_id":"j1"}\n)
        . '{"error": 1}', $step, 'keep');
    my $r = $t->get($ng, '/jobs/x');
    is($r->{status}, 503, "a reply in pieces of $step");
    is($r->{body}, '{"error": 1}', ' its body');
    is($r->{headers}{'retry-after'}, 7, ' Retry-After');
    is($r->{headers}{'x-job-id'}, 'j1', ' X-Job-Id');
}
fake(qq({"status":204}\n), 0, 'keep');
is($t->request($ng, 'DELETE', '/workflows/x')->{status}, 204,
    'a reply without a body');

my $stream = qq({"status":200,"events":true,"job_id":"j"}\n)
    . qq(1 {"a":"x"}\n22 {"b":"} \\n 3 {"}\n18446744073709551615 {}\n\n);
my $sse = qq(id: 1\ndata: {"a":"x"}\n\nid: 22\ndata: {"b":"} \\n 3 {"}\n\n)
    . qq(id: 18446744073709551615\ndata: {}\n\ndata: [DONE]\n\n);
for my $step (0 .. 9) {
    fake($stream, $step, 'keep');
    is($t->get($ng, '/jobs/x/events')->{body}, $sse,
        "a stream in pieces of $step");
}
my $head_len = index($stream, "\n") + 1;
my $bad = 0;
for my $cut ($head_len + 1 .. length($stream) - 1) {
    fake($stream, $cut, 'keep');
    $bad++ if $t->get($ng, '/jobs/x/events')->{body} ne $sse;
}
is($bad, 0, 'a stream split at every position');

for my $size (900 .. 1040, 2040 .. 2060) {
    my $json = '{"x":"' . 'y' x $size . '"}';
    fake(qq({"status":200,"events":true}\n1 $json\n2 {}\n3 $json\n\n), 0,
        'keep');
    $bad++ if $t->get($ng, '/tiny/jobs/x/events')->{body}
        ne "id: 1\ndata: $json\n\nid: 2\ndata: {}\n\nid: 3\ndata: $json\n\n"
         . "data: [DONE]\n\n";
}
is($bad, 0, 'events around the size of a small buffer');
heads();

# --- replies that are wrong --------------------------------------------------------

for my $wrong ('', "\n", "hello\n", "[]\n", "{}\n", qq({"status":"200"}\n),
    qq({"status":99}\n), qq({"status":600}\n), qq({"status":101}\n),
    qq({"status":200,"length":-1}\n), qq({"status":200,"length":"2"}\n),
    qq({"status":200,"length":1.5}\n), qq({"status":200,"job_id":"a\\nb"}\n),
    qq({"status":200,"length":2), '{"x":"' . 'x' x 9000 . qq("}\n))
{
    fake($wrong);
    my $r = $t->request($ng, 'POST', '/workflows/w/run', json => {});
    is($r->{status}, 502, 'a wrong head: ' . substr($wrong, 0, 30) =~ s/\n//r);
    is(scalar heads(), 1, ' and the run is not sent again');
}

fake(qq({"status":200,"length":9}\n{}));
my $r = $t->get($ng, '/jobs/x');
ok($r->{truncated}, 'a body that is cut off: so is the response');
fake(qq({"status":200,"length":2}\n{}more), 0, 'keep');
is($t->get($ng, '/jobs/x')->{body}, '{}', 'what is behind a body is dropped');

my $error = qr/^data: \{"error": .*engine was lost.*"bad_gateway".*\}\n\n\z/;
for (['dies between events', qq(1 {"a":1}\n), qq(id: 1\ndata: {"a":1}\n\n)],
     ['dies before the first', '', ''],
     ['dies in a number', qq(1 {}\n2), qq(id: 1\ndata: {}\n\n)],
     ['dies in an event', qq(1 {}\n2 {"a), qq(id: 1\ndata: {}\n\n)],
     ['sends no number', qq(1 {}\nx {}\n), qq(id: 1\ndata: {}\n\n)],
     ['sends no object', qq(1 {}\n2 []\n3 {}\n\n), qq(id: 1\ndata: {}\n\n)],
     ['sends a long number', qq(1 {}\n) . '1' x 21 . qq( {}\n),
      qq(id: 1\ndata: {}\n\n)],
     ['sends a space first', qq(1 {}\n {}\n), qq(id: 1\ndata: {}\n\n)])
{
    my ($what, $events, $expect) = @$_;
    for my $step (0, 1) {
        fake(qq({"status":200,"events":true}\n$events), $step);
        $r = $t->get($ng, '/jobs/x/events');
        is(substr($r->{body}, 0, length $expect), $expect,
            "an engine that $what ($step)");
        like(substr($r->{body}, length $expect), $error, ' an error event');
        ok(!$r->{truncated}, ' and a clean end');
    }
}
fake(qq({"status":200,"events":true}\n1 {"a":") . 'x' x 5000);
$r = $t->get($ng, '/tiny/jobs/x/events');
ok($r->{truncated}, 'a long event that breaks off: the response is cut off');
unlike($r->{body}, qr/error/, ' with nothing put into it');
fake(qq({"status":200,"events":true}\n1 {}\n\nmore), 0, 'keep');
is($t->get($ng, '/jobs/x/events')->{body},
    qq(id: 1\ndata: {}\n\ndata: [DONE]\n\n), 'what is behind a stream is dropped');
heads();

# --- several engines -----------------------------------------------------------------

$t->expect_log(qr/nobody\.sock failed/);
fake(qq({"status":200,"length":2}\n{}), 0, 'keep');
for my $i (1 .. 4) {
    is($t->request($ng, 'POST', '/two/workflows/w/run', json => {})->{status},
        200, 'one engine is down: the other one is taken');
}
is(scalar heads(), 4, ' each run was sent once');
fake('');
for my $i (1 .. 4) {
    is($t->request($ng, 'POST', '/two/workflows/w/run', json => {})->{status},
        502, 'an engine dies with a run: 502');
}
is(scalar heads(), 4, ' and no run was sent twice');

# --- a real engine that is killed ------------------------------------------------------

my $nodes = NodeTool::Workflows::slow_nodes($t);
my @args = ('--nodes', $nodes, '--drain', 1, '--max-running', 2,
    '--max-queued', 0);
my $e = $t->engine(args => \@args);
NodeTool::Workflows::store($t, $e, 'echo', NodeTool::Workflows::echo());
NodeTool::Workflows::store($t, $e, 'long', NodeTool::Workflows::slow(60000));

is($t->request($ng, 'POST', '/real/workflows/echo/run')->{status}, 200,
    'a real engine');
my $s = $t->open_request($ng, 'POST', '/real/workflows/long/run/stream');
$s->event;
my $plain = $t->open_request($ng, 'POST', '/real/workflows/long/run');
$t->wait_for('the run', sub {
    @{ $t->get($ng, '/real/jobs')->{json}{jobs} } == 3;
});
$r = $t->request($ng, 'POST', '/real/workflows/echo/run');
is($r->{status}, 503, 'an engine that is full: 503');
like($r->{headers}{'retry-after'}, qr/^\d+$/, ' with Retry-After');
is($r->{json}{error}{type}, 'service_unavailable', ' its type');

kill 'KILL', $e->{pid};
my @events = $s->events;
like($events[-1]{data}, qr/engine was lost/, 'killed: the stream says so');
ok(!grep({ $_->{data} eq '[DONE]' } @events), ' without [DONE]');
is($plain->response->{status}, 502, ' a plain run is 502');
$t->wait_exit($e, 5);

is($t->request($ng, 'POST', '/real/workflows/echo/run')->{status}, 502,
    'no engine: 502');
$e = $t->engine(args => \@args);
$t->wait_for('the engine to be used again', sub {
    $t->request($ng, 'POST', '/real/workflows/echo/run')->{status} == 200;
}, 15);
pass('a new engine is found');

$s = $t->open_request($ng, 'POST', '/real/workflows/long/run/stream');
$s->event;
is($t->stop($e, 'TERM'), 0, 'SIGTERM in the middle of a stream');
@events = $s->events;
like($events[-2]{data} . $events[-1]{data}, qr/"failed"|engine was lost/,
    ' the stream says how the job ended');

$t->done;
