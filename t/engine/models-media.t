#!/usr/bin/perl

# Nodes that make images, speech, texts and vectors by models.

use strict;
use utf8;
use warnings;

use lib 't/lib';

use JSON::PP ();
use MIME::Base64 qw(decode_base64 encode_base64);
use Test::More;

use NodeTool::Graph qw(graph node);
use NodeTool::MockModels;
use NodeTool::Test;

my $t = NodeTool::Test->new;
my $mock = NodeTool::MockModels->start($t, 'models');
my $assets = $t->dir . '/assets';
mkdir $assets or die $!;
my $g = do {
    local %ENV = (%ENV, $mock->env);
    NodeTool::Graph->new;
};
my $true = JSON::PP::true();
my $false = JSON::PP::false();

sub ref_model { return { type => $_[0], provider => $_[1], id => $_[2] } }

my $run;    # the last

# The value of an output; undef when the node failed.
sub output {
    my ($type, $output, %data) = @_;

    $mock->forget;
    $run = $g->run(graph([node(n => $type, %data),
        node(o => 'nodetool.output.Output', name => 'o')],
        "n.$output>o.value"), assets => $assets);
    return $run->{results}{o};
}

sub warnings {
    return join "\n", map { $_->{content} } grep { $_->{type} eq 'log_update'
        && $_->{severity} eq 'warning' } @{ $run->{events} };
}

