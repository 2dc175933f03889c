#!/usr/bin/perl

# Which model a ref means, by the settings that there are; the built-in echo;
# media in messages; what later turns need of earlier ones.

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

my $ROOT = $NodeTool::Graph::ROOT;
my $t = NodeTool::Test->new;
my $mock = NodeTool::MockModels->start($t, 'models');
my %clean = map { $_ => $ENV{$_} } grep {
    !/_(API_KEY|BASE_URL|API_URL)$|^(HF_TOKEN|NODETOOL_DEFAULT_MODEL)$/
} keys %ENV;
my %all = $mock->env;

sub engine {
    my (%env) = @_;

    local %ENV = (%clean, %env);
    return NodeTool::Graph->new(plugins => [["$ROOT/t/lib/model_nodes.c"]]);
}

sub user { return { role => 'user', content => $_[0] } }

sub chat {
    my ($g, %data) = @_;

    $mock->forget;
    my $r = $g->run(graph([node(n => 'models.Chat', %data),
        node(o => 'nodetool.output.Output', name => 'o')], 'n.output>o.value'));
    return ($r->{results}{o}, $r->{failure}{message}, $r);
}

# Where a ref leads under some settings: "dialect model", or the error.
sub leads {
    my ($settings, %ref) = @_;

    my $g = engine(%$settings);
    my ($out, $error) = chat($g, messages => [user('hi')],
        model => { type => 'language_model', %ref });
    $g->done;
    my ($req) = $mock->requests;
    return $error if !$req;
    my ($model) = $req->{path} =~ m{/models/([^:]+):};
    return "$req->{dialect} " . ($req->{json}{model} // $model);
}

sub some { return { map { $_ => $all{$_} } @_ } }

my %empty = (provider => 'empty', id => '');
like(leads({}, %empty), qr/no model is chosen.*NODETOOL_DEFAULT_MODEL/,
    'no model, no settings');
is(leads(some('OPENAI_BASE_URL'), %empty), 'openai gpt-4o-mini',
    'the first provider that there is');
is(leads(some(qw(GEMINI_API_KEY GEMINI_BASE_URL OLLAMA_API_URL)), %empty),
    'gemini gemini-2.5-flash', '... another one');
is(leads(some('OLLAMA_API_URL'), provider => ''), 'ollama llama3.2',
    '... without a key');
is(leads({ %all, NODETOOL_DEFAULT_MODEL => 'anthropic/claude-opus-4-5' },
        %empty), 'anthropic claude-opus-4-5', 'the default model');
is(leads({ %all, NODETOOL_DEFAULT_MODEL => 'huggingface_groq/meta/llama' },
        %empty), 'hf meta/llama:groq', '... of a router');
like(leads({ %all, NODETOOL_DEFAULT_MODEL => 'gpt-4o' }, %empty),
    qr/must be a provider and a model/, '... that is none');
is(leads({ %all, NODETOOL_DEFAULT_MODEL => 'gemini/x' }, provider => 'openai',
        id => 'gpt-5'), 'openai gpt-5', 'a ref that says it all');
is(leads(\%all, provider => 'openai', id => ''), 'openai gpt-4o-mini',
    'a ref without an id');
is(leads(\%all, provider => 'huggingface_fal_ai', id => 'a/b'), 'hf a/b:fal-ai',
    "Hugging Face's router");
like(leads(some('OLLAMA_API_URL'), provider => 'openai', id => 'x'),
    qr/OpenAI is not configured: set OPENAI_API_KEY/, 'no key');
like(leads({}, provider => 'ollama', id => 'x'), qr/set OLLAMA_API_URL/,
    'no address');
like(leads(\%all, provider => 'nobody', id => 'x'),
    qr/provider 'nobody' is not known/, 'a provider that is none');
like(leads(\%all, provider => 'fal_ai', id => 'x'), qr/no models that chat/,
    'a provider that does not chat');

# --- the echo ----------------------------------------------------------------

my $g = engine(%all);
my %echo = (model => { type => 'language_model', provider => 'nodetool',
    id => 'echo' });
my ($out, $error) = chat($g, %echo, messages => [user('hi there')]);
is($out->{text}, 'You said: hi there', 'the echo') or diag $error;
is($out->{usage}{prompt_tokens}, 2, '... counts');
is(scalar(() = $mock->requests), 0, '... asks nobody');
my $tool = { name => 'add', parameters => { type => 'object' } };
($out, $error) = chat($g, %echo, tools => [$tool],
    messages => [user('call add {"a": 1}')]);
is($out->{message}{tool_calls}[0]{function}{name}, 'add', '... calls tools')
    or diag $error;
($out, $error) = chat($g, %echo, messages => [user('hi')],
    options => { temperature => 9 });
like($error, qr/temperature/, '... refuses as OpenAI does');

# --- what later turns need ---------------------------------------------------

my %model = map { $_->[0] => { model => { type => 'language_model',
    provider => $_->[0], id => $_->[1] } } } (['anthropic',
    'claude-sonnet-4-5'], ['gemini', 'gemini-3-pro-preview'],
    ['openai', 'gpt-4o']);
my $call = { reasoning => 'let me see', text => 'Wait.',
    tool_calls => [{ name => 'add', arguments => { a => 1 } }] };
for my $name (qw(anthropic gemini)) {
    my %ask = (%{ $model{$name} }, tools => [$tool]);
    $mock->script($call);
    ($out, $error) = chat($g, %ask, messages => [user('add')],
        options => { reasoning_effort => 'low', max_tokens => 4096 });
    is($out->{message}{reasoning_content}, 'let me see', "$name thinks")
        or diag $error;
    my ($req) = $mock->requests;
    ok($req->{json}{thinking} || $req->{json}{generationConfig}{thinkingConfig},
        '... because it is told to');
    chat($g, %ask, messages => [user('add'), $out->{message}, { role => 'tool',
        tool_call_id => $out->{message}{tool_calls}[0]{id},
        content => '2' }]);
    ($req) = $mock->requests;
    my @turns = @{ $req->{json}{messages} || $req->{json}{contents} };
    like(encode($turns[1]), qr/mock-signature/,
        '... and gets its signature back');
}

sub encode { return JSON::PP->new->canonical->encode($_[0]) }

# --- media -------------------------------------------------------------------

sub uri { return { type => $_[0], uri => "data:$_[0]/x;base64,"
    . encode_base64($_[1], '') } }

my $wav = "RIFF\x24\0\0\0WAVEfmt ";
my %parts = (
    image => { type => 'image', image => uri('image',
        $NodeTool::MockMedia::PNG) },
    wav => { type => 'audio', audio => uri('audio', $wav) },
    mp3 => { type => 'audio', audio => uri('audio',
        $NodeTool::MockMedia::MP3) },
    video => { type => 'video', video => uri('video',
        $NodeTool::MockMedia::MP4) },
    pdf => { type => 'document', document => uri('document', '%PDF-1.4 x') },
    text => { type => 'document', document => uri('document', "# H\xc3\xa9") },
    binary => { type => 'document', document => uri('document', "\0\1\2") },
    wrong => { type => 'image', image => uri('image', 'no image') },
    missing => { type => 'image', image => { type => 'image',
        uri => '/storage/assets/none.png' } });

# The part that was sent, or the error.
sub sent {
    my ($name, $part) = @_;

    my ($out, $error) = chat($g, %{ $model{$name} },
        messages => [user([$part])]);
    my ($req) = $mock->requests;
    return $error if !$req;
    return $name eq 'gemini' ? $req->{json}{contents}[0]{parts}[0]
        : $req->{json}{messages}[0]{content}[0];
}

is(sent('openai', $parts{image})->{image_url}{url}, 'data:image/png;base64,'
    . encode_base64($NodeTool::MockMedia::PNG, ''), 'an image');
is(sent('openai', $parts{wav})->{input_audio}{format}, 'wav', 'WAV');
is(sent('openai', $parts{mp3})->{input_audio}{format}, 'mp3', 'MP3');
like(sent('anthropic', $parts{mp3}), qr/no sound/, '... not to Anthropic');
is(sent('gemini', $parts{video})->{inlineData}{mimeType}, 'video/mp4',
    'a video');
is(sent('anthropic', $parts{pdf})->{type}, 'document', 'a PDF');
is(sent('openai', $parts{pdf})->{file}{filename}, 'document.pdf', '... a file');
is(sent('openai', $parts{text})->{text}, '# Hé', 'a document of text');
like(sent('openai', $parts{binary}), qr/must be PDF or text/, '... of neither');
like(sent('openai', $parts{wrong}), qr/of an unknown format/, 'no image');
like(sent('openai', $parts{missing}), qr/\S/, 'an asset that is not there');
is_deeply(sent('openai', { type => 'image_url', image_url => {
        url => 'https://example.com/x.png' } })->{image_url}{url},
    'https://example.com/x.png', 'an address that a provider can fetch');
is(sent('gemini', { type => 'image_url', image_url => {
        url => $parts{image}{image}{uri} } })->{inlineData}{mimeType},
    'image/x', "a data URI stays as it is");

# --- the end of a job --------------------------------------------------------

$mock->script({ text => join(' ', 1 .. 200), pause => 0.1 });
$mock->forget;
my $begin = time;
my $r = $g->run(graph([node(n => 'models.Chat', %{ $model{openai} },
    messages => [user('hi')]), node(o => 'nodetool.output.Output',
    name => 'o')], 'n.output>o.value'), cancel_ms => 500);
is(scalar(() = $mock->requests), 1, "... that has asked");
is($r->{status}, 'cancelled', 'a job is cancelled');
cmp_ok(time - $begin, '<', 4, '... at once');
$t->wait_for('the connection to be closed', sub { $mock->closed > 0 }, 5);
pass('... and its connection is closed');

$g->done;
$t->done;
