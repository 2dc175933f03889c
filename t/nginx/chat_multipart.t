#!/usr/bin/perl

# Forms: sounds to be transcribed, images to be edited. They pass as they
# came but for the model, from memory and from a file.

use strict;
use warnings;

use lib 't/lib';

use Digest::MD5 qw(md5_hex);
use JSON::PP ();
use Test::More;

use NodeTool::MockOpenAI;
use NodeTool::Test;

my $t = NodeTool::Test->new;
my $usage = { type => 'tokens', input_tokens => 14, output_tokens => 45,
    total_tokens => 59 };

my $mock = NodeTool::MockOpenAI->start($t, 'mock', sub {
    my ($c, $req) = @_;

    my ($format) = $req->{body} =~ /name="response_format"\r\n\r\n(\w+)/;
    return $c->body(200, 'text/plain; charset=utf-8', "1\n00:00 --> 00:01\n")
        if ($format || '') eq 'srt';
    if ($req->{body} =~ /name="stream"\r\n\r\ntrue\r\n/) {
        $c->stream;
        $c->event({ type => 'transcript.text.delta', delta => 'Hi' });
        $c->event({ type => 'transcript.text.done', text => 'Hi',
            usage => $usage });
        return $c->write("0\r\n\r\n");
    }
    return $c->json(200, { text => 'Hi', length => length $req->{body},
        md5 => md5_hex($req->{body}), usage => $usage });
});

my $ng = $t->nginx(<<'SERVER', modules => ['base', 'chat'], http => <<"HTTP");
client_max_body_size 32m;
location /v1/ {
    nodetool_chat;
    nodetool_model fast mock whisper-with-a-longer-name;
    nodetool_model long mock w;
    nodetool_model * mock;
}
location /file/ {
    client_body_in_file_only clean;
    nodetool_chat;
    nodetool_model fast mock whisper-with-a-longer-name;
    nodetool_model * mock;
}
location /default/ {
    nodetool_chat;
    nodetool_default_model whisper-1;
    nodetool_model * mock;
}
location /retry/ {
    nodetool_chat;
    nodetool_model * dead w-2;
    error_page 502 = @retry;
}
location @retry { nodetool_chat; nodetool_model * mock w-3; }
SERVER
log_format chat '\$uri \$status \$nodetool_model \$nodetool_upstream_model '
    '\$nodetool_prompt_tokens \$nodetool_completion_tokens \$nodetool_stream';
