#!/usr/bin/perl

# Clients of each API and providers of each dialect: what passes, what is
# translated, what is refused; and the built-in echo.

use strict;
use warnings;

use lib 't/lib';

use JSON::PP ();
use Test::More;

use NodeTool::MockModels;
use NodeTool::MockOpenAI;
use NodeTool::Test;

my $t = NodeTool::Test->new;
my $mock = NodeTool::MockModels->start($t, 'models');

# Anthropic's, for what the mock above does not have.
my $anthropic = NodeTool::MockOpenAI->start($t, 'anthropic', sub {
    my ($c, $req) = @_;

    return $c->json(200, { input_tokens => 2095 })
        if $req->{path} =~ /count_tokens/;
    my %usage = (input_tokens => 3, cache_creation_input_tokens => 20,
        cache_read_input_tokens => 100, output_tokens => 1);
    my $message = { id => 'msg_1', type => 'message', role => 'assistant',
        model => $req->{json}{model}, content => [], usage => \%usage };
    return $c->json(200, { %$message, usage => { %usage, output_tokens => 9 } },
        'anthropic-ratelimit-requests-remaining' => 5, 'request-id' => 'theirs')
        if !$req->{json}{stream};
    $c->stream;
    my @events = (
        [message_start => { message => $message }],
        [ping => {}],
        [message_delta => { delta => { stop_reason => 'end_turn' },
            usage => { output_tokens => 9 } }],
        [message_stop => {}]);
    pop @events if $req->{json}{model} eq 'cut';
    splice @events, 2, 2, [error => { error => { type => 'overloaded_error',
        message => 'Overloaded' } }] if $req->{json}{model} eq 'error';
    for (@events) {
        my ($name, $data) = @$_;
        $c->chunk("event: $name\ndata: " . $t->encode({ type => $name,
            %$data }) . "\n\n");
    }
    return $c->write("0\r\n\r\n");
});

my $base = $mock->url('');
my $ng = $t->nginx('location /v1/ { nodetool_chat; } '
    . 'location /none/ { nodetool_chat; nodetool_echo off; }',
    modules => ['base', 'chat'], http => <<"HTTP");
log_format chat '\$uri \$status \$nodetool_provider \$nodetool_prompt_tokens '
    '\$nodetool_completion_tokens \$nodetool_total_tokens '
    '\$nodetool_cached_tokens \$nodetool_operation';
