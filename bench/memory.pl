#!/usr/bin/perl

# Resident memory of nginx's worker and of the engine: idle, and for each of
# BENCH_STREAMS (1000) open streams, of job events and of a chat that a mock
# provider keeps open, the latter beside proxy_pass to the same mock.
#
#   NODETOOL_BUILD=build perl bench/memory.pl

use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/lib", "$Bin/../t/lib";
use IO::Select;
use IO::Socket::INET;
use POSIX ();
use NodeTool::HTTP;
use NodeTool::Test;
use NodeTool::Workflows;

my $N = $ENV{BENCH_STREAMS} || 1000;
my $t = NodeTool::Test->new;

# A provider that sends the first chunk of a stream, and then nothing.
my $listener = IO::Socket::INET->new(Listen => 1024,
    LocalAddr => '127.0.0.1') or die "mock: $!\n";
my $mock_port = $listener->sockport;
my $mock = fork;
die "fork: $!\n" if !defined $mock;
if ($mock == 0) {
    my %in;
    my $select = IO::Select->new($listener);
    while (1) {
        for my $sock ($select->can_read) {
            if ($sock == $listener) {
                $select->add(scalar $listener->accept);
            } elsif (!sysread $sock, $in{$sock}, 65536,
                length($in{$sock} // ''))
            {
                delete $in{$sock};
                $select->remove($sock);
                close $sock;
            } elsif ($in{$sock} =~ /\}\z/) {
                my $event = 'data: {"id":"c","object":"chat.completion.chunk",'
                    . '"created":1,"model":"mock","choices":[{"index":0,'
                    . '"delta":{"role":"assistant","content":"Hi"}}]}' . "\n\n";
                syswrite $sock, "HTTP/1.1 200 OK\r\nContent-Type: "
                    . "text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                    . sprintf("%x\r\n%s\r\n", length $event, $event);
                $in{$sock} = '';
            }
        }
    }
}
push @{ $t->{children} }, { name => 'mock', pid => $mock };

my $nodes = NodeTool::Workflows::slow_nodes($t);
my $e = $t->engine(args => ['--nodes', $nodes, '--log-level', 'warn',
    '--drain', 0]);
NodeTool::Workflows::store($t, $e, 'long', NodeTool::Workflows::slow(600_000));

my $conf = <<'CONF';
    nodetool_engine engine;
    location /workflows { nodetool_workflow; }
    location /jobs { nodetool_workflow; }
    location /v1/ { nodetool_chat; }
    location /proxy/ { proxy_pass http://127.0.0.1:MOCK/; proxy_buffering off;
                       proxy_http_version 1.1; }
CONF
my $http = <<'HTTP';
    access_log off;
    upstream engine { server unix:%%ENGINE%%; keepalive 4; }
    nodetool_provider mock { url http://127.0.0.1:MOCK/v1; models mock; }
    nodetool_model * mock;
HTTP
s/MOCK/$mock_port/g for $conf, $http;

sub rss {
    my ($pid) = @_;
    return $t->read_file("/proc/$pid/status") =~ /VmRSS:\s+(\d+)/ ? $1 : 0;
}

# What N streams add to a fresh worker and to the engine; the worker's own
# memory and the engine's in front of them.
sub measure {
    my ($title, $open) = @_;

    my $ng = $t->nginx($conf, http => $http, connections => 4 * $N,
        name => 'nginx-' . $title =~ tr{ }{-}r);
    my ($worker) = split ' ', `pgrep -P $ng->{pid}`;
    my @pids = ($worker, $e->{pid});
    my $job = $t->open_request($ng, 'POST', '/workflows/long/run/stream');
    $job->event;
    my $id = $job->{headers}{'x-job-id'};

    my @before = map { rss($_) } @pids;
    my @streams = map { $open->($ng, $id) } 1 .. $N;
    $_->read_until(qr/\n\n/) for @streams;
    my @after = map { rss($_) } @pids;

    printf "%-12s nginx worker %.1f MiB idle, %.1f KiB a stream | engine "
        . "%.1f MiB idle, %.1f KiB a stream\n", $title, $before[0] / 1024,
        ($after[0] - $before[0]) / $N, $before[1] / 1024,
        ($after[1] - $before[1]) / $N;

    $_->close for @streams;
    $t->request($ng, 'POST', "/jobs/$id/cancel");
    $job->close;
    $t->stop($ng, 'TERM');
    return;
}

my @chat = (json => { model => 'mock', stream => \1,
    messages => [{ role => 'user', content => 'Hi' }] });

measure('job events', sub {
    return $t->open_request($_[0], 'GET', "/jobs/$_[1]/events");
});
measure('chat', sub {
    return $t->open_request($_[0], 'POST', '/v1/chat/completions', @chat);
});
measure('proxy_pass', sub {
    return $t->open_request($_[0], 'POST', '/proxy/v1/chat/completions', @chat);
});

$t->stop_all;
