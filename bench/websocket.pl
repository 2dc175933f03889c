#!/usr/bin/perl

# WebSockets: messages that are sent back, a second and a second of processor
# time of the server, beside `ws` on Node: the same client sends the same
# frames on the same kind of socket. On Unix sockets, with 16 connections:
#
#   - frames: the bytes of each message as they came; here the engine's wire
#     and frames (bench/websocket_frames.c)
#   - JSON: each message parsed and written again; here all of the engine's
#     WebSockets (bench/websocket_echo.c)
#
# then through nginx, with the tunnel here and proxy_pass to Node there, and
# without a proxy. Last the memory of idle connections, of each process.
#
#   NODETOOL_BUILD=build perl bench/websocket.pl
#
# BENCH_ROUNDS (5), BENCH_SECONDS (1) and BENCH_IDLE (5000). Without npm or its
# registry only the figures of here.

use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/lib", "$Bin/../t/lib";
use Bench;
use File::Copy qw(copy);
use File::Path qw(make_path);
use NodeTool::Test;

my $ROUNDS = $ENV{BENCH_ROUNDS} || 5;
my $SECONDS = $ENV{BENCH_SECONDS} || 1;
my $IDLE = $ENV{BENCH_IDLE} || 5000;
my $BUILD = $NodeTool::Test::BUILD;

my $t = NodeTool::Test->new;
my $dir = $t->dir;

# --- programs ----------------------------------------------------------------

sub run_or_die {
    my (@command) = @_;

    system(@command) == 0 or die "@command failed\n";
    return;
}

run_or_die('make', '-s', '-C', "$Bin/..", "BUILD=$BUILD",
    map { "$BUILD/bench/$_" } qw(websocket_echo websocket_frames));
run_or_die($ENV{CC} || 'cc', '-O2', '-D_GNU_SOURCE', '-o', "$dir/websocket",
    "$Bin/websocket.c");

# `ws` for Node, installed once; a false value where that cannot be done.
sub node {
    my $folder = "$BUILD/bench/node";

    make_path($folder);
    copy("$Bin/$_", $folder) or die "$folder: $!\n"
        for qw(package.json websocket_node.mjs);
    return "$folder/websocket_node.mjs" if -d "$folder/node_modules/ws";

    print "installing ws for Node\n";
    return system("cd '$folder' && npm install --no-audit --no-fund"
        . ' > npm.log 2>&1') == 0 && "$folder/websocket_node.mjs";
}

my $node = node() or print "ws on Node is left out: npm cannot install it\n";

# --- servers -----------------------------------------------------------------

my %payload = (
    '64 B' => { type => 'chunk', node_id => 'n1', content => 'Hello World!' },
    '1 KiB' => { type => 'output_update', node_id => 'n1', n => [1, 2, 3],
        value => 'Lorem ipsum dolor sit amet ' x 35 },
    '64 KiB' => { type => 'output_update', node_id => 'n1', n => [1, 2, 3],
        value => 'Lorem ipsum dolor sit amet ' x 2424 },
);
my @sizes = ('64 B', '1 KiB', '64 KiB');
my %depth = ('64 B' => 64, '1 KiB' => 16, '64 KiB' => 4);
my %file = map { my $name = tr{ }{-}r;
                 ($_ => $t->write_file($name, $t->encode($payload{$_}))) }
    @sizes;

my $wire = '{"op":"ws","path":"all"}\n';
my $http = join '\r\n', 'GET /echo HTTP/1.1', 'Host: localhost',
    'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', '', '';

# A server on a Unix socket: { to, hello, pids }.
sub on_socket {
    my ($name, $hello, @command) = @_;

    my $socket = "$dir/$name.sock";
    my $child = $t->spawn($name, [map { $_ eq 'SOCKET' ? $socket : $_ }
        @command]);
    $t->wait_socket($socket, $child);
    return { to => $socket, hello => $hello, pids => [$child->{pid}] };
}

my %server = (
    frames => on_socket('frames', $wire, "$BUILD/bench/websocket_frames",
        'SOCKET'),
    JSON => on_socket('json', $wire, "$BUILD/bench/websocket_echo", 'SOCKET'),
);
if ($node) {
    $server{'frames, ws'} = on_socket('ws', $http, 'node', $node, 'SOCKET');
    $server{'JSON, ws'} = on_socket('ws-json', $http, 'node', $node, 'SOCKET',
        'json');
    my $port = $t->port('ws-tcp');
    my $child = $t->spawn('ws-tcp', ['node', $node, $port]);
    $t->wait_port($port, $child);
    $server{'TCP, ws'} = { to => $port, hello => $http,
        pids => [$child->{pid}] };
}

sub nginx {
    my ($name, $conf, $upstream, @pids) = @_;

    my $ng = $t->nginx("location = /echo { $conf }", name => $name,
        connections => 4 * $IDLE, main => 'worker_rlimit_nofile 65536;',
        http => "access_log off; $upstream");
    return { to => $ng->{port}, hello => $http, pids => [$ng->{pid}, @pids] };
}