access_log %%DIR%%/chat.log chat;
nodetool_errors on;
nodetool_provider openai { url $base/openai/v1; models o; key key-o; }
nodetool_provider claude { dialect anthropic; models c cut error; key key-c;
    url http://127.0.0.1:$anthropic->{port}; }
nodetool_provider anthropic { dialect anthropic; url $base/anthropic; models a; }
nodetool_provider gemini { dialect gemini; url $base/gemini; models g; }
nodetool_provider ollama { dialect ollama; url $base/ollama; models l; }
nodetool_provider mistral { dialect mistral; url $base/mistral/v1; models m; }
nodetool_provider old { url $base/openai/v1; models x;
    apis chat/completions; }
nodetool_provider both { url http://127.0.0.1:$anthropic->{port}/v1; models x;
    apis messages; }
nodetool_route route { to anthropic a; fallback echo; fallback ollama l; }
HTTP

my @user = (messages => [{ role => 'user', content => 'hi there' }]);

sub post {
    my ($path, $json, %opt) = @_;

    return $t->request($ng, 'POST', "/v1/$path", json => $json, %opt);
}

sub logged {
    my ($want, $name) = @_;

    $t->wait_for($name, sub {
        $t->read_file("$t->{dir}/chat.log") =~ /$want\n\z/
    });
    like($t->read_file("$t->{dir}/chat.log"), qr/$want\n\z/, $name);
    return;
}

# The last event's name and data.
sub last_event {
    my ($body) = @_;

    my ($name, $data) = $body =~ /event: (\S+)\ndata: (.*)\n\n\z/;
    return ($name // '', $data ? $t->decode($data) : {});
}

# --- Anthropic's clients and Anthropic ---------------------------------------

my $r = post('messages', { model => 'claude/x', max_tokens => 5, @user,
    thinking => { type => 'adaptive' } }, headers => ['anthropic-version' =>
    '2024-01-01', 'anthropic-beta' => 'a,b', 'x-api-key' => 'the client']);
is($r->{json}{id}, 'msg_1', 'messages pass to Anthropic');
is($r->{headers}{'request-id'}, $r->{headers}{'x-request-id'},
    'with an id of ours');
is($r->{headers}{'anthropic-ratelimit-requests-remaining'}, 5,
    'and what is left');
my $req = ($anthropic->requests)[-1];
is($req->{path}, '/v1/messages', 'the path');
is_deeply($req->{json}, { model => 'x', max_tokens => 5, @user,
    thinking => { type => 'adaptive' } }, 'the body');
is_deeply([@{ $req->{headers} }{qw(anthropic-version anthropic-beta x-api-key)}],
    ['2024-01-01', 'a,b', 'key-c'], 'versions of the client, the key is ours');
logged('/v1/messages 200 claude 123 9 132 100 chat', 'usage is counted');

$r = post('messages', { model => 'c', max_tokens => 5, @user, stream => \1 });
is((last_event($r->{body}))[0], 'message_stop', 'a stream');
logged('/v1/messages 200 claude 123 9 132 100 chat', 'usage is counted');
$r = post('messages', { model => 'cut', max_tokens => 5, @user, stream => \1 });
my ($name, $data) = last_event($r->{body});
is($name, 'error', 'one that is cut ends with an error');
is($data->{type}, 'error', 'in its shape');
like($data->{error}{message}, qr/claude/, 'that says whose it is');
$r = post('messages', { model => 'error', max_tokens => 5, @user,
    stream => \1 });
is((last_event($r->{body}))[1]{error}{message}, 'Overloaded',
    'an error of its own passes, and is the last event');

$r = post('messages/count_tokens', { model => 'c', @user });
is($r->{json}{input_tokens}, 2095, 'tokens are counted by Anthropic');
is(($anthropic->requests)[-1]{path}, '/v1/messages/count_tokens', 'the path');
logged('/v1/messages/count_tokens 200 claude - - - - count_tokens',
    'which uses none');
$r = post('messages/count_tokens', { model => 'g', @user });
is($r->{status}, 400, 'and by nobody else');
is_deeply($r->{json}{error}, { type => 'invalid_request_error',
    message => 'The provider "gemini" has no messages/count_tokens' },
    'which is said');

# --- clients of each API, providers of each dialect --------------------------

for my $model (qw(o a g l m)) {
    $r = post('messages', { model => $model, max_tokens => 50, @user });
    is($r->{json}{content}[0]{text}, 'You said: hi there', "messages to $model");
    is($r->{json}{model}, $model, ' the model');
    $r = post('messages', { model => $model, max_tokens => 50, @user,
        stream => \1 });
    is((last_event($r->{body}))[0], 'message_stop', ' a stream');
    logged("/v1/messages 200 \\w+ 11 7 18 - chat", ' usage is counted');

    next if $model eq 'o';
    $r = post('responses', { model => $model, input => 'hi there' });
    is($r->{json}{output}[0]{content}[0]{text}, 'You said: hi there',
        "responses to $model");
    $r = post('responses', { model => $model, input => 'hi there',
        stream => \1 });
    my ($event, $completed) = last_event($r->{body});
    is($event, 'response.completed', ' a stream');
    is($completed->{response}{usage}{total_tokens}, 18, ' its usage');
}
for my $model (qw(o g l m)) {
    $r = post('embeddings', { model => $model, input => ['hi', 'hello'] });
    is_deeply([map { $_->{embedding}[0] } @{ $r->{json}{data} }], [1, 2.5],
        "embeddings of $model");
}
for my $path (qw(completions images/generations moderations)) {
    $r = post($path, { model => 'a', prompt => 'x', input => 'x' });
    is($r->{status}, 400, "$path of Anthropic");
    is($r->{json}{error}{message}, "The provider \"anthropic\" has no $path",
        'is refused');
}

# --- what a provider has -----------------------------------------------------

$r = post('responses', { model => 'old/x', input => 'hi there' });
is($r->{json}{output}[0]{content}[0]{text}, 'You said: hi there',
    'responses to a provider that has none');
is(($mock->requests)[-1]{path}, '/openai/v1/chat/completions',
    'are translated');
$r = post('messages', { model => 'both/x', max_tokens => 5, @user });
is($r->{json}{id}, 'msg_1', 'messages pass to one that has them');
is(($anthropic->requests)[-1]{path}, '/v1/messages', 'the path');
is(post('completions', { model => 'old/x', prompt => 'x' })->{status}, 400,
    'what is not in apis is not there');

$r = post('embeddings', { model => 'route', input => ['hi'] });
is($r->{status}, 200, 'targets of a route that lack it are left out');
logged('/v1/embeddings 200 ollama 5 - \S+ - embeddings',
    'another one answers');
$r = post('moderations', { model => 'route', input => 'x' });
like($r->{json}{error}{message}, qr/^The provider "\w+" has no moderations$/,
    'if all lack it, one says so');

my ($status, $output) = $t->nginx_check('', modules => ['base', 'chat'],
    http => 'nodetool_provider x { url http://127.0.0.1:1; apis chat; }');
is($status, 1, 'an API that is none');
like($output, qr/there is no API "chat" that/, 'is named');
($status, $output) = $t->nginx_check('', modules => ['base', 'chat'], http =>
    'nodetool_provider x { url http://127.0.0.1:1; apis rerank; apis rerank; }');
like($output, qr/"apis" directive is duplicate/, 'apis twice');

# --- echo --------------------------------------------------------------------

$r = post('messages', { model => 'echo', max_tokens => 50, @user,
    system => 'Be kind.' });
is($r->{json}{content}[0]{text}, 'You said: hi there', 'messages to echo');
logged('/v1/messages 200 echo 4 4 8 - chat', ' usage is counted');
$r = post('messages', { model => 'echo', max_tokens => 50, stream => \1,
    tools => [{ name => 'add', input_schema => { type => 'object' } }],
    messages => [{ role => 'user', content => 'call add {"a": 1}' }] });
like($r->{body}, qr/"type":"tool_use".*"name":"add"/, 'a call');
($name, $data) = last_event($r->{body});
is($name, 'message_stop', 'the stream ends');
like($r->{body}, qr/"stop_reason":"tool_use".*"output_tokens":[1-9]/,
    'with a reason and usage');
$r = post('responses', { model => 'echo', input => 'hi', stream => \1 });
($name, $data) = last_event($r->{body});
is($name, 'response.completed', 'responses to echo');
is($data->{response}{output}[0]{content}[0]{text}, 'You said: hi', 'the text');
$r = post('messages', { model => 'echo', max_tokens => 50,
    messages => [{ role => 'nobody', content => 'hi' }] });
is($r->{status}, 400, 'what cannot be said');
is($r->{json}{type}, 'error', 'is an error in the shape of the client');
$r = post('embeddings', { model => 'echo', input => 'x' });
is($r->{status}, 400, 'echo has no embeddings');
is($r->{json}{error}{message}, 'The provider "echo" has no embeddings',
    'and says so');

# --- models ------------------------------------------------------------------

my @version = (headers => ['anthropic-version' => '2023-06-01']);
$r = $t->get($ng, '/v1/models', @version);
is(ref $r->{json}{data}, 'ARRAY', 'models for a client of Anthropic');
my ($first) = grep { $_->{id} eq 'o' } @{ $r->{json}{data} };
is_deeply($first, { type => 'model', id => 'o', display_name => 'o',
    created_at => '1970-01-01T00:00:00.000Z' }, 'each as it reads it');
is($r->{json}{has_more}, JSON::PP::false(), 'all of them');
is($r->{json}{first_id}, $r->{json}{data}[0]{id}, 'from the first');
is($r->{json}{last_id}, $r->{json}{data}[-1]{id}, 'to the last');
is($r->{headers}{'request-id'}, $r->{headers}{'x-request-id'}, 'the id');
is($t->get($ng, '/v1/models')->{json}{object}, 'list', 'others get theirs');
is_deeply($t->get($ng, '/v1/models/claude/c', @version)->{json},
    { type => 'model', id => 'claude/c', display_name => 'claude/c',
    created_at => '1970-01-01T00:00:00.000Z' }, 'one model');
$r = $t->get($ng, '/v1/models/nope', @version);
is($r->{status}, 404, 'one that is not there');
is($r->{json}{error}{type}, 'not_found_error', 'in the shape');

$t->done;
