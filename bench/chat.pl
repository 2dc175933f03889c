#!/usr/bin/perl

# The gateway beside plain proxy_pass (buffering off) to the same provider, for
# each dialect: replies a second, tokens a second of streams in which each
# token is a write of its own, processor time of both, and the latency that is
# added below saturation. Beside it, Portkey's gateway and LiteLLM's proxy,
# where they install. One worker, loopback; the provider is bench/upstream.c.
#
#   NODETOOL_BUILD=build perl bench/chat.pl [DIALECT ...]
#
# BENCH_OTHERS=0 leaves the other gateways out.

use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/lib", "$Bin/../t/lib";
use Bench;
use Gateways;
use NodeTool::Test;

my $TOKENS = 100;
my $RATE = 500;

# What a provider's path is in chat, whole and streamed.
my %PATHS = (
    openai    => [('/v1/chat/completions') x 2],
    anthropic => [('/v1/messages') x 2],
    gemini    => ['/v1beta/models/bench:generateContent',
        '/v1beta/models/bench:streamGenerateContent?alt=sse'],
    ollama    => [('/api/chat') x 2],
);
my %BASES = (openai => '/v1', anthropic => '', gemini => '', ollama => '');

my @dialects = @ARGV ? @ARGV : qw(openai anthropic gemini ollama);

my $t = NodeTool::Test->new;
my $client = Bench::compile($Bin, $t->dir, 'client');
my $port = $t->port('upstream');
my $upstream = $t->spawn('upstream', [
    Bench::compile($Bin, $t->dir, 'upstream'), $port, $TOKENS]);
$t->wait_port($port, $upstream);

my $ng = $t->nginx(<<'CONF', modules => [qw(base chat)], http => <<"HTTP");
    location /proxy/ {
        proxy_pass          http://provider/;
        proxy_http_version  1.1;
        proxy_set_header    Connection "";
        proxy_set_header    Authorization "Bearer sk-bench";
        proxy_buffering     off;
    }
    location /v1/ { nodetool_chat; }
CONF
    access_log          off;
    error_log           %%DIR%%/error.log warn;
    keepalive_requests  10000000;
    upstream provider {
        server              127.0.0.1:$port;
        keepalive           64;
        keepalive_requests  10000000;
    }
    @{[ map { "nodetool_provider $_ { url http://provider$BASES{$_}; key sk-bench;
        models bench; dialect $_; }\n" } @dialects ]}
HTTP

my $words = 'word ' x 60;

sub body {
    my ($model, $more) = @_;

    return qq({"messages":[{"role":"user","content":"$words"}],"model":"$model"$more});
}

sub target {
    my ($url, $body, @headers) = @_;

    return { url => $url, headers => \@headers, script => <<"LUA" };
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '$body'
LUA
}

my $here = "http://127.0.0.1:$ng->{port}";
my $ok = 1;

for my $dialect (@dialects) {
    my $goal = $dialect eq 'openai' ? 0.95 : 0.8;
    my $paths = $PATHS{$dialect};
    for (["a reply", '', 0],
         ["a stream of $TOKENS tokens", ',"stream":true,"stream_options":{"include_usage":true}', 1],
         $dialect eq 'openai' ? ['the same, usage asked for', ',"stream":true', 1] : ())
    {
        my ($name, $more, $stream) = @$_;
        my $r = Bench::measure({
            proxy_pass => target("$here/proxy$paths->[$stream]", body('bench', $more)),
            gateway    => target("$here/v1/chat/completions", body("$dialect/bench", $more)),
        }, pids => [$ng->{pid}]);
        $ok &= Bench::compare("$dialect: $name", $r, 'gateway', 'proxy_pass', $goal);
        next if !$stream;
        printf "%-30s gateway %.0f tokens/s, %.2f us cpu a token | proxy_pass "
            . "%.0f tokens/s, %.2f us cpu a token\n", '', map {
            ($_->{rps} * $TOKENS, 1e6 * $_->{cpu} / $TOKENS) }
            @$r{qw(gateway proxy_pass)};
    }

    # below saturation
    my %ports = (direct => [$port, $paths->[0], 'bench'],
        proxy_pass => [$ng->{port}, "/proxy$paths->[0]", 'bench'],
        gateway => [$ng->{port}, '/v1/chat/completions', "$dialect/bench"]);
    my %runs;
    for my $round (1 .. $Bench::ROUNDS) {
        for my $name (sort keys %ports) {
            my ($to, $path, $model) = @{ $ports{$name} };
            my $file = $t->write_file('body.json', body($model, ''));
            push @{ $runs{$name} }, Bench::client_result(Bench::client($client,
                $to, $path, $file, connections => 16, rate => $RATE,
                requests => $RATE * $Bench::SECONDS));
        }
    }
    for my $percent (50, 99) {
        my $of = sub {
            return Bench::median(map { $runs{$_[0]}[$_]{"all$percent"}
                - $runs{$_[1]}[$_]{"all$percent"} } 0 .. $Bench::ROUNDS - 1);
        };
        my $added = $of->('gateway', 'proxy_pass');
        my $missed = $percent == 99 && $added >= 50;
        $ok &= !$missed;
        printf "%-30s p%d: gateway adds %.0f us to %.0f, proxy_pass %.0f: "
            . "%.0f us more%s\n", "$dialect: $RATE replies/s", $percent,
            $of->('gateway', 'direct'), Bench::median(map {
                $_->{"all$percent"} } @{ $runs{direct} }),
            $of->('proxy_pass', 'direct'), $added, $percent == 99
            ? ' (goal 50' . ($missed ? ', MISSED)' : ')') : '';
    }
}

# Their processor time is that of all their processes.
for my $other (($ENV{BENCH_OTHERS} // 1) ? qw(portkey litellm) : ()) {
    my $them = Gateways->can($other)->($t, $port) or next;
    for (['a reply', ''], ["a stream of $TOKENS tokens", ',"stream":true']) {
        my ($name, $more) = @$_;
        my $r = eval { Bench::measure({
            gateway => target("$here/v1/chat/completions", body('openai/bench', $more)),
            $other  => target($them->{url}, body('bench', $more), @{ $them->{headers} || [] }),
        }, pids => [$ng->{pid}, @{ $them->{pids} }], rounds => 3, warmup => 3) }
            or print "beside $other: $name is left out: ",
                ($@ =~ /^(.*)/)[0], "\n" and next;
        Bench::compare("beside $other: $name", $r, 'gateway', $other);
    }
}

exit !$ok;
