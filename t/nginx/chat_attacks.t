#!/usr/bin/perl

# Requests and replies that are made to do harm: names with line ends, two
# models in one body, values without end, counts that overflow, tools that a
# key may not have, replies to somebody else's headers.

use strict;
use warnings;

use lib 't/lib';

use Test::More;
use Time::HiRes qw(time);

use NodeTool::MockOpenAI;
use NodeTool::Test;

my $t = NodeTool::Test->new;
my $mock = NodeTool::MockOpenAI->start($t, 'mock', sub {
    my ($c, $req) = @_;

    my $model = ($req->{json} || {})->{model} || '';
    my $most = '9223372036854775807';
    if ($req->{path} =~ m{/messages$}) {
        return $c->json(200, { id => 'm', type => 'message', role => 'assistant',
            model => 'm', content => [{ type => 'text', text => rand }],
            stop_reason => 'end_turn', usage => { input_tokens => 1, output_tokens => 1 } });
    }
    if ($req->{path} =~ m{/api/chat$}) {
        return $c->json(200, { model => 'm', done => \1, done_reason => 'stop',
            message => { role => 'assistant', content => 'x' },
            prompt_eval_count => $most + 0, eval_count => $most + 0 });
    }
    if ($model =~ /^greedy/) {
        my $reply = NodeTool::MockOpenAI::completion($model, 'x');
        $reply->{usage} = { prompt_tokens => $most + 0,
            completion_tokens => $most + 0, total_tokens => $most + 0 };
        return $c->json(200, $reply);
    }
    return NodeTool::MockOpenAI::answer($c, $req);
});

my $ng = $t->nginx(<<'SERVER', http => <<"HTTP", modules => ['base', 'chat']);
    nodetool_errors on;
    client_max_body_size 32m;
    location /v1/ {
        nodetool_chat;
        nodetool_limit $http_x_user tpm=10000 models=$http_x_models;
    }
    location /cached/ {
        nodetool_chat;
        nodetool_cache c;
    }
SERVER
    nodetool_cache_path %%DIR%%/cache keys_zone=c:1m;
    nodetool_provider mock { url http://127.0.0.1:$mock->{port}/v1; models_timeout 3s; }
    nodetool_provider claude { url http://127.0.0.1:$mock->{port}; dialect anthropic; models m; }
    nodetool_provider ollama { url http://127.0.0.1:$mock->{port}; dialect ollama; models m; }
    nodetool_provider gemini { url http://127.0.0.1:$mock->{port}; dialect gemini; models m; }
HTTP

sub post {
    my ($body, $path, @headers) = @_;

    return $t->request($ng, 'POST', $path || '/v1/chat/completions', body => $body,
        headers => ['Content-Type', 'application/json', @headers], timeout => 20);
}

sub say_hi {
    my ($model, $more) = @_;

    return qq({"model":"$model","messages":[{"role":"user","content":"hi"}])
        . ($more || '') . '}';
}

# --- names -------------------------------------------------------------------

# the log is checked for lines of [alert] at the end
for my $name ('mock/x\n2026/01/01 [alert] forged', 'mock/x\u001b[2J', 'mock/\u007f') {
    my $r = post(say_hi($name));
    is($r->{status}, 422, 'control characters in the name of a model');
    like($r->{json}{error}{message}, qr/control characters/, 'are told of');
}
for my $body (say_hi('mock/mock-1', ',"model":"mock/other"'),
    say_hi('mock/mock-1', ',"mod\u0065l":"mock/other"')) {
    my $r = post($body, undef, 'X-User', 'u', 'X-Models', 'mock/other');
    is($r->{status}, 422, 'two models in one body');
    like($r->{json}{error}{message}, qr/expected one, got several/, 'are told of');
}
is(post(say_hi('mock/mock-1'))->{status}, 200, 'one is fine');

# --- limits ------------------------------------------------------------------

for my $model ('mock/greedy', 'ollama/m') {
    my @user = ('X-User', "of $model");
    is(post(say_hi($model), undef, @user)->{status}, 200, "$model counts beyond reason");
    is(post(say_hi($model), undef, @user)->{status}, 429, 'which gives nothing back');
}

my $r = post(say_hi('mock/mock-1', ',"max_tokens":1,"max_completion_tokens":5000'),
    undef, 'X-User', 'max');
cmp_ok($r->{headers}{'x-ratelimit-remaining-tokens'}, '<=', 5000,
    'of two limits of tokens the larger one is reserved');

my $tools = ',"tools":[{"type":"workflow","workflow_id":"w"}]';
$r = post(say_hi('mock/mock-1', $tools), undef, 'X-User', 'a', 'X-Models', 'mock/*');
is($r->{status}, 403, 'a key that may use no workflow has none for a tool');
like($r->{json}{error}{message}, qr{workflow/\*}, 'and is told why');
for my $models ('mock/*,workflow/*', '*', '') {
    $r = post(say_hi('mock/mock-1', $tools), undef, 'X-User', 'a', 'X-Models', $models);
    is($r->{status}, 200, "models \"$models\" may");
}

# --- the cache ---------------------------------------------------------------

my $ask = '{"model":"claude/m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}';
for my $beta ([], ['anthropic-beta', 'a'], ['anthropic-beta', 'b'],
    ['anthropic-version', '2099-01-01']) {
    for my $want ('miss', 'hit') {
        $r = post($ask, '/cached/v1/messages', @$beta);
        is($r->{headers}{'x-nodetool-cache'}, $want, "[@$beta] has replies of its own: $want");
    }
}

# --- bombs -------------------------------------------------------------------

$r = post(say_hi('ollama/m', ',"x":[' . join(',', ('[]') x 1_200_000) . ']'));
is($r->{status}, 413, 'more values than are translated');
like($r->{json}{error}{message}, qr/more than 1048576 values/, 'are told of');
$r = post(say_hi('ollama/m', ',"user":"' . ('[],\\"{' x 400_000) . '"'));
is($r->{status}, 200, 'in a text they are none');

my $calls = join ',', map {
    qq({"id":"c$_","type":"function","function":{"name":"f$_","arguments":"{}"}})
} 1 .. 8000;
my $results = join ',', map { qq({"role":"tool","tool_call_id":"c$_","content":"x"}) } 1 .. 8000;
for my $model ('ollama/m', 'gemini/m') {
    my $begun = time;
    post(qq({"model":"$model","messages":[{"role":"assistant","tool_calls":[$calls]},$results]}));
    cmp_ok(time - $begun, '<', 2, "$model: thousands of calls do not stop a worker");
}

$t->done;
