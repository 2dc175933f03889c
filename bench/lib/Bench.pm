package Bench;

# Measures requests per second with wrk, always beside a reference: each round
# runs every target once, so that whatever else the machine does hits all of
# them alike. What counts is the median over the rounds of the ratio within a
# round. The processor time a request takes is printed, too: it hardly moves
# when other programs want the machine.
#
#   use lib 'bench/lib', 't/lib';
#   use Bench;
#   use NodeTool::Test;
#
#   my $t = NodeTool::Test->new;
#   my $ng = $t->nginx(...);
#   my $r = Bench::measure({ 'nginx' => { url => $url1 },
#                            'ours'  => { url => $url2, script => $lua } },
#                          pids => [$ng->{pid}]);
#   Bench::compare('GET of 4 KiB', $r, 'ours', 'nginx', 0.95);
#
# BENCH_ROUNDS (9), BENCH_SECONDS (1) and BENCH_CONNECTIONS (16) in the
# environment set the defaults.

use strict;
use warnings;

use File::Temp ();
use POSIX ();

our $ROUNDS      = $ENV{BENCH_ROUNDS} || 9;
our $SECONDS     = $ENV{BENCH_SECONDS} || 1;
our $CONNECTIONS = $ENV{BENCH_CONNECTIONS} || 16;

$| = 1;

sub median {
    my @sorted = sort { $a <=> $b } @_;
    my $middle = int(@sorted / 2);
    return @sorted % 2 ? $sorted[$middle]
                       : ($sorted[$middle - 1] + $sorted[$middle]) / 2;
}

# One run of wrk. Target: { url, script (Lua text), headers [name, value, ...],
# connections, threads, seconds }. { rps, requests, p50, p99 }, latencies in s;
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

    my ($requests) = $output =~ /(\d+) requests in/;
    return { rps => $rps, requests => $requests || 1, map { ("p$_" => latency($output, $_)) } 50, 99 };
}

sub latency {
    my ($output, $percent) = @_;

    my ($value, $unit) = $output =~ /^\s*$percent%\s+([\d.]+)(us|ms|s|m)\s*$/m
        or return;
    return $value * { us => 1e-6, ms => 1e-3, s => 1, m => 60 }->{$unit};
}

# Runs all targets, a hash of them by name, in turn. Options: rounds, warmup
# (seconds; 1), pids (servers whose processor time is counted, with their
# children). { name => { rps, p50, p99, cpu, runs } }: medians, and the rounds;
# cpu is in seconds a request.
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
            my $before = cpu_seconds(@{ $opt{pids} || [] });
            my $run = wrk($targets->{$name});
            $run->{cpu} = (cpu_seconds(@{ $opt{pids} || [] }) - $before)
                / $run->{requests};
            push @{ $runs{$name} }, $run;
        }
    }
    my %result;
    for my $name (@names) {
        $result{$name} = { runs => $runs{$name} };
        for my $key (qw(rps p50 p99 cpu)) {
            $result{$name}{$key} = median(map { $_->{$key} } @{ $runs{$name} });
        }
    }
    return \%result;
}

# Prints a target beside its reference; true when the ratio is at least $goal,
# or when there is none.
sub compare {
    my ($title, $result, $name, $reference, $goal) = @_;

    my ($ours, $theirs) = @$result{$name, $reference};
    my $ratio = median(map { $ours->{runs}[$_]{rps} / $theirs->{runs}[$_]{rps} }
                           0 .. $#{ $ours->{runs} });
    my $ok = !defined $goal || $ratio >= $goal;
    printf "%-30s %s | %s | %.2f%s\n", $title, figures($name, $ours),
        figures($reference, $theirs), $ratio, !defined $goal ? ''
        : sprintf ' (goal %.2f%s)', $goal, $ok ? '' : ', MISSED';
    return $ok;
}

sub figures {
    my ($name, $of) = @_;

    my $text = sprintf '%s %.0f/s, %.2f ms', $name, $of->{rps},
        1000 * $of->{p50};
    $text .= sprintf ', %.1f us cpu', 1e6 * $of->{cpu} if $of->{cpu};
    return $text;
}

sub cpu_seconds {
    my (@pids) = @_;

    my %wanted = map { $_ => 1 } @pids;
    my $ticks = 0;
    for my $stat (%wanted ? glob('/proc/[0-9]*/stat') : ()) {
        open my $fh, '<', $stat or next;
        my ($pid, $rest) = (<$fh> // '') =~ /^(\d+) \(.*\) (.*)/ or next;
        my @field = split / /, $rest;    # from the state on: ppid is [1]
        $ticks += $field[11] + $field[12]
            if $wanted{$pid} || $wanted{$field[1]};
    }
    return $ticks / POSIX::sysconf(POSIX::_SC_CLK_TCK());
}

# Compiles bench/NAME.c into the folder; the program's path.
sub compile {
    my ($bench, $folder, $name) = @_;

    my $program = "$folder/$name";
    system($ENV{CC} || 'cc', qw(-O2 -std=gnu11 -D_GNU_SOURCE -o), $program,
        "$bench/$name.c") == 0 or die "cannot compile bench/$name.c\n";
    return $program;
}

# Starts bench/client.c, which posts $body; %opt are its options. What it
# prints is read from the handle by client_result().
sub client {
    my ($program, $port, $path, $body, %opt) = @_;

    open my $fh, '-|', $program, $port, $path, $body,
        map { "$_=$opt{$_}" } sort keys %opt or die "client: $!\n";
    return $fh;
}

sub client_result {
    my ($fh) = @_;

    my $line = <$fh> // '';
    close $fh or die "client failed: $line\n";
    return { $line =~ /(\w+)=([\d.]+)/g };
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
