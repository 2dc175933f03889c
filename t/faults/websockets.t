#!/usr/bin/perl

# A thousand clients, each with a WebSocket that runs a job, on two engines
# that share a Redis. nginx is reloaded and cuts off what its old workers
# hold; one of the engines is killed. Clients come again and ask for what they
# miss. Each job ends once, with the right result, and each client has seen
# its events without a gap or a double.

use strict;
use warnings;

use lib 't/lib';

use IO::Poll qw(POLLERR POLLHUP POLLIN POLLOUT);
use IO::Socket::INET;
use JSON::PP ();
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use Test::More;
use Time::HiRes qw(sleep time);

use NodeTool::Test;
use NodeTool::WebSocket;
use NodeTool::Workflows;

my $CLIENTS = $ENV{NODETOOL_WS_CLIENTS} || 1000;
my $PATIENCE = 50;    # seconds for all of them

my $t = NodeTool::Test->new;
my $nodes = NodeTool::Workflows::slow_nodes($t);
$t->redis(appendonly => 'yes');

my @engines = map {
    $t->engine(name => "engine-$_", store => 'redis', args => ['--nodes',
        $nodes, '--max-running', 100, '--max-queued', 2 * $CLIENTS,
        '--lease-ms', 1000, '--log-level', 'warn'])
} 0 .. 1;

my $ng = $t->nginx(<<'CONF', modules => ['base', 'workflow'], workers => 2, http => <<'HTTP', connections => 8192, shutdown => '500ms');
    nodetool_engine engines;
    location = /predict { nodetool_websocket predict; }
    location = /status { stub_status; }
CONF
    upstream engines {
        zone engines 64k;
        server unix:%%DIR%%/engine-0.sock max_fails=1 fail_timeout=60s;
        server unix:%%DIR%%/engine-1.sock max_fails=0;
    }
HTTP

# A value that comes back, and a stream beside it.
my $workflow = { name => 'Both', graph => { nodes => [
    { id => 'key', type => 'nodetool.input.StringInput',
      data => { name => 'key' } },
    { id => 's', type => 'test.Sleep', data => { ms => 20 } },
    { id => 'o', type => 'nodetool.output.Output', data => { name => 'o' } },
    { id => 't', type => 'test.Ticks', data => { count => 6, ms => 10 } },
    { id => 'p', type => 'nodetool.output.Output', data => { name => 'p' } },
], edges => [
    map { my ($from, $to) = @$_;
          { id => "$from-$to", source => $from, sourceHandle => 'output',
            target => $to, targetHandle => 'value' } }
        ['key', 's'], ['s', 'o'], ['t', 'p']
] } };
NodeTool::Workflows::store($t, $engines[0], 'both', $workflow);

# --- clients -------------------------------------------------------------------

my $JSON = JSON::PP->new->utf8;
my $poll = IO::Poll->new;
my %by_socket;
my %seen = (again => 0, orphans => 0, refused => 0, errors => 0, closed => 0);
my (@wrong, %why);

# A client: { n, sock, ws (frames), open, job, seq, end, result, retry (when to
# connect), deaf (until its connection is accepted) }
my @clients = map { { n => $_, seq => 0, ends => 0, retry => 0 } } 1 .. $CLIENTS;

sub wrong {
    my ($c, $what) = @_;
    push @wrong, "client $c->{n}: $what";
    return;
}

sub connect_client {
    my ($c) = @_;

    my $sock = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$ng->{port}",
        Blocking => 0);
    return leave($c) if !$sock;
    setsockopt $sock, IPPROTO_TCP, TCP_NODELAY, 1;
    @$c{qw(sock open retry)} = ($sock, 0, undef);
    $c->{ws} = bless { in => '' }, 'NodeTool::WebSocket';
    $by_socket{$sock} = $c;
    $poll->mask($sock => POLLIN | POLLOUT);
    return;
}

# The connection is gone; it is tried again in a moment.
sub leave {
    my ($c) = @_;

    if ($c->{sock}) {
        $poll->remove($c->{sock});
        delete $by_socket{ $c->{sock} };
        close $c->{sock};
        delete $c->{sock};
    }
    return if $c->{ends};
    $seen{again}++ if $c->{open};
    $seen{orphans}++ if $c->{asked} && !defined $c->{job};
    $c->{asked} = 0;
    $c->{retry} = time + 0.05 + rand 0.2;
    return;
}

sub put {
    my ($c, $bytes) = @_;
    local $SIG{PIPE} = 'IGNORE';
    my $n = syswrite $c->{sock}, $bytes;
    return defined $n && $n == length $bytes;
}

sub command {
    my ($c, $name, %data) = @_;
    return put($c, $c->{ws}->frame(text => $JSON->encode({ command => $name,
        data => \%data })));
}

# Runs a job, or comes back to it.
sub ask {
    my ($c) = @_;

    $c->{asked} = 1;
    return defined $c->{job}
        ? command($c, 'reconnect_job', job_id => $c->{job},
            last_seq => $c->{seq})
        : command($c, 'run_job', workflow_id => 'both',
            params => { key => "key $c->{n}" });
}

