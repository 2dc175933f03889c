#!/usr/bin/perl

# ngx_http_nodetool_base_module: JSON error bodies, request ids, health, the
# base URL.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use NodeTool::Test;

my $t = NodeTool::Test->new;
my @base = (modules => ['base']);

$t->write_file('html/a.txt', 'abcdefghij');
$t->write_file('html/error.html', '<h1>oops</h1>');
$t->write_file('html/error.json', '{"mine":true}');

# An upstream whose answer is in the request's path: /STATUS/HEADERS... A
# body follows in two pieces, so that it is not one buffer.
my $mock = $t->mock('upstream', sub {
    my ($sock) = @_;
    my $line = <$sock>;
    while (defined(my $l = <$sock>)) { last if $l eq "\r\n" }
    my ($kind, $status) = $line =~ m{^\w+ /up/(\w+)/(\d+)} or die $line;
    print {$sock} "HTTP/1.1 $status Whatever\r\n";
    print {$sock} join '', map { "$_\r\n" } 'Content-Type: text/html',
        'ETag: "e"', 'Last-Modified: Mon, 28 Sep 1970 06:00:00 GMT',
        'Accept-Ranges: bytes', 'Content-Encoding: gzip',
        'Content-Disposition: attachment', 'Content-Range: bytes */7',
        'Set-Cookie: a=b', 'X-Request-Id: theirs'
        if $kind ne 'json';
    print {$sock} "Content-Type: application/json; charset=utf-8\r\n",
        "X-Request-Id: theirs\r\n" if $kind eq 'json';
    print {$sock} "Allow: PUT\r\nRetry-After: 77\r\n" if $kind eq 'allow';
    print {$sock} "Connection: close\r\n\r\n";
    $sock->flush;
    my $body = $kind eq 'json' ? '{"up":1}' : '<html>' . 'x' x 100_000;
    print {$sock} substr $body, 0, 4;
    $sock->flush;
    print {$sock} substr $body, 4;
    $sock->flush;
});

