#!/usr/bin/perl

# The engine alone, on its own socket: runs a second and their latency, with
# the memory store and with Redis, by one engine and by two; each beside its
# floor, in turn:
#
#   - in memory: bench/floor.c, which reads and writes the same JSON and does
#     nothing else
#   - with Redis: the same, and behind it as many pipelined XADDs as the run
#     has events, at redis-benchmark's rate
#
# Then memory at rest, for each queued job, and the time to start.
#
#   NODETOOL_BUILD=build perl bench/engine.pl
#
# BENCH_ROUNDS (5), BENCH_SECONDS (2) and BENCH_CONNECTIONS (16).

use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/lib", "$Bin/../t/lib";
use Bench;
use IPC::Open3 ();
use NodeTool::Test;
use NodeTool::Workflows;
use Time::HiRes qw(time sleep);

my $ROUNDS = $ENV{BENCH_ROUNDS} || 5;
my $SECONDS = $ENV{BENCH_SECONDS} || 2;
my $CONNECTIONS = $ENV{BENCH_CONNECTIONS} || 16;

my $t = NodeTool::Test->new;
my $dir = $t->dir;
my $cc = $ENV{CC} || 'cc';
for my $name (qw(wire floor)) {
    system($cc, '-O2', '-D_GNU_SOURCE', '-o', "$dir/$name", "$Bin/$name.c",
        '-ljansson') == 0 or die "cannot compile $name.c\n";
}

# --- workflows ---------------------------------------------------------------

sub output {
    my ($source, $handle) = @_;

    return ({ id => 'out', type => 'nodetool.output.Output',
              data => { name => 'output' } },
            { id => 'eout', source => $source, sourceHandle => $handle,
              target => 'out', targetHandle => 'value' });
}

# A string through 100 nodes.
sub chain_of_100 {
    return NodeTool::Workflows::chain('Chain',
        ['nodetool.input.StringInput', { name => 'name', value => '' }],
        (map { ['nodetool.control.Reroute', {}, 'input_value'] } 1 .. 98),
        ['nodetool.output.Output', { name => 'output' },
         'value']);
}

# 1,000 nodes from one, into a Collect.
sub fan_out {
    my ($out, $edge) = output('all', 'output');

    return { name => 'Fan', graph => {
        nodes => [
            { id => 'in', type => 'nodetool.input.StringInput',
              data => { name => 'name', value => '' } },
            (map { { id => "n$_", type => 'nodetool.control.Reroute',
                     data => {} } } 1 .. 1000),
            { id => 'all', type => 'nodetool.control.Collect', data => {} },
            $out],
        edges => [
            (map { ({ id => "i$_", source => 'in', sourceHandle => 'output',
                      target => "n$_", targetHandle => 'input_value' },
                    { id => "o$_", source => "n$_", sourceHandle => 'output',
                      target => 'all', targetHandle => 'input_item' }) }
                 1 .. 1000),
            $edge] } };
}

# 100,000 values through five nodes; the length of what is collected.
sub stream {
    my ($out, $edge) = output('count', 'output');

    return { name => 'Stream', graph => {
        nodes => [
            { id => 'range', type => 'nodetool.list.ListRange',
              data => { start => 0, stop => 100_000, step => 1 } },
            { id => 'n0', type => 'nodetool.control.ForEach', data => {} },
            (map { { id => "n$_", type => 'nodetool.control.Reroute',
                     data => {} } } 1 .. 4),
            { id => 'n5', type => 'nodetool.control.Collect', data => {} },
            { id => 'count', type => 'nodetool.list.Length', data => {} },
            $out],
        edges => [
            { id => 'r', source => 'range', sourceHandle => 'output',
              target => 'n0', targetHandle => 'input_list' },
            (map { { id => "e$_", source => "n$_", sourceHandle => 'output',
                     target => 'n' . ($_ + 1),
                     targetHandle => $_ == 4 ? 'input_item'
                                             : 'input_value' } } 0 .. 4),
            { id => 'c', source => 'n5', sourceHandle => 'output',
              target => 'count', targetHandle => 'values' },
            $edge] } };
}

my @cases = (
    ['three nodes', 'greet', NodeTool::Workflows::greet(), 'false'],
    ['three nodes, events', 'greet', NodeTool::Workflows::greet(), 'true'],
    ['chain of 100, events', 'chain', chain_of_100(), 'true'],
    ['fan-out of 1,000, events', 'fan', fan_out(), 'true'],
    ['100,000 values', 'stream', stream(), 'false'],
);

# --- engines -----------------------------------------------------------------

my @limits = ('--log-level', 'warn', '--max-queued', 100_000);
my %engines = (
    memory => [$t->engine(name => 'memory', store => 'memory',
        home => "$dir/home", args => \@limits)],
    redis => [map { $t->engine(name => "redis$_", store => 'redis',
        home => "$dir/home", args => \@limits) } 1, 2],
);
NodeTool::Workflows::store($t, $engines{memory}[0], $_->[1], $_->[2])
    for @cases;

# { runs, seconds, p50, p99, bytes, events } of one round.
sub ask {
    my ($head, $body, @sockets) = @_;

    open my $fh, '-|', "$dir/wire", $SECONDS, $CONNECTIONS, $head, $body,
        @sockets or die "wire: $!\n";
    my $text = do { local $/; <$fh> };
    close $fh or die "wire failed\n";
    my $r = $t->decode($text);
    $r->{rate} = $r->{runs} / $r->{seconds};
    return $r;
}