sub take {
    my ($c, $message) = @_;

    if (defined $message->{error} && !defined $message->{type}) {
        $seen{errors}++;
        $why{ $message->{error} }++;
        return leave($c);    # and asks again
    }
    $c->{job} = $message->{job_id}
        if !defined $c->{job} && ($message->{message} // '') eq 'Job started';
    return if !defined $message->{job_seq};

    wrong($c, "an event of $message->{job_id}")
        if $message->{job_id} ne $c->{job};
    wrong($c, "$message->{job_seq} after $c->{seq}")
        if $message->{job_seq} != $c->{seq} + 1;
    wrong($c, 'an event behind the end') if $c->{ends};
    $c->{seq} = $message->{job_seq};

    if ($message->{type} eq 'job_update'
        && $message->{status} =~ /^(?:completed|failed|cancelled)$/)
    {
        $c->{ends}++;
        $c->{end} = $message;
    }
    return;
}

sub readable {
    my ($c) = @_;

    my $n = sysread $c->{sock}, $c->{ws}{in}, 65536, length $c->{ws}{in};
    return if !defined $n && $!{EAGAIN};
    return leave($c) if !$n;

    if (!$c->{open}) {
        return if $c->{ws}{in} !~ s/^(.*?)\r\n\r\n//s;
        if ($1 !~ m{^HTTP/1\.1 101 }) {
            $seen{refused}++;
            return leave($c);
        }
        $c->{open} = 1;
        return leave($c) if !ask($c);
    }
    while ($c->{sock} and my $frame = $c->{ws}->take_frame) {
        if ($frame->{opcode} == 8) {
            $seen{closed}++;
            return leave($c);
        }
        put($c, $c->{ws}->frame(pong => $frame->{payload}))
            if $frame->{opcode} == 9;
        take($c, $JSON->decode($frame->{payload})) if $frame->{opcode} == 1;
    }
    return;
}

sub turn {
    my ($wait) = @_;

    for my $c (@clients) {
        connect_client($c)
            if !$c->{sock} && !$c->{ends} && $c->{retry} <= time;
    }
    $poll->poll($wait);
    for my $sock ($poll->handles(POLLOUT)) {
        my $c = $by_socket{$sock} or next;
        $poll->mask($sock => POLLIN);
        leave($c) if !put($c, "GET /predict HTTP/1.1\r\nHost: localhost\r\n"
            . "Upgrade: websocket\r\nConnection: Upgrade\r\n"
            . "Sec-WebSocket-Version: 13\r\n"
            . "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    }
    for my $sock ($poll->handles(POLLIN | POLLERR | POLLHUP)) {
        my $c = $by_socket{$sock} or next;
        readable($c);
    }
    return;
}

# --- what happens to them ----------------------------------------------------------

sub ended { return scalar grep { $_->{ends} } @clients }

my @faults = (
    [0.10, 'nginx is reloaded', sub { kill 'HUP', $ng->{pid} }],
    [0.25, 'an engine is killed', sub {
        kill 'KILL', $engines[0]{pid};
        $t->wait_exit($engines[0], 5);
    }],
    [0.60, 'nginx is reloaded again', sub { kill 'HUP', $ng->{pid} }],
);

my $begin = time;
while (ended() < $CLIENTS && time - $begin < $PATIENCE) {
    turn(0.05);
    if (@faults && ended() >= $faults[0][0] * $CLIENTS) {
        my $fault = shift @faults;
        $fault->[2]();
        note(sprintf '%.1f s: %d jobs have ended, %s', time - $begin, ended(),
            $fault->[1]);
    }
}
note(sprintf '%.1f s: %d jobs have ended', time - $begin, ended());
note("$_: $seen{$_}") for sort keys %seen;
note("error \"$_\": $why{$_}") for sort keys %why;

# what comes behind the end would be wrong
my $until = time + 1;
turn(0.1) while time < $until;

# --- what has become of them ---------------------------------------------------------

is(scalar @faults, 0, 'all happened while jobs ran');
is(ended(), $CLIENTS, "$CLIENTS clients have seen their job's end");
is(join("\n", @wrong[0 .. ($#wrong < 9 ? $#wrong : 9)]), '',
    'all events came once and in their order');
is(scalar(grep { $_->{end} && $_->{end}{status} eq 'completed' } @clients),
    $CLIENTS, 'each job has completed');
is(scalar(grep { ($_->{end}{result}{results}{o} // '') eq "key $_->{n}" }
    @clients), $CLIENTS, ' with its own result');
cmp_ok($seen{again}, '>=', $CLIENTS / 10, 'many had lost their connection');

# a job is what the store says, too
my @last = map { $clients[ rand @clients ] } 1 .. 20;
is(scalar(grep { $t->wire($engines[1], { op => 'job.get',
    job_id => $_->{job} })->{json}{status} eq 'completed' } @last), 20,
    'as the store has it');

for my $c (@clients) { leave($c) }
$t->wait_for('tunnels to end', sub {
    $t->get($ng, '/status')->{body} =~ /Active connections: 1\b/ });
pass('no tunnel is left');

$t->done;