my $server = <<'CONF';
    server_name front.example;
    nodetool_errors on;
    root %%DIR%%/html;
    client_max_body_size 1k;
    large_client_header_buffers 2 1k;
    client_header_buffer_size 512;

    location = /health { nodetool_health; }
    location = /ping { nodetool_health; }
    location /up/ { proxy_pass http://127.0.0.1:%%PORT_upstream%%;
                    proxy_http_version 1.1; }
    location /up/unbuffered/ { proxy_buffering off;
                    proxy_pass http://127.0.0.1:%%PORT_upstream%%; }
    location /dead/ { proxy_pass http://127.0.0.1:1; }
    location /slow/ { proxy_pass http://127.0.0.1:%%PORT_slow%%;
                      proxy_read_timeout 100ms; }
    location /plain/ { nodetool_errors off; }
    location /plain-id/ { nodetool_errors off; nodetool_request_id on; }
    location /no-id/ { nodetool_request_id off; }
    location /deny/ { deny all; }
    location /page/html/ { error_page 404 /error.html; }
    location /page/json/ { error_page 404 /error.json; }
    location /page/named/ { error_page 404 @named; }
    location @named { return 503; }
    location /text/ { return 422 "plain words"; }
    location /ssi/ { ssi on; ssi_types *; error_page 404 /error.html;
                     addition_types *; }
    location /gzip/ { gzip on; gzip_types *; gzip_min_length 1; }
    location /limit/ { limit_req zone=one; limit_req_status 429; }
    location /body/ { proxy_pass http://127.0.0.1:1; }
    location /url/ { return 200 "$nodetool_base_url"; }
    location /url/trusted/ { nodetool_trust_forwarded on;
                             return 200 "$nodetool_base_url"; }
    location /id/ { return 200 "$nodetool_request_id $request_id"; }
    location /status/ {
        if ($uri ~ "/status/400") { return 400; }
        if ($uri ~ "/status/401") { return 401; }
        if ($uri ~ "/status/402") { return 402; }
        if ($uri ~ "/status/403") { return 403; }
        if ($uri ~ "/status/404") { return 404; }
        if ($uri ~ "/status/405") { return 405; }
        if ($uri ~ "/status/409") { return 409; }
        if ($uri ~ "/status/411") { return 411; }
        if ($uri ~ "/status/412") { return 412; }
        if ($uri ~ "/status/413") { return 413; }
        if ($uri ~ "/status/414") { return 414; }
        if ($uri ~ "/status/415") { return 415; }
        if ($uri ~ "/status/416") { return 416; }
        if ($uri ~ "/status/418") { return 418; }
        if ($uri ~ "/status/421") { return 421; }
        if ($uri ~ "/status/422") { return 422; }
        if ($uri ~ "/status/429") { return 429; }
        if ($uri ~ "/status/431") { return 431; }
        if ($uri ~ "/status/451") { return 451; }
        if ($uri ~ "/status/494") { return 494; }
        if ($uri ~ "/status/495") { return 495; }
        if ($uri ~ "/status/496") { return 496; }
        if ($uri ~ "/status/497") { return 497; }
        if ($uri ~ "/status/500") { return 500; }
        if ($uri ~ "/status/501") { return 501; }
        if ($uri ~ "/status/502") { return 502; }
        if ($uri ~ "/status/503") { return 503; }
        if ($uri ~ "/status/504") { return 504; }
        if ($uri ~ "/status/505") { return 505; }
        if ($uri ~ "/status/507") { return 507; }
        if ($uri ~ "/status/599") { return 599; }
        return 204;
    }
CONF
my $http = <<'CONF';
    limit_req_zone one zone=one:64k rate=1r/m;
    log_format ids "$nodetool_request_id $status";
    access_log %%DIR%%/ids.log ids;
    variables_hash_max_size 2048;
CONF

$t->mock('slow', sub { my ($sock) = @_; 1 while sysread $sock, my $b, 4096 });
my $ng = $t->nginx($server, http => $t->expand($http), @base);

sub is_error {
    my ($r, $status, $type, $name, $method) = @_;

    is($r->{status}, $status, "$name: status");
    is($r->{headers}{'content-type'}, 'application/json', "$name: JSON");
    ok($r->{headers}{'x-request-id'}, "$name: has an id");
    return if ($method || '') eq 'HEAD';
    my $e = $r->{json}{error};
    is($e->{code}, $status, "$name: code");
    is($e->{type}, $type, "$name: type");
    ok(length($e->{message} || ''), "$name: message");
    is(length $r->{body}, $r->{headers}{'content-length'}, "$name: length");
    is_deeply([sort keys %{ $r->{json} }], ['error'], "$name: nothing else");
    return;
}

# --- every status that nginx can make ----------------------------------------

my %type = (401 => 'unauthorized', 403 => 'forbidden', 404 => 'not_found',
    405 => 'method_not_allowed', 409 => 'conflict',
    412 => 'precondition_failed', 413 => 'payload_too_large',
    415 => 'unsupported_media_type', 416 => 'range_not_satisfiable',
    422 => 'validation_error', 429 => 'rate_limited', 502 => 'bad_gateway',
    503 => 'service_unavailable', 504 => 'timeout');

for my $status (400 .. 451, 500 .. 507, 599) {
    next if $server !~ /status\/$status"/;
    my $type = $type{$status} || ($status < 500 ? 'bad_request'
        : 'internal_error');
    for my $method (qw(GET HEAD POST)) {
        my $r = $t->request($ng, $method, "/status/$status");
        is_error($r, $status, $type, "$method $status", $method);
        if ($method eq 'HEAD') {
            is($r->{body}, '', "HEAD $status: no body");
        }
        is(defined $r->{headers}{'retry-after'} ? 1 : 0,
            $status == 429 || $status == 503 ? 1 : 0,
            "$method $status: Retry-After");
    }
}
for my $status (494 .. 497) {
    is_error($t->get($ng, "/status/$status"), 400, 'bad_request', $status);
}
is($t->get($ng, '/status/204')->{status}, 204, 'no error is left alone');

# --- requests that nginx cannot read -----------------------------------------

sub raw {
    my ($bytes, $method) = @_;
    my $c = NodeTool::HTTP->connect_to($ng->{port});
    @$c{qw(method status headers chunked left done out)} =
        ($method || 'GET', undef, undef, undef, undef, undef, '');
    $c->write($bytes);
    return $c->response;
}

my %broken = (
    'no method' => " / HTTP/1.1\r\n\r\n",
    'lower case method' => "get / HTTP/1.1\r\nHost: a\r\n\r\n",
    'garbage' => "\x00\x01\x02\r\n\r\n",
    'no slash' => "GET nothing HTTP/1.1\r\n\r\n",
    'bad percent' => "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n",
    'outside the root' => "GET /../x HTTP/1.1\r\nHost: a\r\n\r\n",
    'NUL in URI' => "GET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n",
    'bad version' => "GET / HTTP/1.x\r\n\r\n",
    'no Host' => "GET / HTTP/1.1\r\n\r\n",
    'two Hosts' => "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    'bad Host' => "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
    'bad length' => "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
    'two framings' => "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
        . "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    'CR in a header' => "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
    'header too large' => "GET / HTTP/1.1\r\nHost: a\r\nX: " . 'x' x 3000
        . "\r\n\r\n",
    'headers too large' => "GET / HTTP/1.1\r\nHost: a\r\n"
        . join('', map { "X-$_: " . 'x' x 400 . "\r\n" } 1 .. 20) . "\r\n",
    'HTTP/1.1 bad chunk' => "POST /body/ HTTP/1.1\r\nHost: a\r\n"
        . "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
);
for my $name (sort keys %broken) {
    is_error(raw($broken{$name}), 400, 'bad_request', $name);
}
is_error(raw('GET /' . 'x' x 3000 . " HTTP/1.1\r\n\r\n"), 414, 'bad_request',
    'URI too long');
is_error(raw("GET / HTTP/2.9\r\n\r\n"), 505, 'internal_error', 'version');
is_error(raw("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n"),
    501, 'internal_error', 'unknown transfer coding');
is_error(raw("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"), 405,
    'method_not_allowed', 'TRACE');
is_error(raw("POST /x/ HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
    . "Content-Length: 5000\r\n\r\n"), 413, 'payload_too_large',
    'too large, told before it is sent');

my $c09 = NodeTool::HTTP->connect_to($ng->{port});
$c09->write("GET /nothing\r\n");
my $until = time + 5;
1 while $c09->fill($until);
like($c09->{in}, qr/^\{"error":/, 'HTTP/0.9: the bare body');

# --- bodies, upstreams -------------------------------------------------------

is_error($t->request($ng, 'POST', '/body/', body => 'x' x 5000), 413,
    'payload_too_large', 'body too large');
is_error($t->get($ng, '/dead/'), 502, 'bad_gateway', 'dead upstream');
is_error($t->get($ng, '/slow/'), 504, 'timeout', 'slow upstream');
is_error($t->get($ng, '/deny/'), 403, 'forbidden', 'deny');
is_error($t->get($ng, '/text/'), 422, 'validation_error', 'text');
is_error($t->get($ng, '/gzip/no', headers => ['Accept-Encoding', 'identity']),
    404, 'not_found', 'gzip on');
is_error($t->get($ng, '/ssi/no'), 404, 'not_found', 'ssi on');

for my $kind (qw(html unbuffered)) {
    for my $method (qw(GET HEAD)) {
        my $r = $t->request($ng, $method, "/up/$kind/500");
        is_error($r, 500, 'internal_error', "$kind upstream", $method);
        ok(!exists $r->{headers}{$_}, "$kind: no $_") for qw(etag
            last-modified accept-ranges content-encoding content-range
            content-disposition);
        is($r->{headers}{'set-cookie'}, 'a=b', "$kind: others stay");
        like($r->{headers}{'x-request-id'}, qr/^[0-9a-f]{32}$/,
            "$kind: our id, once");
    }
    my $r = $t->get($ng, "/up/$kind/416");
    is($r->{headers}{'content-range'}, 'bytes */7', '416 keeps its range');
}
my $r = $t->get($ng, '/up/json/409');
is($r->{status}, 409, 'JSON of an upstream: status');
is($r->{body}, '{"up":1}', 'JSON of an upstream stays');
like($r->{headers}{'x-request-id'}, qr/^[0-9a-f]{32}$/, '... with our id');
$r = $t->get($ng, '/up/allow/405');
is($r->{headers}{allow}, 'PUT', 'Allow of an upstream stays');
$r = $t->get($ng, '/up/allow/503');
is($r->{headers}{'retry-after'}, '77', 'Retry-After of an upstream stays');
is($t->get($ng, '/up/json/503')->{headers}{'retry-after'}, '5',
    'Retry-After is added to JSON, too');

$r = $t->get($ng, '/a.txt', headers => ['Range', 'bytes=100-']);
is_error($r, 416, 'range_not_satisfiable', 'range');
is($r->{headers}{'content-range'}, 'bytes */10', 'range: Content-Range');
ok(!exists $r->{headers}{$_}, "range: no $_") for qw(etag last-modified
    accept-ranges);
is($r->{headers}{'x-request-id'} =~ tr/,//, 0, 'range: one id');

$r = $t->request($ng, 'POST', '/a.txt', body => '');
is_error($r, 405, 'method_not_allowed', 'POST to a file');
is($r->{headers}{allow}, 'GET, HEAD', 'POST to a file: Allow');
ok(!exists $t->get($ng, '/status/405')->{headers}{allow},
    'return 405: nobody knows');

$t->get($ng, '/limit/') for 1 .. 2;
$r = $t->get($ng, '/limit/');
is_error($r, 429, 'rate_limited', 'limit_req');
is($r->{headers}{'retry-after'}, '1', 'limit_req: Retry-After');

# --- error_page --------------------------------------------------------------

is_error($t->get($ng, '/page/html/'), 404, 'not_found', 'HTML page');
$r = $t->get($ng, '/page/json/');
is("$r->{status} $r->{body}", '404 {"mine":true}', 'a JSON page stays');
is_error($t->get($ng, '/page/named/'), 503, 'service_unavailable',
    'named location');

# --- where it is off ---------------------------------------------------------

$r = $t->get($ng, '/plain/');
is($r->{headers}{'content-type'}, 'text/html', 'off: HTML');
ok(!exists $r->{headers}{'x-request-id'}, 'off: no id');
$r = $t->get($ng, '/plain-id/');
is($r->{headers}{'content-type'}, 'text/html', 'ids only: HTML');
ok($r->{headers}{'x-request-id'}, 'ids only: an id');
$r = $t->get($ng, '/no-id/');
is($r->{headers}{'content-type'}, 'application/json', 'no ids: JSON');
ok(!exists $r->{headers}{'x-request-id'}, 'no ids: no id');

# --- request ids -------------------------------------------------------------

$r = $t->get($ng, '/id/');
my ($ours, $nginx) = split / /, $r->{body};
is($ours, $nginx, 'an id is that of nginx');
is($r->{headers}{'x-request-id'}, $ours, '... and goes out');
for my $id ('abc', 'a-b_c.d:e/f+g=h@i', 'x' x 128) {
    $r = $t->get($ng, '/id/', headers => ['X-Request-Id', $id]);
    is($r->{headers}{'x-request-id'}, $id, "a client's id: " . length $id);
}
for my $id ('', 'a b', 'a"b', "a\xe9", 'x' x 129, '<script>') {
    $r = $t->get($ng, '/id/', headers => ['X-Request-Id', $id]);
    like($r->{headers}{'x-request-id'}, qr/^[0-9a-f]{32}$/, 'a bad id');
}
$r = $t->get($ng, '/id/', headers => ['X-Request-Id', 'a', 'X-Request-Id',
    'b']);
like($r->{headers}{'x-request-id'}, qr/^[0-9a-f]{32}$/, 'two ids');
$r = $t->get($ng, '/page/named/', headers => ['X-Request-Id', 'redirected']);
is($r->{headers}{'x-request-id'}, 'redirected', 'id after redirects');

$t->get($ng, '/dead/', headers => ['X-Request-Id', 'find-me']);
like($t->read_file($ng->{errorlog}),
    qr/connect\(\) failed.*upstream: "[^"]+".*request_id: "find-me"/,
    'the error log has the id');
$t->get($ng, '/page/html/', headers => ['X-Request-Id', 'find-page']);
my @lines = grep { /find-page/ } split /\n/, $t->read_file($ng->{errorlog});
is(scalar @lines, 1, 'once a line') or diag(@lines);
is(() = $lines[0] =~ /request_id: /g, 1, '... each once');
$t->wait_for('the access log', sub {
    $t->read_file('ids.log') =~ /^find-me 502$/m });
pass('the access log has the id');

# --- health ------------------------------------------------------------------

for my $path (qw(/health /ping)) {
    $r = $t->get($ng, $path);
    is($r->{status}, 200, $path);
    is($r->{json}{status}, 'healthy', "$path: healthy");
    like($r->{json}{timestamp},
        qr/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, "$path: time");
    like($r->{json}{version}, qr/^\d+\.\d+\.\d+$/, "$path: version");
    is($r->{headers}{'cache-control'}, 'no-store', "$path: not cached");
    my $head = $t->request($ng, 'HEAD', $path);
    is("$head->{status} $head->{body}", '200 ', "$path: HEAD");
    is($head->{headers}{'content-length'}, length $r->{body},
        "$path: HEAD has the length");
    $r = $t->request($ng, 'POST', $path, body => 'x' x 100);
    is_error($r, 405, 'method_not_allowed', "POST $path");
    is($r->{headers}{allow}, 'GET, HEAD', "POST $path: Allow");
}

# --- keepalive ---------------------------------------------------------------

my $c = NodeTool::HTTP->connect_to($ng->{port});
my @keep = (headers => ['Connection', 'keep-alive']);
for my $path (qw(/no /up/html/500 /up/unbuffered/404 /page/html/ /health)) {
    $c->send_request('GET', $path, @keep);
    is($c->response->{status}, $path eq '/health' ? 200
        : $path =~ /500/ ? 500 : 404, "keepalive: $path");
}
$c->send_request('POST', '/no', body => 'y' x 900, @keep);
is($c->response->{status}, 404, 'keepalive: a body that nobody reads');
$c->send_request('GET', '/id/', @keep);
is($c->response->{status}, 200, 'keepalive: the next request is whole');
$c->write("GET /no HTTP/1.1\r\nHost: a\r\n\r\n" x 3);
for (1 .. 3) {
    @$c{qw(method status headers chunked left done out)} =
        ('GET', undef, undef, undef, undef, undef, '');
    is($c->response->{json}{error}{code}, 404, 'pipelined');
}

# --- base URL ----------------------------------------------------------------

sub url {
    my ($path, @headers) = @_;
    return $t->get($ng, $path, headers => \@headers)->{body};
}
my @fwd = ('X-Forwarded-Proto', 'https', 'X-Forwarded-Host', 'pub.example');
is(url('/url/', 'Host', 'me.example:8080'), 'http://me.example:8080', 'Host');
is(url('/url/', 'Host', '[::1]:80'), 'http://[::1]:80', 'IPv6 Host');
is(url('/url/', 'Host', 'a"b'), "http://127.0.0.1:$ng->{port}", 'bad Host');
is(url('/url/', 'Host', 'me', @fwd), 'http://me', 'not trusted');
is(url('/url/trusted/', 'Host', 'me', @fwd), 'https://pub.example', 'trusted');
is(url('/url/trusted/', 'Host', 'me', 'X-Forwarded-Proto', 'https'),
    'https://me', 'trusted: scheme only');
is(url('/url/trusted/', 'Host', 'me', 'X-Forwarded-Proto', 'javascript'),
    'http://me', 'trusted: a bad scheme');
is(url('/url/trusted/', 'Host', 'me', 'X-Forwarded-Host', 'a b/c'),
    'http://me', 'trusted: a bad host');
is(url('/url/trusted/', 'Host', 'me', 'X-Forwarded-Proto', 'https, http',
    'X-Forwarded-Host', 'first.example:1 , second'),
    'https://first.example:1', 'trusted: the first of a list');
is(raw("GET /url/ HTTP/1.0\r\n\r\n")->{body},
    "http://127.0.0.1:$ng->{port}", 'no Host');

$t->done;
