package NodeTool::MockMedia;

# The parts of NodeTool::MockModels that are about images, sound and video:
# OpenAI's images, audio and moderations, Mistral's OCR and fill-in-the-middle,
# Gemini's Imagen, Veo and speech, Hugging Face's and fal's inference, Kie's
# tasks.
#
# A script's next reply, if there is one, may fail a request as it fails a
# chat, or give what is to be answered: json.

use strict;
use warnings;

use JSON::PP ();
use MIME::Base64 qw(encode_base64 decode_base64);

our $PNG = decode_base64('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQ'
    . 'VR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==');
our $MP3 = "ID3\x04\0\0\0\0\0\0" . ("\xff\xfb\x90\x64" . "\0" x 413) x 2;
our $MP4 = "\0\0\0\x18ftypmp42\0\0\0\0mp42isom";
our $PCM = "\x01\x00" x 480;    # 20 ms at 24 kHz

# Media of a kind, as the mocks answer with them.
sub bytes {
    my ($kind) = @_;

    return { image => $PNG, audio => $MP3, video => $MP4 }->{$kind};
}

# A ref to media of a kind, whose bytes are in its URI.
sub media_ref {
    my ($kind) = @_;

    return { type => $kind, uri => "data:$kind/x;base64,"
        . encode_base64(bytes($kind), '') };
}

# The parts of a multipart body, each { name, filename, type, data }.
sub parts {
    my ($req) = @_;

    my ($boundary) = ($req->{headers}{'content-type'} || '')
        =~ m{^multipart/form-data; boundary="?([^"]+)"?$} or return;
    my @parts;
    for my $part (split /(?:\r\n)?--\Q$boundary\E(?:--)?(?:\r\n)?/,
        $req->{body} // '') {
        my ($head, $data) = split /\r\n\r\n/, $part, 2;
        next if !defined $data;
        my ($name) = $head =~ /\bname="([^"]*)"/;
        my ($file) = $head =~ /filename="([^"]*)"/;
        my ($type) = $head =~ /^Content-Type: (.*?)\r?$/mi;
        push @parts, { name => $name, filename => $file, type => $type,
            data => $data };
    }
    return @parts;
}

# A request for Gemini's voice, not for its words.
sub speaks {
    my ($req) = @_;

    return grep { $_ eq 'AUDIO' }
        @{ $req->{json}{generationConfig}{responseModalities} || [] };
}

my @ROUTES = (
    ['openai', qr{/images/(generations|edits)$}, \&openai_images],
    ['openai', qr{/audio/speech$}, \&openai_speech],
    ['openai', qr{/audio/(transcriptions|translations)$}, \&openai_text],
    ['openai', qr{/moderations$}, \&openai_moderation],
    ['openai', qr{/videos}, \&openai_video],
    ['openai', qr{/models$}, sub { $_[1]->json(200, { object => 'list',
        data => [{ id => 'mock', object => 'model', created => 1,
            owned_by => 'mock' }] }) }],
    ['mistral', qr{/fim/completions$}, \&mistral_fim],
    ['mistral', qr{/ocr$}, \&mistral_ocr],
    ['gemini', qr{:predict$}, \&gemini_imagen],
    ['gemini', qr{:predictLongRunning$}, \&gemini_start],
    ['gemini', qr{/operations/}, \&gemini_operation],
    ['gemini', qr{:generateContent}, \&gemini_speech],
    ['gemini', qr{/files/}, \&file],
    ['hf', qr{/fal-ai/}, \&fal],
    ['hf', qr{/hf-inference/}, \&hf_inference],
    ['fal', qr{^/files/}, \&file],
    ['fal', qr{.}, \&fal],
    ['kie', qr{/files/}, \&file],
    ['kie', qr{/api/}, \&kie]);

