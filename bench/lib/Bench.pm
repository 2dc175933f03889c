package Bench;

# Measures requests per second with wrk, always beside a reference: each round
# runs every target once, so that whatever else the machine does hits all of
# them, and the median of the rounds counts.
#
#   use lib 'bench/lib', 't/lib';
#   use Bench;
#   use NodeTool::Test;
#
#   my $t = NodeTool::Test->new;
#   my $ng = $t->nginx(...);
#   my $r = Bench::measure({ 'nginx' => { url => $url1 },
#                            'ours'  => { url => $url2, script => $lua } });
#   Bench::compare('GET of 4 KiB', $r, 'ours', 'nginx', 0.95);
#
# BENCH_ROUNDS (5), BENCH_SECONDS (3) and BENCH_CONNECTIONS (16) in the
# environment set the defaults.

use strict;
use warnings;

use File::Temp ();

our $ROUNDS      = $ENV{BENCH_ROUNDS} || 5;
our $SECONDS     = $ENV{BENCH_SECONDS} || 3;
our $CONNECTIONS = $ENV{BENCH_CONNECTIONS} || 16;

$| = 1;

sub median {
    my @sorted = sort { $a <=> $b } @_;
    my $middle = int(@sorted / 2);
    return @sorted % 2 ? $sorted[$middle]
                       : ($sorted[$middle - 1] + $sorted[$middle]) / 2;
}

# One run of wrk. Target: { url, script (Lua text), headers [name, value, ...],
# connections, threads, seconds }. { rps, p50, p99 } with latencies in seconds;
# dies when an answer was not a success, for a figure of errors is none.
sub wrk {
    my ($target) = @_;

    my @argv = ('wrk', '--latency', '-t', $target->{threads} || 1, '-c',
        $target->{connections} || $CONNECTIONS, '-d',
        ($target->{seconds} || $SECONDS) . 's');
    my $script;
    if ($target->{script}) {
        $script = File::Temp->new(SUFFIX => '.lua');
        print {$script} $target->{script};
        close $script;
        push @argv, '-s', "$script";
    }
    my @headers = @{ $target->{headers} || [] };
    while (my ($name, $value) = splice @headers, 0, 2) {
        push @argv, '-H', "$name: $value";
    }

    open my $fh, '-|', @argv, $target->{url} or die "wrk: $!\n";
    my $output = do { local $/; <$fh> };
    close $fh or die "wrk failed:\n$output";

    die "answers were no success:\n$output" if $output =~ /Non-2xx/;
    die "sockets failed:\n$output"
        if $output =~ /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/
            && $1 + $3 + $4 > 0;
    my ($rps) = $output =~ m{Requests/sec:\s+([\d.]+)}
        or die "wrk said:\n$output";

    return { rps => $rps, map { ("p$_" => latency($output, $_)) } 50, 99 };
}

sub latency {
    my ($output, $percent) = @_;

    my ($value, $unit) = $output =~ /^\s*$percent%\s+([\d.]+)(us|ms|s|m)\s*$/m
        or return;
    return $value * { us => 1e-6, ms => 1e-3, s => 1, m => 60 }->{$unit};
}

# Runs all targets, a hash of them by name, in turn. Options: rounds, warmup
# (seconds; 1). { name => { rps, p50, p99 } }, medians.
sub measure {
    my ($targets, %opt) = @_;

    my @names = sort keys %$targets;
    my %runs;
    for my $name (@names) {
        wrk({ %{ $targets->{$name} }, seconds => $opt{warmup} || 1 });
    }
    for my $round (1 .. $opt{rounds} || $ROUNDS) {
        # the other way round each time: who is first has it no better
        for my $name ($round % 2 ? @names : reverse @names) {
            push @{ $runs{$name} }, wrk($targets->{$name});
        }
    }
    return {
        map {
            my $name = $_;
            ($name => { map {
                my $key = $_;
                ($key => median(map { $_->{$key} } @{ $runs{$name} }))
            } qw(rps p50 p99) })
        } @names
    };
}

# Prints a target beside its reference; true when the ratio is at least $goal,
# or when there is none.
sub compare {
    my ($title, $result, $name, $reference, $goal) = @_;

    my ($ours, $theirs) = @$result{$name, $reference};
    my $ratio = $ours->{rps} / $theirs->{rps};
    my $ok = !defined $goal || $ratio >= $goal;
    printf "%-34s %-12s %9.0f/s %7.2f ms | %-12s %9.0f/s %7.2f ms | %.2f%s\n",
        $title, $name, $ours->{rps}, 1000 * $ours->{p50}, $reference,
        $theirs->{rps}, 1000 * $theirs->{p50}, $ratio,
        defined $goal ? sprintf(' (goal %.2f%s)', $goal, $ok ? '' : ', MISSED')
                      : '';
    return $ok;
}

# Resident memory of a process and its children, in KiB.
sub memory {
    my ($pid) = @_;

    my $sum = 0;
    for my $status (glob '/proc/[0-9]*/status') {
        open my $fh, '<', $status or next;
        my %is = map { /^(\w+):\s+(\d+)/ ? ($1 => $2) : () } <$fh>;
        $sum += $is{VmRSS} || 0
            if ($is{Pid} || 0) == $pid || ($is{PPid} || 0) == $pid;
    }
    return $sum;
}

1;
