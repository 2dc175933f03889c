#!/usr/bin/perl

# The APIs beside chat/completions: what passes to a provider that speaks
# them, and what comes back.

use strict;
use warnings;

use lib 't/lib';

use JSON::PP ();
use Test::More;

use NodeTool::MockOpenAI;
use NodeTool::Test;

my $t = NodeTool::Test->new;

my %replies = (
    '/v1/embeddings' => sub {
        my ($c, $req) = @_;
        return $c->json(200, { object => 'list', model => $req->{json}{model},
            data => [{ object => 'embedding', index => 0, embedding => [1, 2] }],
            usage => { prompt_tokens => 4, total_tokens => 4 } });
    },
    '/v1/completions' => sub {
        my ($c, $req) = @_;
        my %head = (id => 'cmpl-1', object => 'text_completion',
            model => $req->{json}{model});
        my $usage = { prompt_tokens => 2, completion_tokens => 1,
            total_tokens => 3 };
        my $choices = [{ text => 'x', index => 0, finish_reason => 'stop' }];
        return $c->json(200, { %head, choices => $choices, usage => $usage })
            if !$req->{json}{stream};
        $c->stream;
        $c->event({ %head, choices => $choices });
        $c->event({ %head, choices => [], usage => $usage })
            if $req->{json}{stream_options}{include_usage};
        return $c->done;
    },
);

# The rest of OpenAI's API, in its documented shapes.
my $response_usage = { input_tokens => 10, input_tokens_details => {
    cached_tokens => 4 }, output_tokens => 6, output_tokens_details => {
    reasoning_tokens => 2 }, total_tokens => 16 };
my $media_usage = { input_tokens => 5, output_tokens => 7,
    total_tokens => 12 };

# Events as they are sent, by what the request asks for in "user" or "voice".
my %streams = (
    completed => [response_events('completed')],
    incomplete => [response_events('incomplete')],
    failed => [response_events('failed')],
    error => [['response.created', { type => 'response.created' }],
        ['error', { type => 'error', code => 'x', message => 'no' }]],
    cut => [['response.created', { type => 'response.created' }]],
    nameless => [map { [undef, $_->[1]] } response_events('completed')],
    image => [['image_generation.partial_image', { type =>
            'image_generation.partial_image', b64_json => 'AAAA' }],
        ['image_generation.completed', { type => 'image_generation.completed',
            b64_json => 'A' x 70_000, usage => $media_usage }]],
    audio => [[undef, { type => 'speech.audio.delta', audio => 'AAAA' }],
        [undef, { type => 'speech.audio.done', usage => $media_usage }]],
    audio_cut => [[undef, { type => 'speech.audio.delta',
        audio => 'speech.audio.done' }]],
    audio_error => [[undef, { error => { message => 'broken' } }]],
);

sub response_events {
    my ($how) = @_;

    return (['response.created', { type => 'response.created' }],
        ['response.output_text.delta', { type => 'response.output_text.delta',
            delta => 'response.completed' }],
        ["response.$how", { response => { id => 'resp_1', status => $how,
            usage => $response_usage }, type => "response.$how" }]);
}

sub stream_text {
    my ($how) = @_;

    my $json = JSON::PP->new->canonical;
    return join '', map {
        ($_->[0] ? "event: $_->[0]\n" : '') . 'data: ' . $json->encode($_->[1])
            . "\n\n"
    } @{ $streams{$how} };
}

sub send_stream {
    my ($c, $how) = @_;

    $c->stream;
    $c->chunk(stream_text($how));
    return $c->write("0\r\n\r\n");
}

my $mp3 = join '', map { chr } (0 .. 255) x 300;

$replies{'/v1/responses'} = sub {
    my ($c, $req) = @_;
    return send_stream($c, $req->{json}{user}) if $req->{json}{stream};
    return $c->json(200, { id => 'resp_1', object => 'response',
        usage => $response_usage });
};
$replies{"/v1/images/$_"} = sub {
    my ($c, $req) = @_;
    return send_stream($c, 'image') if $req->{json}{stream};
    return $c->json(200, { created => 1, data => [{ b64_json => 'AAAA' }],
        usage => $media_usage });
} for qw(generations edits);
$replies{'/v1/audio/speech'} = sub {
    my ($c, $req) = @_;
    return send_stream($c, $req->{json}{voice})
        if ($req->{json}{stream_format} || '') eq 'sse';
    return $c->body(200, 'audio/mpeg', $mp3);
};
$replies{'/v1/moderations'} = sub {
    my ($c, $req) = @_;
    return $c->json(200, { id => 'modr', results => [{ flagged => 0 }] });
};
$replies{'/v1/rerank'} = sub {
    my ($c, $req) = @_;
    return $c->json(200, { results => [{ index => 1 }], usage => {
        total_tokens => 8 } });
};

my $mock = NodeTool::MockOpenAI->start($t, 'mock', sub {
    my ($c, $req) = @_;

    my $reply = $replies{ $req->{path} };
    return $reply ? $reply->($c, $req)
        : $c->json(404, { error => { message => 'no such path' } });
});

