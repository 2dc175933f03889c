#!/usr/bin/perl

# /v1/chat/completions: which provider is asked, what it is sent, and what
# the client gets.

use strict;
use warnings;

use lib 't/lib';

use JSON::PP ();
use Test::More;

use NodeTool::MockOpenAI;
use NodeTool::Test;

my $t = NodeTool::Test->new;
my $mock = NodeTool::MockOpenAI->start($t, 'mock', sub {
    my ($c, $req) = @_;

    my $model = ($req->{json} || {})->{model} || '';
    return $c->body(503, 'text/html', '<h1>down</h1>', 'Retry-After' => 3)
        if $model eq 'html-503';
    return $c->body(404, 'text/html', 'no') if $model eq 'html-404';
    return $c->head(302, Location => 'http://127.0.0.1/', 'Content-Length' =>
        0) if $model eq 'redirect';
    return $c->json(200, NodeTool::MockOpenAI::completion($model, 'x'),
        'Set-Cookie' => 'a=b', 'X-Accel-Redirect' => '/secret',
        'X-Request-Id' => 'theirs', 'Server' => 'them', 'Strict-Transport-' .
        'Security' => 'x', 'openai-version' => '1', 'x-ratelimit-limit' . '-' .
        'requests' => 10, 'retry-after-ms' => 5) if $model eq 'headers';
    return NodeTool::MockOpenAI::answer($c, $req);
});

$t->write_file('key', "# a comment\n\nsk-file\n");

my $http = <<"HTTP";
log_format chat '\$uri \$status \$nodetool_model \$nodetool_upstream_model '
    '\$nodetool_provider \$nodetool_stream \$nodetool_prompt_tokens '
    '\$nodetool_completion_tokens \$nodetool_total_tokens \$nodetool_ttft';
access_log %%DIR%%/chat.log chat;
nodetool_errors on;

nodetool_provider mock {
    url http://127.0.0.1:$mock->{port}/v1;
    key env:MOCK_KEY;
    models mock-1 mock-2 headers html-503 html-404 redirect error-400
           error-401 error-403 error-404 error-429 error-500;
    header OpenAI-Organization org-1;
    header OpenAI-Beta \$http_openai_beta;
}

