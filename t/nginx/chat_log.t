#!/usr/bin/perl

# A request's story, one line at info; and the JSON access log of
# conf/nodetool-http.conf.

use strict;
use warnings;

use lib 't/lib';

use JSON::PP ();
use Test::More;

use NodeTool::Files;
use NodeTool::HTTP;
use NodeTool::MockOpenAI;
use NodeTool::Test;

my $t = NodeTool::Test->new;
my $mock = NodeTool::MockOpenAI->start($t, 'mock', sub {
    my ($c, $req) = @_;

    my $model = $req->{json}{model};
    if ($model eq 'stalls') {
        $c->stream;
        $c->event((NodeTool::MockOpenAI::chunks($model, ['one'], {}))[0]);
        $c->wait_closed(10);
        return $c->close;
    }
    if ($model eq 'says-error') {
        $c->stream;
        $c->event({ error => { message => 'overloaded' } });
        return $c->done;
    }
    if ($model eq 'short') {
        $c->head(200, 'Content-Type' => 'application/json',
            'Content-Length' => 1000);
        $c->write('{"id": "x"');
        return $c->close;
    }
    return NodeTool::MockOpenAI::answer($c, $req);
});

my ($format) = NodeTool::Files::slurp(
    "$NodeTool::Test::ROOT/conf/nodetool-http.conf") =~ /^(log_format .*?;)$/ms
    or die 'no log_format';

my $ng = $t->nginx(<<'SERVER', http => <<"HTTP");
location /v1/ { nodetool_auth static; nodetool_auth_token secret-token;
    nodetool_chat; nodetool_model fast mock mock-1;
    nodetool_route either { to dead; fallback mock mock-1; } }
SERVER
nodetool_errors on;
$format
access_log %%DIR%%/json.log nodetool;
nodetool_provider mock {
    url http://127.0.0.1:$mock->{port}/v1;
    key sk-secret;
    models m stalls says-error short error-429 error-stream;
    read_timeout 1s;
}
nodetool_provider dead { url http://127.0.0.1:%%PORT_dead%%/v1; models gone; }
HTTP

my @auth = (Authorization => 'Bearer secret-token');

# The line about the request of this id, once it is there.
sub story {
    my ($id) = @_;

    return $t->wait_for("the line of $id", sub {
        $t->read_file('nginx-error.log') =~
            /^(\S+ \S+ \[info\] .*nodetool request id="\Q$id\E".*)$/m && $1;
    });
}

my $n = 0;

sub ask {
    my ($model, %opt) = @_;

    my $id = 'story-' . ++$n;
    my $close = delete $opt{close};
    my $headers = delete $opt{headers} || [];
    my $c = NodeTool::HTTP->open($ng->{port}, 'POST', '/v1/chat/completions',
        headers => [@auth, 'X-Request-Id' => $id, 'Content-Type' =>
        'application/json', @$headers], body => $t->encode({ model => $model,
        messages => [{ role => 'user', content => 'prompt-text' }], %opt }));
    if ($close) {
        $c->event;
    } else {
        eval { $c->rest };
    }
    $c->close;
    return story($id);
}

my $line = ask('fast', headers => [traceparent =>
    '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01']);
like($line, qr/$_/, "says $_") for 'trace="0af7651916cd43dd8448eb211c80319c"',
    'user="1"', 'api="chat"', 'model="fast"', 'provider="mock"',
    'upstream_model="mock-1"', 'tried="mock 200"', 'stream=0',
    'status=200', 'input=9', 'output=3', 'ttft_ms=\d+', ' ms=\d+',
    'outcome="done"';

like(ask('m', stream => JSON::PP::true), qr/stream=1 .*output=3 .*"done"/,
    'a stream');
like(ask('stalls', stream => JSON::PP::true, close => 1),
    qr/status=200 .*outcome="client_left"/, 'a client that leaves');
like(ask('error-stream', stream => JSON::PP::true),
    qr/status=200 .*outcome="provider_cut"/, 'a provider that dies');
like(ask('short'), qr/outcome="provider_cut"/, 'also within a reply');
like(ask('says-error', stream => JSON::PP::true),
    qr/outcome="provider_error"/, 'an error within a stream');
like(ask('error-429'), qr/tried="mock 429" .*status=429 .*outcome="rate_limited"/,
    'one of the provider');
like(ask('gone'), qr/provider="dead" .*tried="dead 502" .*status=502 .*outcome="bad_gateway"/,
    'a provider that is not there');
like(ask('either'), qr/provider="mock" .*tried="dead 502, mock 200" .*"done"/,
    'one that another stands in for');
like(ask('nobody'), qr/status=404 .*outcome="not_found"/, 'no such model');
like(ask("a\\b\"c" . 'x' x 200), qr/model="a\\x5Cb\\x22cx{91}\.\.\."/,
    'a name that would be more than one');
like(ask('echo'), qr/provider="echo" .*outcome="done"/, 'the echo model');
like(ask('stalls', stream => JSON::PP::true),
    qr/status=200 .*outcome="timeout"/, 'a provider that stalls');

my $all = $t->read_file('nginx-error.log') . $t->read_file('json.log');
unlike($all, qr/prompt-text|secret/, 'no prompt and no key in any of it');

# --- the access log ----------------------------------------------------------

my @lines = map { JSON::PP->new->utf8->decode($_) }
    split /\n/, $t->read_file('json.log');
is(scalar @lines, $n, 'a line each');
my %first = (request_id => 'story-1', user => '1', method => 'POST', path =>
    '/v1/chat/completions', status => '200', model => 'fast', operation =>
    'chat', upstream_model => 'mock-1', provider => 'mock', stream => '0',
    prompt_tokens => '9', completion_tokens => '3', outcome => 'done', attempts => '1', key => '',
    trace_id => '0af7651916cd43dd8448eb211c80319c');
is($lines[0]{$_}, $first{$_}, "$_ is there") for sort keys %first;
like($lines[0]{ttft}, qr/^\d+\.\d{3}$/, 'and the time to the first byte');
like($lines[1]{token_time}, qr/^\d+\.\d{6}$/, 'and that between two tokens');

$t->done;
