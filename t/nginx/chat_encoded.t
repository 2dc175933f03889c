#!/usr/bin/perl

# Providers that encode their replies although they were told not to: what is
# passed on stays as it is, what would have to be translated is a fault of the
# provider.

use strict;
use warnings;

use lib 't/lib';

use IO::Compress::Gzip qw(gzip);
use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep);

use NodeTool::MockOpenAI;
use NodeTool::Test;

my $t = NodeTool::Test->new;

my $EVENTS = qq(data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\ndata: [DONE]\n\n);
my $REPLY = '{"choices":[{"index":0,"message":{"content":"a"}}],"usage":{"total_tokens":1}}';

sub zip {
    my ($text) = @_;

    gzip(\$text => \my $zipped, Time => 1, Minimal => 1) or die 'gzip';
    return $zipped;
}

# The model's name says what comes: status-gzip[-late].
my $mock = NodeTool::MockOpenAI->start($t, 'mock', sub {
    my ($c, $req) = @_;

    my ($status, $late) = "$req->{path} $req->{body}"
        =~ /(\d\d\d)-gzip(-late)?/
        or return $c->body(200, 'application/json', zip('{"data":[{"id":"m"}]}'),
            'Content-Encoding' => 'gzip');
    sleep 0.3 if $late;
    my $stream = $status == 200 && "$req->{path} $req->{body}"
        =~ /"stream": ?true|:streamGenerate/;
    my $body = $stream ? $EVENTS
        : $status == 200 ? $REPLY : '{"error":{"message":"mock"}}';
    return $c->body($status, $stream ? 'text/event-stream' : 'application/json',
        zip($body), 'Content-Encoding' => 'gzip');
});

my @TRANSLATED = qw(anthropic gemini ollama);
my $http = join '', map { my $v1 = $_ eq 'openai' ? '/v1' : ''; <<"HTTP" } 'openai', @TRANSLATED;
nodetool_provider $_ { dialect $_; url http://127.0.0.1:$mock->{port}$v1; models none; max_fails 0;
    key_timeout 0; }
nodetool_route else-$_ { to $_ 200-gzip; fallback echo; }
HTTP
$http .= "nodetool_provider asked { url http://127.0.0.1:$mock->{port}/v1; }\n";
my $ng = $t->nginx(<<'SERVER', http => $http, modules => ['base', 'chat']);
    nodetool_errors on;
    location /v1/ { nodetool_chat; }
    location /quick/ { nodetool_chat; nodetool_chat_keepalive_comment 100ms; }
SERVER

sub chat {
    my ($model, $stream, $path) = @_;

    return $t->request($ng, 'POST', ($path || '/v1/') . 'chat/completions', json => {
        model => $model, messages => [{ role => 'user', content => 'hi' }],
        ($stream ? (stream => JSON::PP::true) : ()) });
}

for my $stream (0, 1) {
    my $what = $stream ? 'a stream' : 'a whole reply';

    my $r = chat('openai/200-gzip', $stream);
    is($r->{status}, 200, "$what that is passed on");
    is($r->{headers}{'content-encoding'}, 'gzip', 'keeps its encoding');
    ok($r->{body} eq zip($stream ? $EVENTS : $REPLY), 'and its bytes');
    $r = chat('openai/429-gzip', $stream);
    is($r->{status}, 429, 'an error');
    ok($r->{body} eq zip('{"error":{"message":"mock"}}'), 'is passed on, too');

    for my $dialect (@TRANSLATED) {
        for my $status (200, 429) {
            $r = chat("$dialect/$status-gzip", $stream);
            is($r->{status}, 502, "$dialect, $status, $what: translated");
            is($r->{headers}{'content-encoding'}, undef, 'is not encoded');
            like($r->{json}{error}{message}, qr/encoded its reply/, 'says why');
        }
        $r = chat("else-$dialect", $stream);
        is($r->{status}, 200, 'another target answers');
        like($r->{body}, qr/You/, 'its words');
    }
}

for my $dialect ('openai', @TRANSLATED) {
    my $r = chat("$dialect/200-gzip-late", 1, '/quick/');
    is($r->{status}, 200, "$dialect: after a comment");
    is($r->{headers}{'content-encoding'}, undef, 'the stream is not encoded');
    like($r->{body}, qr/^(?:: ping\n\n)+data: \{"error":[^\n]*\n\n\z/, 'it is an error');
}

my $r = $t->get($ng, '/v1/models');
is($r->{status}, 200, 'a list of models that is encoded');
unlike($r->{body}, qr/asked/, 'is left out');

$t->done;