sub error { return $run->{failure}{message} // '' }

sub request { return ($mock->requests)[0] || {} }

# The bytes of an asset.
sub stored {
    my ($ref) = @_;

    return '' if !$ref || !$ref->{asset_id};
    return $t->read_file("$assets/$ref->{asset_id}");
}

# --- vectors -----------------------------------------------------------------

sub numbers { return [unpack 'd<*', decode_base64($_[0]{value} // '')] }

my $v = output('nodetool.text.Embedding', 'output', input => 'two words');
is_deeply(numbers($v), [4.5, 2, 0.5], 'an embedding') or diag error();
is($v->{dtype}, '<f8', '... of doubles');
is_deeply(request()->{json}{input}, ['two words'], '... of one text');

$v = output('nodetool.text.Embedding', 'output', input => 'ábc de', chunk_size => 3,
    model => ref_model('embedding_model', 'ollama', 'nomic-embed-text'));
is_deeply(request()->{json}{input}, ['ábc', ' de'],
    'a long text in chunks of characters');
is_deeply(numbers($v), [1.5, 1, 0.125], '... whose vectors are averaged')
    or diag error();

for my $node ([openai => 'openai.text.Embedding', '/openai/v1/embeddings'],
    [gemini => 'gemini.text.Embedding',
        '/gemini/v1beta/models/text-embedding-004:batchEmbedContents'],
    [mistral => 'mistral.embeddings.Embedding', '/mistral/v1/embeddings']) {
    $v = output($node->[1], 'output', input => 'one');
    is_deeply(numbers($v), [1.5, 1, 0.5], "$node->[1]") or diag error();
    is(request()->{path}, $node->[2], '... by its path');
}
output('openai.text.Embedding', 'output', input => '');
like(error(), qr/'input' is empty/, 'nothing to embed');
output('nodetool.text.Embedding', 'output', input => 'x',
    model => ref_model('embedding_model', 'anthropic', 'x'));
like(error(), qr/no embedding models/, 'Anthropic has none');
$v = output('nodetool.text.Embedding', 'output', input => 'x',
    model => ref_model('embedding_model', 'empty', ''));
is(request()->{json}{model}, 'text-embedding-3-small', 'the default model');

# --- texts -------------------------------------------------------------------

is(output('mistral.text.ChatComplete', 'output', prompt => 'hi',
        system_prompt => 'Be kind.', max_tokens => 50), 'You said: hi',
    'mistral.text.ChatComplete') or diag error();
is_deeply([@{ request()->{json} }{qw(model max_tokens temperature)},
        map { $_->{role} } @{ request()->{json}{messages} }],
    ['mistral-small-latest', 50, 0.7, 'system', 'user'], '... asks');
is(output('mistral.text.CodeComplete', 'output', prompt => 'def f('),
    'You said: def f(', 'mistral.text.CodeComplete');
is(output('mistral.text.CodeComplete', 'output', prompt => 'a', suffix => 'b'),
    'between(a|b)', '... between two texts') or diag error();
is(request()->{path}, '/mistral/v1/fim/completions', '... by its path');
is(output('mistral.vision.ImageToText', 'output', image => NodeTool::MockMedia::media_ref('image')),
    'You said: Describe this image in detail.', 'mistral.vision.ImageToText')
    or diag error();
like(output('mistral.vision.OCR', 'output', image => NodeTool::MockMedia::media_ref('image')),
    qr/^You said: Write down all text/, 'mistral.vision.OCR');
output('mistral.vision.OCR', 'output');
like(error(), qr/'image' is not set/, '... of no image');

is(output('openai.text.WebSearch', 'output', query => 'nginx'),
    'You said: nginx', 'openai.text.WebSearch') or diag error();
is_deeply(request()->{json}{web_search_options}, {}, '... searches');
is(output('openai.text.Moderation', 'flagged', input => 'I kill you'), $true,
    'openai.text.Moderation') or diag error();
is_deeply(output('openai.text.Moderation', 'categories', input => 'hi'),
    { violence => $false, hate => $false }, '... categories');
is_deeply(output('openai.text.Moderation', 'category_scores', input => 'hi'),
    { violence => 0.01, hate => 0.001 }, '... scores');

my $found = { text => 'It is so.', citations => [['http://a', 'A'],
    ['http://b', 'B'], ['http://a', 'A again']] };
$mock->script($found);
is_deeply(output('gemini.text.GroundedSearch', 'sources', query => 'q'),
    [{ type => 'source', title => 'A', url => 'http://a' },
     { type => 'source', title => 'B', url => 'http://b' }],
    'gemini.text.GroundedSearch') or diag error();
is_deeply(request()->{json}{tools}, [{ googleSearch => {} }], '... searches');
$mock->script($found);
is_deeply(output('gemini.text.GroundedSearch', 'results', query => 'q'),
    ['It is so.'], '... results');

# --- speech ------------------------------------------------------------------

my $fox = 'the quick brown fox';
for my $model (['fal_ai', 'openai/whisper-large-v3',
        '/fal/openai/whisper-large-v3', 'Key key-fal'],
    ['openai', 'whisper-1', '/openai/v1/audio/transcriptions',
        'Bearer key-openai'],
    ['huggingface_hf_inference', 'openai/whisper-large-v3',
        '/hf/hf-inference/models/openai/whisper-large-v3',
        'Bearer key-huggingface'],
    ['huggingface_fal_ai', 'fal-ai/whisper', '/hf/fal-ai/fal-ai/whisper',
        'Bearer key-huggingface']) {
    is(output('nodetool.text.AutomaticSpeechRecognition', 'text',
            audio => NodeTool::MockMedia::media_ref('audio'), model => ref_model('asr_model', @$model[0, 1])),
        $fox, "speech recognition by $model->[0]") or diag error();
    is(request()->{path}, $model->[2], '... by its path');
    is(request()->{headers}{authorization}, $model->[3], '... with its key');
}
like(output('nodetool.text.AutomaticSpeechRecognition', 'text',
        audio => NodeTool::MockMedia::media_ref('audio'), model => ref_model('asr_model', 'gemini',
            'gemini-2.5-flash')), qr/^You said: Transcribe/, '... by Gemini')
    or diag error();
output('nodetool.text.AutomaticSpeechRecognition', 'text',
    audio => NodeTool::MockMedia::media_ref('audio'), model => ref_model('asr_model', 'anthropic', 'x'));
like(error(), qr/transcribes nothing here/, '... not by Anthropic');

is(output('openai.audio.Transcribe', 'text', audio => NodeTool::MockMedia::media_ref('audio'),
        language => 'en', prompt => 'A fox.', temperature => 0.5), $fox,
    'openai.audio.Transcribe') or diag error();
my %form = map { $_->{name} => $_ } @{ request()->{parts} };
is_deeply([map { $form{$_}{data} } qw(model language prompt temperature
        response_format)], ['whisper-1', 'en', 'A fox.', '0.5', 'json'],
    '... what is asked for');
is($form{file}{filename}, 'file.mp3', '... a file');
is($form{file}{type}, 'audio/mpeg', '... of a type');
is($form{file}{data}, $NodeTool::MockMedia::MP3, '... whole');
is_deeply(output('openai.audio.Transcribe', 'words', audio => NodeTool::MockMedia::media_ref('audio'),
        timestamps => $true),
    [{ type => 'audio_chunk', timestamp => [0, 0.5], text => 'the' },
     { type => 'audio_chunk', timestamp => [0.5, 1], text => 'quick' }],
    '... words') or diag error();
is_deeply(output('openai.audio.Transcribe', 'segments', audio => NodeTool::MockMedia::media_ref('audio'),
        timestamps => $true),
    [{ type => 'audio_chunk', timestamp => [0, 2.5], text => " $fox" }],
    '... segments');
output('openai.audio.Transcribe', 'text', audio => NodeTool::MockMedia::media_ref('audio'),
    timestamps => $true, model => 'gpt-4o-transcribe');
like(error(), qr/needs the model whisper-1/, '... not by each model');
is(output('openai.audio.Translate', 'output', audio => NodeTool::MockMedia::media_ref('audio')), $fox,
    'openai.audio.Translate');
is(request()->{path}, '/openai/v1/audio/translations', '... by its path');
like(output('gemini.audio.Transcribe', 'output', audio => NodeTool::MockMedia::media_ref('audio')),
    qr/^You said: Transcribe/, 'gemini.audio.Transcribe') or diag error();

is(stored(output('openai.audio.TextToSpeech', 'output', input => 'hi',
        speed => 1.5)), $NodeTool::MockMedia::MP3, 'openai.audio.TextToSpeech')
    or diag error();
is_deeply(request()->{json}, { model => 'tts-1', input => 'hi',
    voice => 'alloy', response_format => 'mp3', speed => 1.5 }, '... asks');
my $wav = stored(output('gemini.audio.TextToSpeech', 'output', text => 'hi',
    style_prompt => 'Say sadly'));
is(substr($wav, 0, 4) . substr($wav, 8, 8), 'RIFFWAVEfmt ',
    'gemini.audio.TextToSpeech') or diag error();
is(unpack('V', substr $wav, 24, 4), 24000, '... its rate');
is(substr($wav, 44), $NodeTool::MockMedia::PCM, '... its samples');
is(request()->{json}{contents}[0]{parts}[0]{text}, 'Say sadly: hi', '... how');

$wav = stored(output('nodetool.audio.TextToSpeech', 'audio', text => 'hi'));
is(substr($wav, 44), $NodeTool::MockMedia::PCM, 'nodetool.audio.TextToSpeech')
    or diag error();
my $chunk = output('nodetool.audio.TextToSpeech', 'chunk', text => 'hi');
is_deeply([@$chunk{qw(type content_type content done)}],
    ['chunk', 'audio', '', $true], '... ends with a chunk');
my @chunks = grep { $_->{type} eq 'output_update' } @{ $run->{events} };
is(join('', map { decode_base64($_->{value}{content}) } @chunks),
    $NodeTool::MockMedia::PCM, '... chunks are the samples');
for my $model (['gemini', 'gemini-2.5-flash-preview-tts',
        $NodeTool::MockMedia::PCM],
    ['fal_ai', 'fal-ai/kokoro', undef],
    ['huggingface_hf_inference', 'hexgrad/Kokoro-82M', undef]) {
    my $sound = stored(output('nodetool.audio.TextToSpeech', 'audio',
        text => 'hi', model => ref_model('tts_model', @$model[0, 1])));
    is($model->[2] ? substr($sound, 44) : $sound,
        $model->[2] // $NodeTool::MockMedia::MP3, "... by $model->[0]")
        or diag error();
}
output('nodetool.audio.TextToSpeech', 'audio', text => 'hi', speed => 2,
    model => ref_model('tts_model', 'gemini', 'x'));
like(error(), qr/set 'speed' to 1/, '... at one speed');

for my $id ('../files', 'a/../../files', 'x?key=1', 'x#', 'a%2fb', "a b") {
    output('nodetool.audio.TextToSpeech', 'audio', text => 'x',
        model => ref_model('tts_model', 'gemini', $id));
    like(error(), qr/\Qthe model's id "$id" is none/, "... and no path: $id");
}

# models that nobody has chosen
for my $default (['nodetool.text.AutomaticSpeechRecognition', 'text',
        'asr_model', 'whisper-1', audio => NodeTool::MockMedia::media_ref('audio')],
    ['nodetool.audio.TextToSpeech', 'audio', 'tts_model', 'tts-1'],
    ['nodetool.image.TextToImage', 'output', 'image_model', 'gpt-image-1']) {
    my ($type, $output, $kind, $id, %data) = @$default;
    ok(output($type, $output, %data, model => ref_model($kind, 'empty', '')),
        "$type by default") or diag error();
    my ($model) = map { $_->{data} } grep { $_->{name} eq 'model' }
        @{ request()->{parts} };
    is($model // request()->{json}{model}, $id, '... model');
}

# --- images ------------------------------------------------------------------

my $PNG = $NodeTool::MockMedia::PNG;
is(stored(output('openai.image.CreateImage', 'output', prompt => 'a cat',
        size => '1536x1024')), $PNG, 'openai.image.CreateImage') or diag error();
is_deeply(request()->{json}, { model => 'gpt-image-1', prompt => 'a cat',
    n => 1, size => '1536x1024', quality => 'high', background => 'auto' },
    '... asks');
is(stored(output('openai.image.EditImage', 'output', prompt => 'a hat',
        image => NodeTool::MockMedia::media_ref('image'), mask => NodeTool::MockMedia::media_ref('image'))), $PNG,
    'openai.image.EditImage') or diag error();
%form = map { $_->{name} => $_ } @{ request()->{parts} };
is_deeply([map { $form{$_}{data} } qw(prompt size quality image mask)],
    ['a hat', '1024x1024', 'high', $PNG, $PNG], '... asks');
output('openai.image.EditImage', 'output', prompt => 'a hat');
like(error(), qr/'image' is not set/, '... of an image');

is(stored(output('gemini.image.ImageGeneration', 'output', prompt => 'a cat')),
    $PNG, 'gemini.image.ImageGeneration by Imagen') or diag error();
$mock->script({ text => 'Here', images => [] });
output('gemini.image.ImageGeneration', 'output', prompt => 'x',
    model => 'gemini-2.5-flash-image-preview');
like(error(), qr/made no image/, '... by Gemini, which made none');
is_deeply(request()->{json}{generationConfig}{responseModalities},
    ['TEXT', 'IMAGE'], '... was asked for both');

my %models = (openai => 'gpt-image-1', gemini => 'imagen-4.0-generate-001',
    fal_ai => 'fal-ai/flux/dev', huggingface_fal_ai => 'fal-ai/flux/schnell',
    huggingface_hf_inference => 'black-forest-labs/FLUX.1-dev');
for my $provider (sort keys %models) {
    is(stored(output('nodetool.image.TextToImage', 'output', prompt => 'a cat',
            width => 1024, height => 640, model => ref_model('image_model',
                $provider, $models{$provider}))), $PNG,
        "an image by $provider") or diag error();
    my $json = request()->{json};
    my $size = $provider eq 'openai' ? $json->{size}
        : $provider eq 'gemini' ? $json->{parameters}{aspectRatio}
        : $json->{image_size} ? "$json->{image_size}{width} $json->{image_size}{height}"
        : "$json->{parameters}{width} $json->{parameters}{height}";
    is($size, { openai => '1536x1024', gemini => '16:9' }->{$provider}
        // '1024 640', '... of the nearest size');
    is(stored(output('nodetool.image.ImageToImage', 'output', prompt => 'a hat',
            image => NodeTool::MockMedia::media_ref('image'), model => ref_model('image_model', $provider,
                $models{$provider}))), $PNG, "... and of an image")
        or diag error() if $provider ne 'gemini';
}
output('nodetool.image.TextToImage', 'output', prompt => 'a cat', seed => 4,
    model => ref_model('image_model', 'openai', 'gpt-image-1'));
like(warnings(), qr/nothing like 'seed'/, 'what a provider lacks is said');
output('nodetool.image.TextToImage', 'output', prompt => 'a cat', seed => 4,
    negative_prompt => 'dogs', guidance_scale => 3, num_inference_steps => 8,
    safety_check => $false, timeout_seconds => 60);
is_deeply(request()->{json}, { prompt => 'a cat', seed => 4, num_images => 1,
    negative_prompt => 'dogs', guidance_scale => 3, num_inference_steps => 8,
    enable_safety_checker => $false, image_size => { width => 512,
        height => 512 } }, 'all that fal is asked') or diag error();
$mock->script({ status => 400, error => 'Your request was rejected' });
output('openai.image.CreateImage', 'output', prompt => 'x');
like(error(), qr/OpenAI \(gpt-image-1\): Your request was rejected/,
    'a refusal');

# --- videos ------------------------------------------------------------------

my $MP4 = $NodeTool::MockMedia::MP4;
is(stored(output('gemini.video.TextToVideo', 'output', prompt => 'a cat',
        negative_prompt => 'dogs', aspect_ratio => '9:16')), $MP4,
    'gemini.video.TextToVideo') or diag error();
is_deeply(request()->{json}, { instances => [{ prompt => 'a cat' }],
    parameters => { aspectRatio => '9:16', negativePrompt => 'dogs' } },
    '... asks');
is_deeply([map { $_->{headers}{'x-goog-api-key'} } $mock->requests],
    [('key-gemini') x 3], '... with its key to the end');
is(stored(output('gemini.video.ImageToVideo', 'output',
        image => NodeTool::MockMedia::media_ref('image'))), $MP4, 'gemini.video.ImageToVideo')
    or diag error();
is(request()->{json}{instances}[0]{image}{mimeType}, 'image/png',
    '... of an image');
for my $model (['gemini', 'veo-3.1-generate-preview'], ['openai', 'sora-2'],
    ['fal_ai', 'fal-ai/wan-video']) {
    is(stored(output('nodetool.video.TextToVideo', 'output', prompt => 'a cat',
            model => ref_model('video_model', @$model))), $MP4,
        "a video by $model->[0]") or diag error();
    is(stored(output('nodetool.video.ImageToVideo', 'output',
            image => NodeTool::MockMedia::media_ref('image'),
            model => ref_model('video_model', @$model))), $MP4,
        '... and of an image') or diag error();
}
output('nodetool.video.TextToVideo', 'output', num_frames => 5);
like(warnings(), qr/nothing like 'num_frames'/, 'what a model lacks is said');
$mock->script({ json => { name => 'models/veo/operations/op1' } },
    { json => { done => $true, error => { message => 'unsafe' } } });
output('gemini.video.TextToVideo', 'output', prompt => 'x');
like(error(), qr/unsafe/, 'a video that is refused');
$mock->script({ json => { id => 'video_1', status => 'queued' } },
    map { { json => { id => 'video_1', status => 'in_progress' } } } 1 .. 9);
output('nodetool.video.TextToVideo', 'output', prompt => 'x',
    timeout_seconds => 1, model => ref_model('video_model', 'openai', 'sora-2'));
like(error(), qr/not through after 1 seconds/, 'one that takes too long');
$mock->script;

# --- documents ---------------------------------------------------------------

sub chunks {
    my ($text, %data) = @_;

    $run = $g->run(graph([node(n => 'nodetool.document.SplitDocument',
            document => { type => 'document', uri => 'doc', data => $text },
            %data),
        (map { node("c$_" => 'nodetool.control.Collect'),
            node("o$_" => 'nodetool.output.Output', name => $_) }
            qw(text source_id start_index))],
        map { ("n.$_>c$_.input_item", "c$_.output>o$_.value") }
            qw(text source_id start_index)));
    return $run->{results};
}

# The chunks that these sentences make, computed once more.
sub expected {
    my ($threshold, @sentences) = @_;

    my @vectors = map {
        my ($from, $to) = ($_ ? $_ - 1 : 0, $_ < $#sentences ? $_ + 1 : $_);
        NodeTool::MockModels::vector(join '', @sentences[$from .. $to]);
    } 0 .. $#sentences;
    my @distances = map {
        my ($x, $y) = @vectors[$_, $_ + 1];
        my ($xy, $xx, $yy) = map { my $p = $_; my $sum = 0;
            $sum += $p->[0][$_] * $p->[1][$_] for 0 .. 2; $sum }
            [$x, $y], [$x, $x], [$y, $y];
        1 - $xy / sqrt($xx * $yy);
    } 0 .. $#vectors - 1;
    my @sorted = sort { $a <=> $b } @distances;
    my $at = $threshold / 100 * $#sorted;
    my $limit = $sorted[$at] + ($at - int $at)
        * (($sorted[$at + 1] // 0) - $sorted[$at]);
    my @chunks = '';
    for my $i (0 .. $#sentences) {
        $chunks[-1] .= $sentences[$i];
        push @chunks, '' if $i < $#sentences && $distances[$i] > $limit;
    }
    return \@chunks;
}

my @sentences = ('Ä b c d. ', 'E f g h! ', "Oooooooo?\n\n", "A heading\n\n",
    'Mr. A. Bc met x. ', 'Then "Yes!" she said. ', '3.5 is ok... or so。',
    'The end');
for my $threshold (0, 50, 80, 95) {
    my $split = chunks(join('', @sentences), threshold => $threshold);
    my $want = expected($threshold, @sentences);
    is_deeply($split->{text}, $want, "SplitDocument: $threshold percent of "
        . 'the sentences stay together') or diag explain [$split, $want];
    my $at = 0;
    is_deeply($split->{start_index}, [map { my $was = $at;
        $at += length; $was } @$want], '... and where they are');
    is_deeply($split->{source_id}, [('doc') x @$want], '... in a document');
}
is_deeply(chunks('One sentence.')->{text}, ['One sentence.'],
    'SplitDocument: one sentence');

$g->done;
$t->done;
