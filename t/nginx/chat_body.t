#!/usr/bin/perl

# Request bodies: from memory, from a temporary file, chunked, over HTTP/2,
# read before us; and what of them is changed for a provider.

use strict;
use warnings;

use lib 't/lib';

use Digest::MD5 qw(md5_hex);
use JSON::PP ();
use Test::More;

use NodeTool::MockOpenAI;
use NodeTool::Test;

my $t = NodeTool::Test->new;
my $mock = NodeTool::MockOpenAI->start($t, 'mock', sub {
    my ($c, $req) = @_;

    $c->note({ md5 => md5_hex($req->{body}), length => length $req->{body} });
    return NodeTool::MockOpenAI::answer($c, $req);
});
my $flaky = NodeTool::MockOpenAI->start($t, 'flaky', sub { $_[0]->close });

my $http = <<"HTTP";
client_max_body_size 64m;
upstream flaky { server 127.0.0.1:$flaky->{port}; server 127.0.0.1:$mock->{port} backup; }
nodetool_provider mock { url http://127.0.0.1:$mock->{port}/v1; models m; }
nodetool_provider flaky { url http://flaky/v1; next_upstream error non_idempotent; models f; }
HTTP

my $rules = <<'RULES';
nodetool_chat;
nodetool_model short mock a;
nodetool_model l mock a-much-longer-name;
nodetool_model quote mock 'a"b\c';
nodetool_model f flaky g-longer;
nodetool_default_model m;
RULES
my $server = <<"SERVER";
location /memory/ { $rules client_body_buffer_size 64m; }
location /file/ { $rules client_body_in_file_only clean; }
location /small/ { $rules client_body_buffer_size 1k; }
location /sendfile/ { $rules client_body_in_file_only clean; sendfile on; }
location /threads/ { $rules client_body_in_file_only clean; aio threads; sendfile on; }
location /untouched/ { $rules nodetool_stream_usage off; }
location /mirrored/ { $rules client_body_buffer_size 1k; mirror /mirror; }
location /mirror { internal; return 204; }
location /limit/ { $rules client_max_body_size 1k; }
SERVER

my $ng = $t->nginx($server, http => $http, modules => ['base', 'chat']);

sub post {
    my ($path, $body, %opt) = @_;

    return $t->request($ng, 'POST', "$path/chat/completions", body => $body,
        headers => ['Content-Type' => 'application/json',
            @{ $opt{headers} || [] }]);
}

sub received { return ($mock->requests)[-1]{body} }

# --- edits -------------------------------------------------------------------

my $m = '"messages":[{"role":"user","content":"{\"model\":\"x\"}"}]';
my @edits = (
    # sent, received, name
    ['{"model":"m",' . $m . '}', undef, 'nothing to change'],
    ["\t{ \"model\" :\n\"m\" ,$m }\n", undef, 'white space stays'],
    ['{"model":"short",' . $m . '}', '{"model":"a",' . $m . '}', 'a shorter name'],
    ['{' . $m . ',"model":"l"}', '{' . $m . ',"model":"a-much-longer-name"}', 'a longer one, at the end'],
    ['{"model":"quote",' . $m . '}', '{"model":"a\"b\\\\c",' . $m . '}', 'one that must be escaped'],
    ['{"mod\u0065l":"short",' . $m . '}', '{"mod\u0065l":"a",' . $m . '}', 'an escaped key'],
    ['{"model":"sh\u006frt",' . $m . '}', '{"model":"a",' . $m . '}', 'an escaped value'],
    ['{"x":{"model":"short"},"model":"m",' . $m . '}', undef, 'not a model below another key'],
    ['{' . $m . '}', '{"model":"m",' . $m . '}', 'no model: the default'],
    [" {\"model\":null,$m}", " {\"model\":\"m\",$m}", 'null: the default'],
    ['{"stream":true,"model":"m",' . $m . '}', '{"stream_options":{"include_usage":true},"stream":true,"model":"m",' . $m . '}', 'a stream: usage is asked for'],
    ['{"stream":true,' . $m . '}', '{"model":"m","stream_options":{"include_usage":true},"stream":true,' . $m . '}', 'with the default model'],
    ['{"stream":true,"stream_options":{},"model":"m",' . $m . '}', '{"stream":true,"stream_options":{"include_usage":true},"model":"m",' . $m . '}', 'empty options'],
    ['{"stream":true,"stream_options":{"a":1},"model":"m",' . $m . '}', '{"stream":true,"stream_options":{"include_usage":true,"a":1},"model":"m",' . $m . '}', 'other options'],
    ['{"stream":true,"stream_options":null,"model":"m",' . $m . '}', '{"stream":true,"stream_options":{"include_usage":true},"model":"m",' . $m . '}', 'options null'],
    ['{"stream":true,"stream_options":{"include_usage":false},"model":"m",' . $m . '}', '{"stream":true,"stream_options":{"include_usage":true},"model":"m",' . $m . '}', 'usage refused'],
    ['{"stream":true,"stream_options":{"include_usage":null},"model":"short",' . $m . '}', '{"stream":true,"stream_options":{"include_usage":true},"model":"a",' . $m . '}', 'usage null, and a rule'],
    ['{"model":"short","stream":true,"stream_options":{"include_usage":true},' . $m . '}', '{"model":"a","stream":true,"stream_options":{"include_usage":true},' . $m . '}', 'usage asked for'],
    ['{"stream":false,"model":"m",' . $m . '}', undef, 'no stream'],
);

for my $path (qw(/memory /file /sendfile /threads /small)) {
    for (@edits) {
        my ($sent, $received, $name) = @$_;
        is(post($path, $sent)->{status}, 200, "$path: $name");
        is(received(), defined $received ? $received : $sent, 'as received');
    }
}
is(post('/memory', '{"model":"m",' . $m . ',"model":"short"}')->{status}, 422,
    'of two models none is asked');
my $asks = '{"stream":true,"model":"m",' . $m . '}';
is(post('/untouched', $asks)->{status}, 200, 'nodetool_stream_usage off');
is(received(), $asks, 'leaves the body as it is');

# --- transfer ----------------------------------------------------------------

my $chunked = sub {
    my ($path, $body, $size) = @_;
    my $out = '';
    while (length $body) {
        my $piece = substr $body, 0, $size, '';
        $out .= sprintf "%x\r\n%s\r\n", length $piece, $piece;
    }
    return post($path, "${out}0\r\n\r\n", headers => ['Transfer-Encoding' =>
        'chunked']);
};
for my $path (qw(/memory /file /small)) {
    for my $size (1, 7, 1000) {
        my ($sent, $received) = @{ $edits[12] };
        is($chunked->($path, $sent, $size)->{status}, 200,
            "$path: chunks of $size");
        is(received(), $received, 'as received');
    }
}

my $slow = NodeTool::HTTP->open($ng->{port}, 'POST', '/memory/chat/completions',
    body => '', headers => ['Content-Length' => length $edits[2][0]]);
for my $byte (split //, $edits[2][0]) {
    $slow->write($byte);
    select undef, undef, undef, 0.0005;
}
is($slow->response->{status}, 200, 'byte by byte');
is(received(), $edits[2][1], 'as received');

my $text = join '', map { chr(97 + $_ % 26) } 1 .. 1000;
my $big = '{"messages":[{"role":"user","content":"' . $text x 20_972 . '"}],"model":';
for my $path (qw(/memory /small /sendfile)) {
    my $r = post($path, "$big\"short\"}");
    is($r->{status}, 200, "$path: 20 MiB");
    my ($note) = grep { $_->{md5} } reverse $mock->notes;
    is($note->{length}, length($big) + 4, 'arrive');
    is($note->{md5}, md5_hex("$big\"a\"}"), 'unharmed');
}
is(post('/small', "$big\"short\"")->{status}, 400, '20 MiB that are no JSON');
is(post('/limit', $edits[0][0] . ' ' x 2000)->{status}, 413, 'too large');

# A body that another module has read before is scanned where it lies.
for my $body ($edits[2][0], "$big\"short\"}") {
    my $r = post('/mirrored', $body);
    is($r->{status}, 200, 'mirrored: ' . length $body);
    my ($note) = grep { $_->{md5} } reverse $mock->notes;
    is($note->{md5}, md5_hex($body =~ s/"short"/"a"/r), 'as received');
}
is(post('/mirrored', "$big\"short\"")->{status}, 400, 'mirrored and no JSON');

# A retry sends the same again, also when the edit cuts a file in two.
for my $path (qw(/memory /file /sendfile)) {
    my $tries = $flaky->requests;
    my $body = '{"model":"f","x":"' . $text x 5 . '",' . $m . '}';
    is(post($path, $body)->{status}, 200, "$path: the next server");
    cmp_ok(scalar $flaky->requests, '>', $tries, 'after the first one failed');
    my ($note) = grep { $_->{md5} } reverse $mock->notes;
    is($note->{md5}, md5_hex($body =~ s/"f"/"g-longer"/r), 'gets all of it');
    # the failed server is left out for a while: start again
    $ng->{pid} && kill 'HUP', $ng->{pid};
    $t->wait_for('a new worker', sub {
        my @n = $t->read_file('nginx-error.log') =~ /gracefully shutting down/g;
        return @n >= ($path eq '/memory' ? 1 : $path eq '/file' ? 2 : 3);
    });
}

# --- HTTP/2 ------------------------------------------------------------------

SKIP: {
    skip 'curl has no HTTP/2', 6 if `curl --version` !~ /HTTP2/;
    my $h2 = $t->nginx($server, http => $http, modules => ['base', 'chat'],
        name => 'nginx-h2', listen => '127.0.0.1:' . $t->port('nginx-h2') .
        ' http2');
    my $file = $t->write_file('body.json', "$big\"short\"}");
    for my $path (qw(/memory /small)) {
        my $status = `curl -s -o $t->{dir}/out -w '%{http_code} %{http_version}' --http2-prior-knowledge -H 'Content-Type: application/json' --data-binary \@$file http://127.0.0.1:$h2->{port}$path/chat/completions`;
        is($status, '200 2', "$path: 20 MiB over HTTP/2");
        my ($note) = grep { $_->{md5} } reverse $mock->notes;
        is($note->{md5}, md5_hex("$big\"a\"}"), 'unharmed');
    }
    my $out = `curl -s -T - --http2-prior-knowledge -X POST -H 'Content-Type: application/json' http://127.0.0.1:$h2->{port}/memory/chat/completions < $file`;
    like($out, qr/"one two three"/, 'over HTTP/2 without a length');
    my ($note) = grep { $_->{md5} } reverse $mock->notes;
    is($note->{md5}, md5_hex("$big\"a\"}"), 'unharmed');
}

$t->done;
