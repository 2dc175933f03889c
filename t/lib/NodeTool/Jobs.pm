package NodeTool::Jobs;

# Jobs on the engine's socket, for tests.

use strict;
use warnings;

use IO::Socket::UNIX;
use Test::More;

# Sends job.run for a stream of events, waits until the job is accepted, and
# leaves. The job's id; nothing when it was not accepted.
sub submit {
    my ($t, $engine, $workflow_id, %head) = @_;

    my $sock = IO::Socket::UNIX->new(Peer => $engine->{socket}) or return;
    print {$sock} $t->encode({ op => 'job.run', user => '1',
        workflow_id => $workflow_id, events => \1, %head }), "\n";
    $sock->flush;
    my $line = readline $sock;
    return if !defined $line;
    my $reply = $t->decode($line);
    return $reply->{status} == 200 ? $reply->{job_id} : undef;
}

sub get {
    my ($t, $engine, $id) = @_;

    return $t->wire($engine, { op => 'job.get', job_id => $id })->{json} || {};
}

# Waits for a job to have this status.
sub wait_status {
    my ($t, $engine, $id, $status, $timeout) = @_;

    return $t->wait_for("job $id to be $status", sub {
        my $job = get($t, $engine, $id);
        return ($job->{status} || '') eq $status && $job;
    }, $timeout);
}

# All events of a job, read to the end: [[number, event], ...]
sub events {
    my ($t, $engine, $id, $after) = @_;

    return $t->wire($engine, { op => 'job.events', job_id => $id,
        after => $after || 0 })->{events} || [];
}

# Reads a job's events through this engine and checks what holds for every
# job that has ended: numbers from 1 without a gap, one end, which is last.
# Returns its events.
sub ended_well {
    my ($t, $engine, $id, $status, $name) = @_;

    my $events = events($t, $engine, $id);
    my @numbers = map { $_->[0] } @$events;
    my @ends = grep {
        $_->[1]{type} eq 'job_update'
            && $_->[1]{status} =~ /^(?:completed|failed|cancelled)$/
    } @$events;

    is("@numbers", join(' ', 1 .. @numbers), "$name: numbers without a gap");
    is(scalar @ends, 1, "$name: one end");
    is($events->[-1][1]{status}, $status, "$name: $status at last");
    is(get($t, $engine, $id)->{status}, $status, "$name: and to stay");
    return $events;
}

# What Redis replies to a command, as redis-cli prints it.
sub redis_cli {
    my ($redis, @command) = @_;

    open my $out, '-|', 'redis-cli', '-s', $redis->{socket}, @command
        or die "redis-cli: $!";
    local $/;
    my $reply = <$out>;
    close $out or die "redis-cli @command failed\n";
    $reply =~ s{\n+\z}{};
    return $reply;
}

1;
