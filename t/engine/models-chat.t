#!/usr/bin/perl

# Nodes that chat with providers, by each dialect, and what can go wrong.

use strict;
use utf8;
use warnings;

use lib 't/lib';

use JSON::PP ();
use MIME::Base64 qw(encode_base64);
use Test::More;
use Time::HiRes qw(time);

use NodeTool::Graph qw(graph node);
use NodeTool::MockModels;
use NodeTool::Test;

my $JSON = JSON::PP->new;
my $ROOT = $NodeTool::Graph::ROOT;
my $t = NodeTool::Test->new;
my $mock = NodeTool::MockModels->start($t, 'models');
my %clean = map { $_ => $ENV{$_} } grep {
    !/_(API_KEY|BASE_URL|API_URL)$|^(HF_TOKEN|NODETOOL_DEFAULT_MODEL)$/
} keys %ENV;

# A process that runs graphs with these settings.
sub engine {
    my (%env) = @_;

    local %ENV = (%clean, %env);
    return NodeTool::Graph->new(plugins => [["$ROOT/t/lib/model_nodes.c"]]);
}

sub model { return { type => 'language_model', provider => $_[0],
    id => $_[1] } }

sub user { return { role => 'user', content => $_[0] } }

# (result, error, all of the run)
sub chat {
    my ($g, %data) = @_;

    $mock->forget;
    my $r = $g->run(graph([node(n => 'models.Chat', %data),
        node(o => 'nodetool.output.Output', name => 'o')], 'n.output>o.value'));
    return ($r->{results}{o}, $r->{failure}{message}, $r);
}

my $g = engine($mock->env);

my @dialects = ([openai => 'gpt-4o-mini', '/openai/v1/chat/completions',
        authorization => 'Bearer key-openai'],
    [anthropic => 'claude-sonnet-4-5', '/anthropic/v1/messages',
        'x-api-key' => 'key-anthropic'],
    [gemini => 'gemini-2.5-flash', '/gemini/v1beta/models/gemini-2.5-flash'
            . ':streamGenerateContent?alt=sse', 'x-goog-api-key' => 'key-gemini'],
    [ollama => 'llama3.2', '/ollama/api/chat'],
    [mistral => 'mistral-small-latest', '/mistral/v1/chat/completions',
        authorization => 'Bearer key-mistral'],
    [huggingface_together => 'meta/llama', '/hf/v1/chat/completions',
        authorization => 'Bearer key-huggingface']);
my $tool = { name => 'add', description => 'Adds', parameters => {
    type => 'object', properties => { a => { type => 'integer' } } } };
my $png = 'data:image/png;base64,' . encode_base64($NodeTool::MockMedia::PNG, '');

for my $dialect (@dialects) {
    my ($name, $id, $path, $header, $key) = @$dialect;
    my %ask = (model => model($name, $id));

    $mock->script({ text => 'Hello there, world', usage => [20, 5] });
    my ($out, $error, $r) = chat($g, %ask, messages => [user('hi')]);
    is($out->{text}, 'Hello there, world', "$name: text") or diag $error;
    is($out->{pieces}, 3, "$name: comes in pieces");
    is($out->{finish}, 'stop', "$name: why it ended");
    is($out->{usage}{prompt_tokens} . $out->{usage}{completion_tokens}
            . $out->{usage}{total_tokens}, '20525', "$name: usage");
    is(join('', map { $_->{content} } grep { $_->{type} eq 'chunk' }
            @{ $r->{events} }), 'Hello there, world', "$name: chunks");
    ok((grep { ($_->{content} // '') =~ /20 tokens in, 5 out/ }
        @{ $r->{events} }), "$name: tokens are told");
    my ($req) = $mock->requests;
    is($req->{path}, $path, "$name: path");
    is($req->{headers}{ $header }, $key, "$name: key") if $header;
    is($req->{headers}{'accept-encoding'}, 'identity', "$name: not compressed");

    $mock->script({ text => 'Wait.', tool_calls => [
        { name => 'add', arguments => { a => 1, b => 'é "q"' } },
        { name => 'add', arguments => {} }] });
    ($out, $error) = chat($g, %ask, messages => [user('add')],
        tools => [$tool]);
    my @calls = @{ $out->{message}{tool_calls} };
    is(scalar @calls, 2, "$name: two calls") or diag $error;
    isnt($calls[0]{id}, $calls[1]{id}, "$name: with ids of their own");
    is_deeply($JSON->decode($calls[0]{function}{arguments}),
        { a => 1, b => 'é "q"' }, "$name: arguments");
    is($calls[1]{function}{arguments}, '{}', "$name: no arguments are {}");
    is($out->{finish}, 'tool_calls', "$name: finish_reason");

    # and back with results
    $mock->script({ text => 'Done.' });
    ($out, $error) = chat($g, %ask, tools => [$tool], messages => [
        { role => 'system', content => 'Be brief.' }, user('add'),
        $out->{message}, map { { role => 'tool', tool_call_id => $_->{id},
            content => 'three' } } @calls]);
    is($out->{text}, 'Done.', "$name: after the results") or diag $error;

    ($out, $error) = chat($g, %ask, messages => [user([
        { type => 'text', text => 'what is this?' },
        { type => 'image', image => { type => 'image', uri => $png } }])]);
    is($out->{text}, 'You said: what is this?', "$name: an image")
        or diag $error;
    ($req) = $mock->requests;
    like($req->{body}, qr/iVBORw0KGgo/, "$name: is sent");

    # what goes wrong
    $mock->script({ status => 400, error => "no such key-$name thing" });
    ($out, $error) = chat($g, %ask, messages => [user('hi')]);
    like($error, qr/no such .* thing/, "$name: 400 says why");
    is(scalar(() = $mock->requests), 1, "$name: and is not tried again");

    $mock->script({ status => 401, error => 'bad' });
    ($out, $error) = chat($g, %ask, messages => [user('hi')]);
    like($error, qr/bad - check the key/, "$name: 401");

    $mock->script({ status => 429, headers => { 'Retry-After' => 0 } },
        { text => 'At last' });
    ($out, $error) = chat($g, %ask, messages => [user('hi')]);
    is($out->{text}, 'At last', "$name: 429, then 200") or diag $error;

    $mock->script({ text => 'one two three', cut => 2 });
    ($out, $error) = chat($g, %ask, messages => [user('hi')]);
    like($error, qr/broke off/, "$name: a connection that is cut");
    is(scalar(() = $mock->requests), 1, "$name: is not asked for again");

    $mock->script({ text => 'one two three', cut => 2, ends => 1 });
    ($out, $error) = chat($g, %ask, messages => [user('hi')]);
    like($error, qr/ended its reply before it was complete/,
        "$name: a stream that ends too early");

    $mock->script({ text => 'one two', cut => 2, fail => 'it broke' });
    ($out, $error) = chat($g, %ask, messages => [user('hi')]);
    like($error, qr/it broke/, "$name: an error within the stream");

    $mock->script({ text => 'one two three' });
    ($out, $error) = chat($g, %ask, messages => [user('hi')], refuse => $JSON->decode('true'));
    is($error, 'enough', "$name: a node that has enough");
}

$g->done;
$t->done;