# Records a reply for the floor, and starts it.
sub floor_of {
    my ($name, $head, $body, $socket) = @_;

    my $sock = IO::Socket::UNIX->new(Peer => $socket) or die "$socket: $!\n";
    my $line = $head;
    $line =~ s/\}$/',"length":' . length($body) . '}'/e;
    print {$sock} "$line\n$body";
    $sock->flush;
    my $reply = readline $sock;
    die "floor: $reply" if $reply !~ /^\{"status":200/;
    if ($reply =~ /"length":(\d+)/) {
        read $sock, (my $rest), $1;
        $reply .= "$rest\n";
    } else {
        while (my $event = readline $sock) {
            $reply .= $event;
            last if $event eq "\n";
        }
    }
    $t->write_file("$dir/$name.reply", $reply);
    my $floor = $t->spawn("floor-$name",
        ["$dir/floor", "$dir/$name.sock", "$dir/$name.reply"]);
    $t->wait_socket("$dir/$name.sock", $floor);
    return $floor;
}

# XADDs a second, pipelined, of an event of the usual size.
sub xadds {
    my ($redis) = @_;

    my $event = '{"type":"node_update","node_id":"n1","node_name":"Format Text"'
        . ',"node_type":"nodetool.text.FormatText","status":"running"}';
    my @command = ('redis-benchmark', '-s', $redis->{socket}, '-n', 100_000,
        '-P', 64, '-c', 1, '--csv', 'XADD', 'bench', 'MAXLEN', '~', 10_000,
        '*', 'e', $event);
    open my $fh, '-|', @command or die "redis-benchmark: $!\n";
    my $text = do { local $/; <$fh> };
    close $fh;
    my @rates = $text =~ /,"([\d.]+)"/g or die "redis-benchmark: $text";
    return $rates[0];
}

# --- speed -------------------------------------------------------------------

my %targets = ('memory' => ['memory', 0], 'Redis' => ['redis', 0],
    'Redis, two engines' => ['redis', 0, 1]);
my $number = 0;
for my $case (@cases) {
    my ($title, $id, undef, $events) = @$case;
    my $head = qq({"op":"job.run","workflow_id":"$id","events":$events});
    my $body = $id eq 'stream' ? '{}' : '{"params":{"name":"Ada"}}';
    my $name = 'floor' . $number++;
    my $floor = floor_of($name, $head, $body, $engines{memory}[0]{socket});

    my %runs;
    for my $round (1 .. $ROUNDS) {
        push @{ $runs{floor} }, ask($head, $body, "$dir/$name.sock");
        push @{ $runs{xadd} }, xadds($t->{redis});
        for my $target (sort keys %targets) {
            my ($store, @which) = @{ $targets{$target} };
            push @{ $runs{$target} }, ask($head, $body,
                map { $engines{$store}[$_]{socket} } @which);
        }
    }
    $t->stop($floor);

    my $stored = @{ $t->wire($engines{memory}[0], { op => 'job.run',
        workflow_id => $id, events => \1 }, $body)->{events} };
    for my $target (sort keys %targets) {
        my ($rate, $p50, $p99) = map { my $key = $_;
            Bench::median(map { $_->{$key} } @{ $runs{$target} }) }
            qw(rate p50 p99);
        my $cost = 1 / Bench::median(map { $_->{rate} } @{ $runs{floor} });
        $cost += $stored / Bench::median(@{ $runs{xadd} })
            if $target =~ /Redis/;
        printf '%-24s %-18s %9.1f runs/s, p50 %.2f ms, p99 %.2f ms'
            . ' | floor %.1f/s | %.2f', $title, $target, $rate, $p50, $p99,
            1 / $cost, $rate * $cost;
        printf ' | %.2f M values/s', 5 * 100_000 * $rate / 1e6
            if $id eq 'stream';
        print "\n";
    }
}

# --- memory and start --------------------------------------------------------

sub rss {
    my ($engine) = @_;
    return $t->read_file("/proc/$engine->{pid}/status") =~ /VmRSS:\s+(\d+)/
        ? $1 : 0;
}

my $nodes = NodeTool::Workflows::slow_nodes($t);
my $idle = $t->engine(name => 'idle', store => 'memory', home => "$dir/home2",
    args => ['--nodes', $nodes, '--max-running', 1, '--max-queued', 100_000,
             '--log-level', 'warn', '--drain', 0]);
printf "engine at rest %d KiB\n", rss($idle);
NodeTool::Workflows::store($t, $idle, 'slow',
    NodeTool::Workflows::slow(600_000));
my $before = rss($idle);
my @open;
for my $n (1 .. 1001) {
    my $sock = IO::Socket::UNIX->new(Peer => $idle->{socket})
        or die "engine: $!\n";
    print {$sock} '{"op":"job.run","workflow_id":"slow","events":true}', "\n";
    $sock->flush;
    readline $sock;
    push @open, $sock;
}
my $queued = rss($idle);
printf "1,000 queued jobs, each with a watcher: %d KiB, %.1f KiB a job\n",
    $queued - $before, ($queued - $before) / 1000;

my $engine = $NodeTool::Test::BUILD . '/nodetool-engine';
my @times;
for my $n (1 .. 11) {
    my $socket = "$dir/start$n.sock";
    my $begin = time;
    my $started = $t->spawn("start$n", [$engine, '--socket', $socket,
        '--home', "$dir/home2"]);
    sleep 0.0005 while !IO::Socket::UNIX->new(Peer => $socket);
    push @times, time - $begin;
    $t->stop($started);
}
printf "start to the first connection: %.1f ms\n", 1e3 * Bench::median(@times);

$t->stop_all;