sub answer {
    my ($mock, $c, $req, $dialect, $path) = @_;

    my $reply = $path =~ m{/files/} ? undef : $mock->take;
    return NodeTool::MockModels::failure($c, $dialect, $reply)
        if $reply && ($reply->{status} || 200) != 200;
    return $c->json(200, $reply->{json}) if $reply && $reply->{json};
    for my $route (@ROUTES) {
        return $route->[2]->($mock, $c, $req, $path)
            if $route->[0] eq $dialect && $path =~ $route->[1];
    }
    return $c->json(404, { error => { message => "nothing at $path" } });
}

sub file {
    my ($mock, $c, $req, $path) = @_;

    my ($kind) = $path =~ m{/files/(image|audio|video)};
    return $c->body(200, "$kind/x", bytes($kind));
}

# --- OpenAI ------------------------------------------------------------------

sub openai_images {
    my ($mock, $c, $req) = @_;

    my $n = $req->{json} ? $req->{json}{n} || 1 : 1;
    return $c->json(200, { created => 1700000000, data => [
        map { { b64_json => encode_base64($PNG, '') } } 1 .. $n],
        usage => { input_tokens => 5, output_tokens => 100,
            total_tokens => 105 } });
}

sub openai_speech {
    my ($mock, $c, $req) = @_;

    my $pcm = ($req->{json}{response_format} || '') eq 'pcm';
    return $c->body(200, $pcm ? 'audio/pcm' : 'audio/mpeg',
        $pcm ? $PCM : $MP3);
}

sub openai_text {
    my ($mock, $c, $req) = @_;

    my %form;
    for my $part (parts($req)) {
        push @{ $form{ $part->{name} } }, $part->{data};
    }
    return $c->json(400, { error => { message => 'no file' } })
        if !$form{file};
    my %reply = (text => 'the quick brown fox');
    if (($form{response_format} || [''])->[0] eq 'verbose_json') {
        %reply = (%reply, task => 'transcribe', language => 'english',
            duration => 2, segments => [{ id => 0, start => 0, end => 2.5,
                text => ' the quick brown fox' }]);
        $reply{words} = [{ word => 'the', start => 0, end => 0.5 },
            { word => 'quick', start => 0.5, end => 1 }]
            if grep { /word/ } @{ $form{'timestamp_granularities[]'} || [] };
    }
    return $c->json(200, \%reply);
}

sub openai_moderation {
    my ($mock, $c, $req) = @_;

    my $bad = $req->{json}{input} =~ /kill/ ? 1 : 0;
    my $flag = $bad ? JSON::PP::true() : JSON::PP::false();
    return $c->json(200, { id => 'modr-1', model => $req->{json}{model},
        results => [{ flagged => $flag, categories => { violence => $flag,
            hate => JSON::PP::false() }, category_scores => {
                violence => $bad ? 0.9 : 0.01, hate => 0.001 } }] });
}

sub openai_video {
    my ($mock, $c, $req, $path) = @_;

    return $c->body(200, 'video/mp4', $MP4) if $path =~ m{/content$};
    return $c->json(200, { id => 'video_1', object => 'video', progress => 0,
        status => $req->{method} eq 'POST' ? 'queued' : 'completed' });
}

# --- Mistral -----------------------------------------------------------------