# with room for what passes; below, connections are idle with as much as usual
$server{tunnel} = nginx('nginx', 'nodetool_engine echo; nodetool_websocket all;'
    . 'nodetool_websocket_buffer_size 64k;',
    "upstream echo { server unix:$server{JSON}{to}; }",
    @{ $server{JSON}{pids} });
if ($node) {
    $server{'proxy_pass, ws'} = nginx('nginx-ws', <<"CONF", '',
        proxy_pass http://unix:$server{'JSON, ws'}{to};
        proxy_http_version 1.1;
        proxy_buffer_size 64k;
        proxy_buffers 4 64k;
        proxy_set_header Upgrade \$http_upgrade;
        proxy_set_header Connection upgrade;
CONF
        @{ $server{'JSON, ws'}{pids} });
}

# --- messages ----------------------------------------------------------------

# One run of the client: { rate, p50, cpu [seconds a message, by process] }.
sub ask {
    my ($server, $size) = @_;

    my @before = map { Bench::cpu_seconds($_) } @{ $server->{pids} };
    open my $fh, '-|', "$dir/websocket", $server->{to}, $server->{hello},
        $file{$size}, 16, $depth{$size}, $SECONDS or die "websocket: $!\n";
    my $text = do { local $/; <$fh> };
    close $fh or die "websocket failed\n";
    my @after = map { Bench::cpu_seconds($_) } @{ $server->{pids} };

    my $run = $t->decode($text);
    return { rate => $run->{messages} / $run->{seconds}, p50 => $run->{p50},
        cpu => [map { ($after[$_] - $before[$_]) / $run->{messages} }
            0 .. $#after] };
}

sub sum { my $sum = 0; $sum += $_ for @_; return $sum }

# Messages a second of one core.
sub per_core { my ($run) = @_; return 1 / (sum(@{ $run->{cpu} }) || 1e-9) }

sub figures {
    my ($name, @runs) = @_;

    my $n = @{ $runs[0]{cpu} };
    return sprintf '%s %.0f/s a core (%.0f/s, %s us)', $name,
        Bench::median(map { per_core($_) } @runs),
        Bench::median(map { $_->{rate} } @runs),
        join ' + ', map { my $i = $_; sprintf '%.2f',
            1e6 * Bench::median(map { $_->{cpu}[$i] } @runs) } 0 .. $n - 1;
}

sub compare {
    my ($size, $ours, $theirs) = @_;

    my %runs;
    for my $round (1 .. $ROUNDS) {
        my @names = grep { $server{$_} } $ours, $theirs;
        for my $name ($round % 2 ? @names : reverse @names) {
            push @{ $runs{$name} }, ask($server{$name}, $size);
        }
    }

    printf "%-7s %s", $size, figures($ours, @{ $runs{$ours} });
    if ($runs{$theirs}) {
        printf " | %s | %.2f", figures($theirs, @{ $runs{$theirs} }),
            Bench::median(map { per_core($runs{$ours}[$_])
                    / per_core($runs{$theirs}[$_]) } 0 .. $ROUNDS - 1);
    }
    print "\n";
    return;
}

for my $pair (['frames', 'frames, ws'], ['JSON', 'JSON, ws'],
    ['tunnel', 'proxy_pass, ws'], ['tunnel', 'TCP, ws'])
{
    compare($_, @$pair) for @sizes;
}

# --- idle connections --------------------------------------------------------

# What they add to each process, in bytes a connection.
sub idle {
    my ($name) = @_;

    my $server = $server{$name} or return;
    my @before = map { Bench::memory($_) } @{ $server->{pids} };
    my $pid = open my $fh, '-|', "$dir/websocket", $server->{to},
        $server->{hello}, $file{'64 B'}, $IDLE, 0, 0 or die "websocket: $!\n";
    readline $fh;
    my @after = map { Bench::memory($_) } @{ $server->{pids} };
    kill 'TERM', $pid;
    close $fh;

    my @bytes = map { 1024 * ($after[$_] - $before[$_]) / $IDLE } 0 .. $#after;
    printf "%d idle, %s: %s bytes a connection, %.0f connections a MiB\n",
        $IDLE, $name, join(' + ', map { sprintf '%.0f', $_ } @bytes),
        (1 << 20) / (sum(@bytes) || 1);
    return;
}

# Servers that have not served yet: what is free in them would not grow.
$t->stop_all;
%server = (engine => on_socket('idle', $wire, "$BUILD/bench/websocket_echo",
    'SOCKET'));
$server{'nginx + engine'} = nginx('idle-nginx',
    'nodetool_engine echo; nodetool_websocket all;',
    "upstream echo { server unix:$server{engine}{to}; }",
    @{ $server{engine}{pids} });
$server{ws} = on_socket('idle-ws', $http, 'node', $node, 'SOCKET') if $node;
idle('nginx + engine');
idle('ws');

$t->stop_all;
