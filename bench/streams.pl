#!/usr/bin/perl

# BENCH_STREAMS (10,000) slow streams at once through two workers, a piece a
# second each: none may be dropped. Memory of a stream, and processor time of
# a piece, beside proxy_pass to the same provider.
#
#   NODETOOL_BUILD=build perl bench/streams.pl

use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/lib", "$Bin/../t/lib";
use Bench;
use NodeTool::Test;
use Time::HiRes qw(sleep);

my $N = $ENV{BENCH_STREAMS} || 10_000;
my $TOKENS = 20;
my $RAMP = 2000;    # streams opened a second
my @TRANSLATED = qw(anthropic gemini ollama);

my ($limit) = `sh -c 'ulimit -Hn'` =~ /(\d+)/;
if (defined $limit && $limit < $N + 100) {
    print "$N streams need as many open files (ulimit -Hn is $limit)\n";
    exit 0;
}

my $t = NodeTool::Test->new;
my $client = Bench::compile($Bin, $t->dir, 'client');
my $port = $t->port('upstream');
my $upstream = $t->spawn('upstream', [
    Bench::compile($Bin, $t->dir, 'upstream'), $port, $TOKENS, 1000]);
$t->wait_port($port, $upstream);

my $server = <<'CONF';
    location /proxy/ {
        proxy_pass          http://provider/v1/;
        proxy_http_version  1.1;
        proxy_set_header    Connection "";
        proxy_buffering     off;
    }
    location /v1/ { nodetool_chat; }
CONF
my $http = <<"HTTP";
    access_log off;
    upstream provider { server 127.0.0.1:$port; }
    nodetool_provider openai { url http://provider/v1; key k; models openai; }
    @{[ map { "nodetool_provider $_ { url http://provider; key k; dialect $_; models $_; }\n" } @TRANSLATED ]}
HTTP

my $ok = 1;
my %kib;
for (['proxy_pass', '/proxy/chat/completions', 'openai'],
     ['passed through', '/v1/chat/completions', 'openai'],
     map { ["$_ translated", '/v1/chat/completions', $_] } @TRANSLATED)
{
    my ($name, $path, $model) = @$_;
    my $ng = $t->nginx($server, http => $http, workers => 2, connections =>
        2 * $N, modules => [qw(base chat)], name => 'nginx-' . $name =~ tr{ }{-}r);
    my $body = $t->write_file('body.json', $t->encode({ model => $model,
        stream => \1, messages => [{ role => 'user', content => 'Hi' }] }));

    my $before = Bench::memory($ng->{pid});
    my $cpu = Bench::cpu_seconds($ng->{pid});
    my $fh = Bench::client($client, $ng->{port}, $path, $body,
        connections => $N, requests => $N, ramp => $RAMP);
    sleep $N / $RAMP + ($TOKENS - $N / $RAMP) / 2;    # all are open
    my $memory = Bench::memory($ng->{pid});
    my $r = Bench::client_result($fh);
    $cpu = Bench::cpu_seconds($ng->{pid}) - $cpu;

    $kib{$name} = ($memory - $before) / $N;
    my $whole = $r->{ok} == $N;
    $ok &= $whole && $kib{$name} <= 20;
    printf "%-22s %d streams, %d dropped%s | %.1f KiB a stream%s | %.1f us cpu "
        . "a piece\n", $name, $N, $N - $r->{ok}, $whole ? '' : ', MISSED',
        $kib{$name}, $kib{$name} <= 20 ? '' : ' (goal 20, MISSED)',
        1e6 * $cpu / $r->{events};
    $t->stop($ng, 'TERM');
}

exit !$ok;