sub mistral_fim {
    my ($mock, $c, $req) = @_;

    my $json = $req->{json};
    return $c->json(200, { id => 'fim-1', object => 'chat.completion',
        created => 1, model => $json->{model}, choices => [{ index => 0,
            finish_reason => 'stop', message => { role => 'assistant',
            content => "between($json->{prompt}|" . ($json->{suffix} // '')
                . ')' } }], usage => { prompt_tokens => 3,
            completion_tokens => 4, total_tokens => 7 } });
}

sub mistral_ocr {
    my ($mock, $c, $req) = @_;

    return $c->json(200, { model => $req->{json}{model}, pages => [
        { index => 0, markdown => '# Page' },
        { index => 1, markdown => 'two' }],
        usage_info => { pages_processed => 2 } });
}

# --- Gemini ------------------------------------------------------------------

sub gemini_imagen {
    my ($mock, $c, $req) = @_;

    return $c->json(200, { predictions => [{ mimeType => 'image/png',
        bytesBase64Encoded => encode_base64($PNG, '') }] });
}

sub gemini_start {
    my ($mock, $c, $req) = @_;

    return $c->json(200, { name => 'models/veo/operations/op1' });
}

sub gemini_operation {
    my ($mock, $c, $req) = @_;

    return $c->json(200, { name => 'models/veo/operations/op1',
        done => JSON::PP::true(), response => { generateVideoResponse => {
            generatedSamples => [{ video => {
                uri => $mock->url('/gemini/v1beta/files/video:download')
            } }] } } });
}

sub gemini_speech {
    my ($mock, $c, $req) = @_;

    return $c->json(200, { candidates => [{ index => 0, content => {
        role => 'model', parts => [{ inlineData => {
            mimeType => 'audio/L16;codec=pcm;rate=24000',
            data => encode_base64($PCM, '') } }] }, finishReason => 'STOP' }],
        usageMetadata => { promptTokenCount => 4, candidatesTokenCount => 20,
            totalTokenCount => 24 } });
}

# --- Hugging Face, fal -------------------------------------------------------

sub fal {
    my ($mock, $c, $req, $path) = @_;

    return $c->json(200, { text => 'the quick brown fox' })
        if $path =~ /whisper|speech-to-text|wizper/;
    return $c->json(200, { audio => { url => $mock->url('/fal/files/audio') } })
        if $path =~ /tts|kokoro|speech/;
    return $c->json(200, { video => { url => $mock->url('/fal/files/video') } })
        if $path =~ /video|veo|kling|wan/;
    return $c->json(200, { images => [{ url => $mock->url('/fal/files/image'),
        content_type => 'image/png', width => 1, height => 1 }],
        seed => 1, has_nsfw_concepts => [JSON::PP::false()] });
}

sub hf_inference {
    my ($mock, $c, $req, $path) = @_;

    return $c->json(200, { text => 'the quick brown fox' })
        if $path =~ /whisper/;
    return $c->body(200, 'audio/mpeg', $MP3) if $path =~ /tts|kokoro|mms/i;
    return $c->body(200, 'image/png', $PNG);
}

# --- Kie ---------------------------------------------------------------------

sub kie {
    my ($mock, $c, $req, $path) = @_;

    return $c->json(200, { success => JSON::PP::true(), code => 200,
        msg => 'ok', data => { downloadUrl =>
            $mock->url('/kie/files/uploaded'), fileName => 'x' } })
        if $path =~ m{/api/file-};
    return $c->json(200, { code => 200, msg => 'success', data => {
        taskId => 'task_' . kie_kind($req) } }) if $req->{method} eq 'POST';

    my ($kind) = $path =~ /taskId=task_(\w+)/;
    my $url = $mock->url("/kie/files/$kind.bin");
    return $c->json(200, { code => 200, msg => 'success', data => {
        taskId => "task_$kind", status => 'SUCCESS', response => {
            sunoData => [{ id => 'a1', audioUrl => $url, title => 't',
                duration => 3 }] } } }) if $path =~ m{/generate/record-info};
    my $result = $kind eq 'text'
        ? { resultObject => { text => 'the quick brown fox' } }
        : { resultUrls => [$url] };
    return $c->json(200, { code => 200, msg => 'success', data => {
        taskId => "task_$kind", state => 'success', successFlag => 1,
        response => { resultUrls => [$url] }, videoInfo => { videoUrl => $url },
        resultJson => JSON::PP->new->canonical->encode($result) } });
}

# What a task makes, by its model.
sub kie_kind {
    my ($req) = @_;

    my $model = $req->{json}{model} // '';
    return 'text' if $model =~ /speech-to-text/;
    return 'audio' if $req->{path} =~ m{/api/v1/generate(/|$)}
        || $model =~ m{^elevenlabs/};
    return 'video' if $req->{path} =~ m{/(veo|runway|aleph|luma|modify)}
        || $model =~ m{video|sora|kling|hailuo|wan/|infinitalk|seedance|veo};
    return 'image';
}

1;