my $ng = $t->nginx(<<'SERVER', modules => ['base', 'chat'], http => <<"HTTP");
location /v1/ {
    nodetool_chat;
    nodetool_model fast mock m-9;
    nodetool_model * mock;
}
location ~ ^/x/ { nodetool_chat; nodetool_model * mock; }
SERVER
log_format chat '\$uri \$status \$nodetool_model \$nodetool_upstream_model '
    '\$nodetool_prompt_tokens \$nodetool_completion_tokens '
    '\$nodetool_total_tokens';
access_log %%DIR%%/chat.log chat;
log_format more '\$nodetool_cached_tokens \$nodetool_reasoning_tokens '
    '\$nodetool_operation';
map \$nodetool_cached_tokens \$cached { default 1; '' 0; }
access_log %%DIR%%/more.log more if=\$cached;
nodetool_errors on;
nodetool_provider mock { url http://127.0.0.1:$mock->{port}/v1; models m; }
HTTP

sub post {
    my ($path, $json, %opt) = @_;

    return $t->request($ng, 'POST', $path, json => $json, %opt);
}

sub last_request { return ($mock->requests)[-1] }

sub logged {
    my ($want, $name) = @_;

    $t->wait_for($name, sub {
        $t->read_file("$t->{dir}/chat.log") =~ /$want\n\z/
    });
    like($t->read_file("$t->{dir}/chat.log"), qr/$want\n\z/, $name);
    return;
}

# --- embeddings --------------------------------------------------------------

my $r = post('/v1/embeddings', { model => 'fast', input => ['a', 'b'],
    encoding_format => 'base64', new_field => { a => 1 } });
is($r->{status}, 200, 'embeddings');
is_deeply($r->{json}{data}[0]{embedding}, [1, 2], 'pass');
is(last_request()->{path}, '/v1/embeddings', 'to their path');
is_deeply(last_request()->{json}, { model => 'm-9', input => ['a', 'b'],
    encoding_format => 'base64', new_field => { a => 1 } },
    'untouched but for the model');
logged('/v1/embeddings 200 fast m-9 4 - 4', 'usage is counted');

# --- completions -------------------------------------------------------------

$r = post('/v1/completions', { model => 'm', prompt => 'p' });
is($r->{json}{choices}[0]{text}, 'x', 'completions');
logged('/v1/completions 200 m m 2 1 3', 'usage is counted');

$r = post('/v1/completions', { model => 'm', prompt => ['p'], stream => \1 });
like($r->{body}, qr/^data: \{.*\}\n\ndata: \[DONE\]\n\n$/,
    'a stream of completions, without the usage that was not asked for');
logged('/v1/completions 200 m m 2 1 3', 'but it is counted');

# --- responses ---------------------------------------------------------------

$r = post('/v1/responses', { model => 'fast', input => 'hi', store => \1 });
is($r->{json}{object}, 'response', 'responses');
is_deeply(last_request()->{json}, { model => 'm-9', input => 'hi',
    store => JSON::PP::true() }, 'pass untouched but for the model');
logged('/v1/responses 200 fast m-9 10 6 16', 'usage is counted');
is($t->read_file("$t->{dir}/more.log"), "4 2 chat\n", ' with its details')
    if $t->wait_for('the log', sub { -s "$t->{dir}/more.log" });

for my $how (qw(completed incomplete nameless)) {
    $r = post('/v1/responses', { model => 'm', input => 'x', user => $how,
        stream => \1 });
    is($r->{body}, stream_text($how), "a stream: $how: as it came");
    logged('/v1/responses 200 m m 10 6 16', ' usage is counted');
}
for my $how (qw(failed error)) {
    $r = post('/v1/responses', { model => 'm', input => 'x', user => $how,
        stream => \1 });
    is($r->{body}, stream_text($how),
        "a stream with the provider's own error: $how: as it came");
}
is(last_request()->{json}{stream_options}, undef, 'usage is not asked for');

$r = post('/v1/responses', { model => 'm', input => 'x', user => 'cut',
    stream => \1 });
like($r->{body}, qr/^\Q@{[ stream_text('cut') ]}\E.*"error".*\n\n\z/s,
    'a stream that ends too early ends with an error');
is(post('/v1/responses', { model => 'm', prompt => { id => 'p' } })->{status},
    200, 'a prompt is enough');

# --- images, sounds, others --------------------------------------------------

$r = post('/v1/images/generations', { model => 'm', prompt => 'a cat' });
is($r->{json}{data}[0]{b64_json}, 'AAAA', 'images/generations');
logged('/v1/images/generations 200 m m 5 7 12', 'usage is counted');
$r = post('/v1/images/generations', { model => 'm', prompt => 'a cat',
    stream => \1 });
is($r->{body}, stream_text('image'), 'a stream of images');
logged('/v1/images/generations 200 m m 5 7 12', 'usage is counted');
is(post('/v1/images/edits', { model => 'm', prompt => 'a', images => [{}] })
    ->{status}, 200, 'images/edits in JSON');

$r = post('/v1/audio/speech', { model => 'm', input => 'hi', voice => 'v' });
is($r->{headers}{'content-type'}, 'audio/mpeg', 'audio/speech');
ok($r->{body} eq $mp3, 'bytes as they came');
is(last_request()->{headers}{accept}, '*/*', 'of any type');
$r = post('/v1/audio/speech', { model => 'm', input => 'hi', voice => 'audio',
    stream_format => 'sse' });
is($r->{body}, stream_text('audio'), 'events without names');
logged('/v1/audio/speech 200 m m 5 7 12', 'usage is counted');
$r = post('/v1/audio/speech', { model => 'm', input => 'hi',
    voice => 'audio_error', stream_format => 'sse' });
is($r->{body}, stream_text('audio_error'), 'an error passes');
$r = post('/v1/audio/speech', { model => 'm', input => 'hi',
    voice => 'audio_cut', stream_format => 'sse' });
like($r->{body}, qr/\n\ndata: \{"error".*\n\n\z/,
    'what only has the name of the last event in it does not end a stream');

is(post('/v1/moderations', { model => 'm', input => 'x' })->{json}{id}, 'modr',
    'moderations');
$r = post('/v1/rerank', { model => 'm', query => 'q', documents => ['a'] });
is($r->{json}{results}[0]{index}, 1, 'rerank');

# --- Anthropic's shape -------------------------------------------------------

sub anthropic {
    my ($r, $status, $type, $message, $name) = @_;

    is($r->{status}, $status, $name);
    my $id = $r->{headers}{'request-id'};
    is($id, $r->{headers}{'x-request-id'}, ' request-id');
    is(delete $r->{json}{request_id}, $id, ' and in the body');
    is_deeply($r->{json}, { type => 'error', error => { type => $type,
        message => $message } }, ' its shape') if !ref $message;
    like($r->{json}{error}{message}, $message, ' its message') if ref $message;
    return;
}

my @user = (messages => [{ role => 'user', content => 'hi' }]);
anthropic(post('/v1/messages', { model => 'm', @user }), 400,
    'invalid_request_error', 'max_tokens: expected a number, got nothing',
    'a request without max_tokens');
anthropic($t->request($ng, 'POST', '/v1/messages', body => '{"model": }',
    headers => ['Content-Type' => 'application/json']), 400,
    'invalid_request_error', qr/not valid JSON/, 'no JSON');
anthropic($t->get($ng, '/v1/messages'), 405, 'invalid_request_error',
    'Method GET is not allowed here. Use POST.', 'another method');
anthropic($t->request($ng, 'POST', '/v1/messages', body => 'a=b', headers =>
    ['Content-Type' => 'text/plain']), 415, 'invalid_request_error',
    'Content-Type is "text/plain", expected "application/json"',
    'another type');
anthropic($t->request($ng, 'POST', '/v1/messages', headers =>
    ['Content-Length' => 3_000_000], body => ''), 413, 'request_too_large',
    'The request body is too large.', 'an error of nginx');
anthropic($t->get($ng, '/v1/x', headers => ['anthropic-version' =>
    '2023-06-01']), 404, 'not_found_error', qr/^Unknown path/,
    'an unknown path, for a client of Anthropic');
anthropic(post('/v1/messages/count_tokens', { model => 'm', @user }), 400,
    'invalid_request_error', 'The provider "mock" has no messages/count_tokens',
    'what the provider does not have');
is(post('/v1/chat/completions', {}, headers => ['anthropic-version' => 1])
    ->{json}{error}{type}, 'validation_error', 'OpenAI\'s API keeps its shape');

# --- what is wrong -----------------------------------------------------------

my @wrong = (
    ['embeddings', { model => 'm' },
        'input: expected a text or an array of them, got nothing'],
    ['embeddings', { model => 'm', input => [] },
        'input: expected a text or an array of them, got an empty one'],
    ['embeddings', { model => 'm', input => 7 },
        'input: expected a text or an array of them, got a number'],
    ['completions', { model => 'm', messages => [1] },
        'prompt: expected a text or an array of them, got nothing'],
    ['responses', { model => 'm' },
        'input: expected a text or an array of items, got nothing'],
    ['rerank', { model => 'm', query => 'q' },
        'documents: expected an array, got nothing'],
);
for (@wrong) {
    my ($path, $json, $message) = @$_;
    $r = post("/v1/$path", $json);
    is($r->{status}, 422, "$path: a 422");
    is($r->{json}{error}{message}, $message, 'says what is wrong');
}

$r = $t->get($ng, '/v1/embeddings');
is($r->{status}, 405, 'another method');
is($r->{headers}{allow}, 'POST', 'is told which one');

$r = post('/v1/nothing', {});
is($r->{status}, 404, 'an unknown path');
like($r->{json}{error}{message},
    qr{^Unknown path: /v1/nothing; there are chat/completions, .*, models and models/\{id\}$},
    'is told what there is');

is(post('/x/v1/completions', { model => 'm', prompt => 'p' })->{json}{object},
    'text_completion', 'a location that is no prefix');

$t->done;