access_log %%DIR%%/chat.log chat;
nodetool_errors on;
nodetool_provider mock { url http://127.0.0.1:$mock->{port}/v1; models m; }
nodetool_provider dead { url http://127.0.0.1:%%PORT_dead%%/v1; models x; }
HTTP

my $B = '--------------------------d74496d66958873e';

# A body of [name, value, filename] parts.
sub form {
    my (@parts) = @_;

    return join('', map {
        my ($name, $value, $file) = @$_;
        qq{--$B\r\nContent-Disposition: form-data; name="$name"}
            . ($file ? qq{; filename="$file"\r\nContent-Type: audio/mpeg} : '')
            . "\r\n\r\n$value\r\n";
    } @parts) . "--$B--\r\n";
}

sub send_form {
    my ($path, $body, %opt) = @_;

    return $t->request($ng, 'POST', $path, body => $body, headers => [
        'Content-Type' => "multipart/form-data; boundary=$B",
        @{ $opt{headers} || [] }]);
}

sub logged {
    my ($want, $name) = @_;

    $t->wait_for($name, sub {
        $t->read_file("$t->{dir}/chat.log") =~ /$want\n\z/
    });
    like($t->read_file("$t->{dir}/chat.log"), qr/$want\n\z/, $name);
    return;
}

# What has come, as its length and sum: the mock does not tell long bodies.
sub came {
    my ($r, $want, $name) = @_;

    is($r->{status}, 200, $name);
    is($r->{json}{length}, length $want, ' all of it');
    is($r->{json}{md5}, md5_hex($want), ' as it should');
    return;
}

# --- small and large, in memory and in a file --------------------------------

my $sound = join '', map { "\r\n--$B" . chr($_ % 256) } 0 .. 20;
$sound =~ s/\Q$B\E\K[\r -]/x/g;
$sound = substr($sound, 0, 500) =~ s/\Q$B\E/substr $B, 1/ger;
srand 7;
my $large = pack 'L*', map { int rand 2**32 } 1 .. 500_000;
my $n = 0;
for my $path (qw(/v1/ /file/v1/)) {
    for my $file ($sound, $large) {
        for my $model ('m', 'fast') {
            my $upstream = $model eq 'm' ? 'm' : 'whisper-with-a-longer-name';
            for my $order (0, 1) {
                my @parts = (['file', $file, 'a.mp3'], ['x', '1']);
                my @sent = (['model', $model], @parts);
                my @want = (['model', $upstream], @parts);
                if ($order) {
                    push @$_, shift @$_ for \@sent, \@want;
                }
                came(send_form("${path}audio/transcriptions", form(@sent)),
                    form(@want), sprintf '%s %d bytes, %s, the model %s', $path,
                    length $file, $model, $order ? 'last' : 'first');
            }
        }
    }
}
logged('audio/transcriptions 200 fast whisper-with-a-longer-name 14 45 0',
    'usage is counted');
my $req = ($mock->requests)[-1];
is($req->{path}, '/v1/audio/transcriptions', 'the path');

my @file = (['file', 'abc', 'a.mp3']);
came(send_form('/default/v1/audio/translations', form(@file)),
    form(['model', 'whisper-1'], @file), 'a model that was not said');
is(($mock->requests)[-1]{headers}{'content-type'},
    "multipart/form-data; boundary=$B", 'the boundary');
came(send_form('/default/v1/audio/translations', "pre\r\n" . form(@file)),
    "pre\r\n" . form(['model', 'whisper-1'], @file), 'behind a preamble');
came(send_form('/retry/v1/audio/transcriptions', form(['model', 'm'], @file)),
    form(['model', 'w-3'], @file), 'another provider is asked');
came(send_form('/v1/images/edits', form(['model', 'm'], ['prompt', 'x'],
    ['image[]', 'png', 'a.png'], ['image[]', 'png', 'b.png'])),
    form(['model', 'm'], ['prompt', 'x'], ['image[]', 'png', 'a.png'],
    ['image[]', 'png', 'b.png']), 'images/edits');
came(send_form('/v1/images/variations', form(['model', 'm'],
    ['image', 'png', 'a.png'])), form(['model', 'm'], ['image', 'png',
    'a.png']), 'images/variations');

# --- replies -----------------------------------------------------------------

my $r = send_form('/v1/audio/transcriptions', form(['model', 'm'],
    ['response_format', 'srt'], @file));
is($r->{headers}{'content-type'}, 'text/plain; charset=utf-8', 'a text');
is($r->{body}, "1\n00:00 --> 00:01\n", 'as it came');
is(($mock->requests)[-1]{headers}{accept}, '*/*', 'any type is taken');

$r = send_form('/v1/audio/transcriptions', form(['stream', 'true'],
    ['model', 'm'], @file));
like($r->{headers}{'content-type'}, qr{^text/event-stream}, 'a stream');
like($r->{body}, qr/delta.*\n\ndata: \{.*transcript.text.done.*\}\n\n\z/s,
    'as it came');
logged('/v1/audio/transcriptions 200 m m 14 45 1', 'usage is counted');

# --- what is wrong -----------------------------------------------------------

my @wrong = (
    [form(@file), 422, 'model: expected the name of a model, got nothing'],
    [form(['model', ''], @file), 422,
        'model: expected the name of a model, got an empty string'],
    [form(['model', 'a'], ['model', 'b'], @file), 422,
        'model: expected one field, got 2'],
    [form(['model', 'm' x 257], @file), 422,
        'model: expected at most 256 bytes'],
    [form(['model', 'm']), 422, 'file: expected a file, got nothing'],
    [substr(form(['model', 'm'], @file), 0, -6), 400, 'The request body is '
        . 'not valid multipart/form-data: it ends before its last boundary'],
    ['{}', 400, 'The request body is not valid multipart/form-data: its '
        . 'boundary is not in it'],
    ['', 400, 'The request has no body, expected a form with "model" and '
        . '"file"'],
);
my $before = () = $mock->requests;
for (@wrong) {
    my ($body, $status, $message) = @$_;
    $r = send_form('/v1/audio/transcriptions', $body);
    is($r->{status}, $status, "a $status");
    is($r->{json}{error}{message}, $message, 'says what is wrong');
}
for my $type ('multipart/form-data', 'multipart/form-data; boundary=""',
    'multipart/form-data; boundary=' . 'x' x 71)
{
    $r = $t->request($ng, 'POST', '/v1/audio/transcriptions', body => 'x',
        headers => ['Content-Type' => $type]);
    is($r->{status}, 400, 'no good boundary');
}
for my $type ('application/json', 'text/plain', 'multipart/mixed') {
    $r = $t->request($ng, 'POST', '/v1/audio/transcriptions', body => '{}',
        headers => ['Content-Type' => $type]);
    is($r->{status}, 415, "$type is not taken");
    is($r->{json}{error}{message}, qq{Content-Type is "$type", expected }
        . '"multipart/form-data"', 'and what is, is said');
}
is($t->request($ng, 'POST', '/v1/embeddings', body => form(['model', 'm']),
    headers => ['Content-Type' => "multipart/form-data; boundary=$B"])
    ->{status}, 415, 'a form where JSON is wanted');
is(scalar(() = $mock->requests), $before, 'no provider was asked');

# --- forms of other sites ----------------------------------------------------

my $good = form(['model', 'm'], @file);
for (['http://evil.example', [], 403], ['null', [], 403],
    ['http://example.com:7777', [], 200],
    ['http://evil.example', [Authorization => 'Bearer x'], 200])
{
    my ($origin, $headers, $status) = @$_;
    is(send_form('/v1/audio/transcriptions', $good, headers => [
        Origin => $origin, Host => 'example.com:7777', @$headers])->{status}, $status,
        "Origin $origin" . (@$headers ? ' with a token' : ''));
}

$t->done;
