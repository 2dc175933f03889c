#!/usr/bin/perl

# NODETOOL_LEAK_REQUESTS (4,000) requests of all kinds, passed through and
# translated, whole and streamed, answered, refused, broken off and left by
# their clients: then worker memory and connections are as before. 100,000 take
# some two minutes.

use strict;
use warnings;

use lib 'bench/lib', 't/lib';

use Test::More;

use Bench;
use NodeTool::Test;

my $N = $ENV{NODETOOL_LEAK_REQUESTS} || 4000;
my @DIALECTS = qw(openai anthropic gemini ollama mistral);

# Memory that a heap of the same use may differ by, KiB.
my $SLACK = 2048;

# The sanitizer keeps little of what is freed: memory is measured.
local $ENV{ASAN_OPTIONS} = 'quarantine_size_mb=1';

my $t = NodeTool::Test->new;
my $bench = "$NodeTool::Test::ROOT/bench";
my $client = Bench::compile($bench, $t->dir, 'client');
my $port = $t->port('upstream');
my $upstream = $t->spawn('upstream', [
    Bench::compile($bench, $t->dir, 'upstream'), $port, 20]);
$t->wait_port($port, $upstream);

my $http = join '', map { my $path = /openai|mistral/ ? '/v1' : ''; <<"HTTP" } @DIALECTS;
nodetool_provider $_ { url http://127.0.0.1:$port$path; dialect $_; key sk; models none;
    max_fails 0; keepalive 16; }
HTTP
$http .= <<"HTTP";
error_log %%DIR%%/quiet.log crit;
access_log off;
keepalive_requests 1000000;
nodetool_provider dead { url http://127.0.0.1:@{[ $t->port('dead') ]}/v1; models none; max_fails 0; }
nodetool_route fall-* { to dead; to openai fail-status; fallback anthropic bench; }
HTTP
my $ng = $t->nginx(<<'SERVER', http => $http, modules => ['base', 'chat']);
    nodetool_errors on;
    location /v1/ { nodetool_chat; }
    location /status { stub_status; }
SERVER
my ($worker) = split ' ', `pgrep -P $ng->{pid}`;

my $words = 'word ' x 200;

sub body {
    my ($model, $more) = @_;

    return $t->write_file("body-$model-$more.json" =~ tr{/"}{__}r,
        qq({"model":"$model","max_tokens":9,"messages":[{"role":"user","content":"$words"}]$more}));
}

# Kinds of requests: [name, path, body, options of bench/client.c, how many
# parts of all, what comes of it].
my $CHAT = '/v1/chat/completions';
my $STREAM = ',"stream":true';
my @kinds;
for my $d (@DIALECTS) {
    push @kinds,
        ["$d: replies", $CHAT, body("$d/bench", ''), {}, 6, 'ok'],
        ["$d: streams", $CHAT, body("$d/bench", $STREAM), {}, 4, 'ok'],
        ["$d: errors", $CHAT, body("$d/fail-status", ''), {}, 1, 'errors'],
        ["$d: errors for streams", $CHAT, body("$d/fail-limit", $STREAM), {}, 1, 'errors'],
        ["$d: streams cut off", $CHAT, body("$d/fail-cut", $STREAM), {}, 1, undef],
        ["$d: no answer", $CHAT, body("$d/fail-close", ''), {}, 1, 'errors'],
        ["$d: left before the header", $CHAT, body("$d/bench", $STREAM), { leave => 0 }, 1, 'left'],
        ["$d: left within a stream", $CHAT, body("$d/bench", $STREAM), { leave => 500 }, 2, undef],
        ["$d: messages", '/v1/messages', body("$d/bench", ''), {}, 1, 'ok'],
        ["$d: streams of messages", '/v1/messages', body("$d/bench", $STREAM), {}, 1, 'ok'];
}
push @kinds, ['fallbacks', $CHAT, body('fall-back', ''), {}, 4, 'ok'],
    ['fallbacks of streams', $CHAT, body('fall-back', $STREAM), {}, 4, 'ok'],
    ['no such model', $CHAT, body('nobody', ''), {}, 1, 'errors'];

my $parts = 0;
$parts += $_->[4] for @kinds;

sub run {
    my ($n, $tell) = @_;

    for my $kind (@kinds) {
        my ($name, $path, $body, $options, $share, $what) = @$kind;
        my $count = int($n * $share / $parts) + 1;
        my $r = Bench::client_result(Bench::client($client, $ng->{port}, $path,
            $body, connections => 16, requests => $count, %$options));
        next if !$tell;
        is($r->{$what}, $count, "$name: $count") or diag(explain($r)) if $what;
        is($r->{requests}, $count, "$name: $count") if !$what;
    }
    return;
}

sub rss {
    return $t->read_file("/proc/$worker/status") =~ /VmRSS:\s+(\d+)/ ? $1 : 0;
}

sub files { my @files = glob "/proc/$worker/fd/*"; return scalar @files }

# Idle connections to providers stay, up to keepalive.
sub idle {
    $t->wait_for('requests to be over', sub {
        return $t->get($ng, '/status')->{body} =~ /Active connections: 1 /;
    });
    return;
}

run($N > 8000 ? 8000 : $N / 2, 0);    # what is made once, and pools of memory
idle();
my ($memory, $files) = (rss(), files());
run($N, 1);
idle();
my ($more, $open) = (rss() - $memory, files() - $files);
cmp_ok($more, '<', $SLACK, "memory: $more KiB more than $memory");
cmp_ok($open, '<', 16 * @DIALECTS, "open files: $open more than $files");
$t->done;