nodetool_provider dead { url http://127.0.0.1:%%PORT_dead%%/v1; models x; }

nodetool_provider other {
    url http://127.0.0.1:$mock->{port}/some/path/;
    key file:key;
    models mock-2 other-1;
    header Host example.com;
    header X-Api-Key \$http_x_key;
    header Authorization "";
}
HTTP

my $server = <<'SERVER';
location /v1/ {
    nodetool_chat;
    nodetool_model fast mock mock-1;
    nodetool_model a*c*e other;
    nodetool_model *-tail mock $http_x_to;
    nodetool_model gpt-4o other;
}
location /fallback/ {
    nodetool_chat;
    nodetool_model * dead;
    error_page 502 = @fallback;
}
location @fallback {
    nodetool_chat;
    nodetool_model * mock mock-2;
}
location /page/ {
    nodetool_chat;
    nodetool_model * dead;
    error_page 502 /502.html;
}
location = /502.html { internal; return 200 "page"; }
location /default/ {
    nodetool_chat;
    nodetool_default_model mock-1;
}
location /plain/ {
    nodetool_chat;
    nodetool_echo off;
}
location = /exact/chat/completions { nodetool_chat; }
location = /v1/exact/models { nodetool_chat; }
SERVER

my $ng = $t->nginx($server, http => $http, modules => ['base', 'chat'],
    env => { MOCK_KEY => 'sk-env' });

my @messages = (messages => [{ role => 'user', content => 'hi there' }]);

sub chat {
    my ($model, %opt) = @_;

    my $path = delete $opt{path} || '/v1/';
    my $headers = delete $opt{headers};
    return $t->request($ng, 'POST', "${path}chat/completions",
        headers => $headers, json => { @messages, defined $model ? (model =>
        $model) : (), %opt });
}

sub last_request { return ($mock->requests)[-1] }

# --- which provider, which model ---------------------------------------------

my @routes = (
    ['mock-1', 'mock-1', '/v1', 'a model of a list'],
    ['mock-2', 'mock-2', '/v1', 'the first provider that lists it'],
    ['other-1', 'other-1', '/some/path', 'a model of a later list'],
    ['mock/mock-9', 'mock-9', '/v1', 'provider/model'],
    ['other/a/b', 'a/b', '/some/path', 'provider/model with a slash'],
    ['fast', 'mock-1', '/v1', 'a rule with a name of its own'],
    ['abcde', 'abcde', '/some/path', 'a rule with *'],
    ['ace', 'ace', '/some/path', 'a * that stands for nothing'],
    ['gpt-4o', 'gpt-4o', '/some/path', 'a rule without *'],
);
for (@routes) {
    my ($model, $upstream, $path, $name) = @$_;
    my $r = chat($model);
    is($r->{status}, 200, "$name: $model");
    my $req = last_request();
    is($req->{json}{model}, $upstream, 'asks for');
    is($req->{path}, "$path/chat/completions", 'at');
}

is(chat('x-tail', headers => ['X-To' => 'mock-7'])->{status}, 200,
    'the upstream model may be a variable');
is(last_request()->{json}{model}, 'mock-7', 'which is asked for');

for my $model (qw(nope acex xace mock/ /mock-1 nobody/mock-1 Mock-1)) {
    my $r = chat($model);
    is($r->{status}, 404, "no such model: $model");
    is($r->{json}{error}{type}, 'not_found', 'says so');
    like($r->{json}{error}{message}, qr/^The model "\Q$model\E" does not/,
        'and which');
}

is(chat('echo')->{status}, 200, 'echo is there');
is(chat('echo/echo')->{status}, 200, 'by its provider too');
is(chat('echo', path => '/plain/')->{status}, 404, 'unless it is off');
is(chat('echo/echo', path => '/plain/')->{status}, 404, 'by any name');

is(chat(undef, path => '/default/')->{status}, 200, 'a default model');
is(last_request()->{json}{model}, 'mock-1', 'is asked for');
is(chat('', path => '/default/')->{status}, 200, 'also for an empty name');
is(last_request()->{body}, $t->encode({ @messages, model => 'mock-1' }),
    'which it replaces');
is(chat('mock-2', path => '/default/')->{status}, 200, 'but only then');
is(last_request()->{json}{model}, 'mock-2', 'the client may choose');

# --- what a provider is sent -------------------------------------------------

chat('mock-1', headers => ['Authorization' => 'Bearer client', Cookie => 'c=d',
    'X-Request-Id' => 'mine', 'Accept-Encoding' => 'gzip', 'X-Key' => 'k',
    'OpenAI-Beta' => 'b', 'User-Agent' => 'test']);
my $h = last_request()->{headers};
is_deeply($h, { host => "127.0.0.1:$mock->{port}", 'user-agent' => 'NodeTool',
    'accept-encoding' => 'identity', accept => 'application/json',
    'content-type' => 'application/json', 'content-length' =>
    last_request()->{length}, authorization => 'Bearer sk-env',
    'x-request-id' => 'mine', 'openai-organization' => 'org-1',
    'openai-beta' => 'b' }, 'the headers that a provider gets');

chat('other-1', headers => ['X-Key' => 'k']);
$h = last_request()->{headers};
is($h->{host}, 'example.com', 'a Host of the configuration');
is($h->{authorization}, undef, 'a header can be left out');
is($h->{'x-api-key'}, 'k', 'or be a variable');

# --- what a client gets ------------------------------------------------------

my $r = chat('headers');
delete @{ $r->{headers} }{qw(date content-length connection)};
like(delete $r->{headers}{server}, qr/^nginx/, 'Server is ours');
like(delete $r->{headers}{'x-request-id'}, qr/^[0-9a-f]{32}$/,
    'X-Request-Id too');
is_deeply($r->{headers}, { 'content-type' => 'application/json',
    'openai-version' => 1, 'x-ratelimit-limit-requests' => 10,
    'retry-after-ms' => 5 }, 'no other headers than these pass');

for my $status (400, 404, 429, 500) {
    $r = chat("error-$status");
    is($r->{status}, $status, "an error of the provider: $status");
    is($r->{json}{error}{message}, "mock error $status", 'in its own words');
    is($r->{headers}{'retry-after'}, 7, 'with its Retry-After');
}
for my $status (401, 403) {
    $r = chat("error-$status");
    is($r->{status}, 502, "$status is about the gateway's key");
    is($r->{json}{error}{message}, 'The provider "mock" refused the ' .
        "gateway's credentials (status $status)", 'not in its own words');
    is($r->{headers}{'x-should-retry'}, 'false', 'and SDKs do not retry');
}
for (['html-503', 503], ['html-404', 502], ['redirect', 502]) {
    my ($model, $status) = @$_;
    $r = chat($model);
    is($r->{status}, $status, "not JSON: $model");
    is($r->{json}{error}{code}, $status, 'becomes JSON');
}
is(chat('html-503')->{headers}{'retry-after'}, 3, 'Retry-After stays');

# --- bad requests ------------------------------------------------------------

my @bad = (
    ['{"model":"mock-1"}', 422, qr/^messages: expected an array of messages, got nothing$/],
    ['{"model":"mock-1","messages":[]}', 422, qr/^messages: .* an empty one$/],
    ['{"model":"mock-1","messages":{}}', 422, qr/^messages: .* got an object$/],
    ['{"messages":[{}]}', 422, qr/^model: .* got nothing$/],
    ['{"model":null,"messages":[{}]}', 422, qr/^model: .* got null$/],
    ['{"model":"","messages":[{}]}', 422, qr/^model: .* got an empty string$/],
    ['{"model":7,"messages":[{}]}', 422, qr/^model: expected a string, got a number$/],
    ['{"model":"' . 'x' x 300 . '","messages":[{}]}', 422, qr/^model: expected at most 256 bytes$/],
    ['{"model":"mock-1","stream":"yes","messages":[{}]}', 422, qr/^stream: expected true or false, got a string$/],
    ['{"model":"mock-1","stream_options":1,"messages":[{}]}', 422, qr/^stream_options: expected an object, got a number$/],
    ['[]', 400, qr/not a JSON object/],
    ["{\n  \"model\" \"x\"}", 400, qr/^The request body is not valid JSON: .* at line 2, column 11$/],
    ['{"model":"mock-1"', 400, qr/not valid JSON/],
    ["{\"model\":\"\xff\"}", 400, qr/not valid JSON/],
    ['', 400, qr/no body/],
);
for (@bad) {
    my ($body, $status, $message) = @$_;
    $r = $t->request($ng, 'POST', '/v1/chat/completions', body => $body,
        headers => ['Content-Type' => 'application/json']);
    is($r->{status}, $status, substr $body, 0, 60);
    like($r->{json}{error}{message}, $message, 'says why');
}

my $body = $t->encode({ model => 'mock-1', @messages });
for ('text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=json') {
    $r = $t->request($ng, 'POST', '/v1/chat/completions', body => $body,
        headers => ['Content-Type' => $_]);
    is($r->{status}, 415, "no JSON: $_");
    is($r->{json}{error}{type}, 'unsupported_media_type', 'says so');
}
for ('application/json; charset=utf-8', 'application/vnd.x+json', 'TEXT/JSON', undef) {
    $r = $t->request($ng, 'POST', '/v1/chat/completions', body => $body,
        headers => [$_ ? ('Content-Type' => $_) : ()]);
    is($r->{status}, 200, 'JSON: ' . ($_ || 'no type'));
}

for my $method (qw(GET PUT DELETE OPTIONS)) {
    $r = $t->request($ng, $method, '/v1/chat/completions');
    is($r->{status}, 405, "$method is not allowed");
    is($r->{headers}{allow}, 'POST', 'says what is');
}
for (qw(/v1/ /v1/x /v1/chat /v1/chat/completions/ /v1/modelsx)) {
    $r = $t->get($ng, $_);
    is($r->{status}, 404, "$_ is not there");
    is($r->{json}{error}{code}, 404, 'in JSON');
}
is($t->request($ng, 'POST', '/v1/x', body => 'x' x 100_000)->{status}, 404,
    'a body that nobody reads');
is($t->request($ng, 'POST', '/v1/models', body => 'x')->{status}, 405,
    'models are read only');

# --- where it may stand ------------------------------------------------------

is($t->request($ng, 'POST', '/v1/chat/completions', body => $body)->{status},
    200, 'below a prefix');
is(chat('mock-1', path => '/default/v1/')->{status}, 200,
    'v1 may be part of the path');
is(chat('mock-1', path => '/exact/')->{status}, 200,
    'an exact location may have any path before');
is($t->get($ng, '/v1/exact/models')->{json}{object}, 'list', 'for models, too');

is(chat('anything', path => '/fallback/')->{status}, 200, 'error_page: another provider');
is(last_request()->{json}{model}, 'mock-2', 'gets the body');
is(chat('anything', path => '/page/')->{status}, 502, 'error_page: a page');

# --- variables ---------------------------------------------------------------

sub logged {
    my ($re) = @_;

    return $t->wait_for("log line $re", sub {
        my @lines = grep { /$re/ } split /\n/, $t->read_file('chat.log');
        return $lines[-1];
    });
}
like(logged(qr/ fast /), qr{^/v1/chat/completions 200 fast mock-1 mock 0 9 3 12 \d+\.\d{3}$}, 'a reply in the log');
chat('fast', stream => JSON::PP::true);
like(logged(qr/ fast .* 1 /), qr{ 200 fast mock-1 mock 1 9 3 12 \d+\.\d{3}$}, 'a stream in the log');
like(logged(qr/ error-429 /), qr{ 429 error-429 error-429 mock 0 - - - \d}, 'an error in the log');
like(logged(qr/ nope /), qr{ 404 nope - - - - - - -$}, 'no provider in the log');
like(logged(qr/ echo echo echo/), qr{ 200 echo echo echo 0 2 4 6 \d+\.\d{3}$}, 'echo in the log');

like(logged(qr{^/502}), qr{ anything anything dead 0 - - - -$}, 'variables outlive an internal redirect');
like(logged(qr{^/fallback}), qr{ 200 anything mock-2 mock 0 9 3 12 }, 'and those of the last provider stay');

unlike($t->read_file('nginx-error.log'), qr/sk-env|sk-file/, 'no keys in the error log');

# --- configuration -----------------------------------------------------------

my @conf = (
    ['nodetool_provider p { }', qr/nodetool_provider "p" has no url/],
    ['nodetool_provider p { url ftp://x; }', qr/neither "https:\/\/" nor/],
    ['nodetool_provider p { url http://; }', qr/no host in url "http:\/\/"/],
    ['nodetool_provider p { url http://127.0.0.1; url http://x; }', qr/"url" directive is duplicate/],
    ['nodetool_provider p { url http://127.0.0.1; dialect klingon; }', qr/dialect "klingon" of nodetool_provider "p" is not supported/],
    ['nodetool_provider p { url http://127.0.0.1; key env:NOT_SET_X; }', qr/environment variable "NOT_SET_X" is not set/],
    ['nodetool_provider p { url http://127.0.0.1; key file:/nonexistent; }', qr/open\(\) "\/nonexistent" failed/],
    ['nodetool_provider p { url http://127.0.0.1; nonsense 1; }', qr/unknown directive "nonsense" in nodetool_provider/],
    ['nodetool_provider p { url; }', qr/invalid number of arguments in "url"/],
    ['nodetool_provider p/q { url http://127.0.0.1; }', qr/has a slash in its name/],
    ['nodetool_provider p { url http://127.0.0.1; } nodetool_provider p { url http://127.0.0.1; }', qr/duplicate nodetool_provider "p"/],
    ['nodetool_provider p { url https://127.0.0.1; ssl_trusted_certificate /nonexistent; }', qr/nonexistent/],
    ['nodetool_model x nobody;', qr/no nodetool_provider "nobody" for the models "x" in .*check.conf:\d+/],
    ['nodetool_models_cache 1x;', qr/invalid time/],
    ['nodetool_models_cache 1m size=1k;', qr/too small size/],
    ['upstream u { server 127.0.0.1:1; } nodetool_provider p { url http://u:81/v1; }', qr/upstream "u" may not have a port/],
);
for (@conf) {
    my ($conf, $re) = @$_;
    my ($status, $output) = $t->nginx_check('', http => $conf, modules => ['base', 'chat']);
    isnt($status, 0, "refused: $conf");
    like($output, $re, 'says why');
    like($output, qr/check\.conf:\d+/, 'and where') if $conf !~ /upstream u/;
}
my ($status, $output) = $t->nginx_check('', modules => ['base', 'chat'],
    http => 'nodetool_provider p { url https://nonexistent.invalid/v1; }');
is($status, 0, 'a host that is not found is no error');
like($output, qr/\[warn\].*"nonexistent.invalid" of nodetool_provider "p" will be asked of the "resolver"/, 'but a warning');

$t->done;
