#!/usr/bin/perl

# ngx_http_nodetool_workflow_module: whose pages may open a WebSocket, before
# anything else is asked, and what a refusal looks like.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use NodeTool::Test;
use NodeTool::WebSocket;

my $t = NodeTool::Test->new;
$t->mock('fake', sub {
    my ($sock) = @_;
    readline $sock;
    print {$sock} qq({"status":101}\n);
    $sock->flush;
    sysread $sock, my $rest, 1;
});

my $ng = $t->nginx(<<'CONF', http => <<'HTTP');
    nodetool_errors on;
    nodetool_engine fake;
    location = /predict { nodetool_websocket predict; }
    location = /local { nodetool_auth local; nodetool_websocket predict; }
    location = /static { nodetool_auth static; nodetool_auth_token secret;
                         nodetool_websocket predict; }
    location = /listed { nodetool_websocket predict;
        nodetool_websocket_origin https://app.example.com http://10.1.2.3:5173
                                  HTTP://Mixed.example:80;
        nodetool_websocket_origin vscode-webview://abc; }
    location = /wild { nodetool_websocket predict;
        nodetool_websocket_origin *.example.com https://*.example.org
                                  https://*.example.net:8443; }
    location = /any { nodetool_websocket predict; nodetool_websocket_origin *; }
    location = /files { nodetool_websocket predict;
        nodetool_websocket_origin null file://; }
    location = /locallisted { nodetool_auth local; nodetool_websocket predict;
        nodetool_websocket_origin https://app.example.com; }
    location = /forwarded { nodetool_trust_forwarded on;
                            nodetool_websocket predict; }
    location /outer/ {
        nodetool_websocket_origin https://app.example.com;
        location /outer/inherits { nodetool_websocket predict; }
        location /outer/replaces { nodetool_websocket predict;
            nodetool_websocket_origin https://other.example.com; }
    }
    location /workflows { nodetool_workflow; }
CONF
    upstream fake { server 127.0.0.1:%%PORT_fake%%; }
HTTP

my $port = $ng->{port};

sub status {
    my ($path, @headers) = @_;

    my $ws = NodeTool::WebSocket->open($ng, $path,
        headers => [{ @headers }->{Host} ? () : (Host => "127.0.0.1:$port"),
            @headers]);
    $ws->abort;
    return $ws->{status};
}

sub origin { my ($path, $origin, @h) = @_; return status($path, Origin => $origin, @h) }

# --- by itself -------------------------------------------------------------------

is(status('/predict'), 101, 'no Origin: not a browser');
is(origin('/predict', "http://127.0.0.1:$port"), 101, 'the same origin');
is(origin('/predict', "HTTP://127.0.0.1:$port"), 101, ' in any case');
is(origin('/predict', $_), 403, "not $_") for 'http://evil.example',
    "https://127.0.0.1:$port", 'http://127.0.0.1', 'http://127.0.0.1:1',
    "http://localhost:$port", "http://127.0.0.1:$port.evil.example",
    "http://127.0.0.1:${port}1", "http://evil.example:$port", 'null', 'file://',
    "127.0.0.1:$port", 'http://', '', "http://127.0.0.1:$port/",
    "http://user\@127.0.0.1:$port", "http://127.0.0.1:$port, http://x";
is(status('/predict', Origin => "http://127.0.0.1:$port",
    Origin => "http://127.0.0.1:$port"), 403, 'nor two of them');

for (['app.example', 'http://app.example', 101],
     ['APP.example', 'http://app.example', 101],
     ['app.example:80', 'http://app.example', 101],
     ['app.example', 'http://app.example:80', 101],
     ['app.example', 'http://app.example:443', 403],
     ['app.example', 'https://app.example', 403],
     ['app.example:8080', 'http://app.example:8080', 101],
     ['app.example', 'http://app.example.evil.example', 403],
     ["[::1]:$port", "http://[::1]:$port", 101],
     ["[::1]:$port", 'http://[::1]', 403])
{
    my ($host, $origin, $status) = @$_;
    is(origin('/predict', $origin, Host => $host), $status,
        "$origin at $host: $status");
}

my $r = NodeTool::WebSocket->open($ng, '/predict',
    headers => [Origin => 'http://evil.example'])->{response};
is($r->{json}{error}{type}, 'forbidden', 'the refusal is an error as others');
like($r->{json}{error}{message}, qr/other sites/, ' and says why');
like($t->read_file($ng->{errorlog}), qr/\[info\].*Origin is another site/,
    ' as the log does');
is($t->request($ng, 'GET', '/predict',
    headers => [Origin => 'http://evil.example'])->{status}, 403,
    'before it is seen that it is no handshake');
is(NodeTool::WebSocket->open($ng, '/workflows',
    headers => [Origin => 'http://evil.example'])->{status}, 502,
    'only WebSockets are looked at');

# --- beside others -----------------------------------------------------------------

is(origin('/local', "http://$_"), 101, "local: $_ is of this machine")
    for 'localhost:5173', 'localhost', '127.0.0.1:1', 'app.localhost:3000',
        '[::1]:8000', "127.0.0.1:$port";
is(origin('/local', $_), 403, "local: not $_") for 'http://evil.example',
    'null', 'file://', 'http://localhost.evil.example', 'http://10.0.0.1';
is(origin('/local', 'http://localhost', Host => 'evil.example'), 403,
    'local: not by a name that was pointed here');

is(origin('/static', 'http://evil.example'), 403,
    'static: a foreign origin before a missing token');
is(origin('/static', 'http://evil.example', Authorization => 'Bearer secret'),
    403, ' or a good one');
is(origin('/static', 'http://localhost:1', Authorization => 'Bearer secret'),
    403, 'static: this machine is nothing special');
is(origin('/static', "http://127.0.0.1:$port",
    Authorization => 'Bearer secret'), 101, 'static: the same origin');

# --- nodetool_websocket_origin ---------------------------------------------------------

is(origin('/listed', $_), 101, "listed: $_") for 'https://app.example.com',
    'https://app.example.com:443', 'https://APP.example.com',
    'http://10.1.2.3:5173', 'http://mixed.example', 'vscode-webview://abc',
    "http://127.0.0.1:$port";
is(origin('/listed', $_), 403, "not listed: $_") for 'http://app.example.com',
    'https://app.example.com:8443', 'https://x.app.example.com',
    'http://10.1.2.3', 'vscode-webview://abcd', 'null', 'file://';

is(origin('/wild', $_), 101, "wildcard: $_") for 'https://a.example.com',
    'http://a.b.example.com:99', 'https://a.example.org',
    'https://A.EXAMPLE.org:443', 'https://a.example.net:8443';
is(origin('/wild', $_), 403, "no wildcard: $_") for 'https://example.com',
    'https://aexample.com', 'https://.example.com', 'http://a.example.org',
    'https://a.example.org:8443', 'https://a.example.net', 'null',
    'https://a.example.com.evil.example', 'https://evil.example/.example.com',
    'https://evil.example?.example.com', 'https://evil.example#.example.com',
    'https://evil@.example.com', 'https://evil\\.example.com';

is(origin('/any', $_), 101, "any: $_") for 'http://evil.example', 'null',
    'file://';
is(origin('/files', $_), 101, "files: $_") for 'null', 'file://';
is(origin('/files', $_), 403, "not files: $_") for 'http://evil.example',
    'file://host', 'nulls';

is(origin('/locallisted', 'https://app.example.com'), 101,
    'what is listed is for "nodetool_auth local" too');
is(origin('/locallisted', 'http://localhost:1'), 101, ' as is this machine');
is(origin('/locallisted', 'http://evil.example'), 403, ' and no others');

is(origin('/outer/inherits', 'https://app.example.com'), 101, 'inherited');
is(origin('/outer/replaces', 'https://app.example.com'), 403, 'replaced');
is(origin('/outer/replaces', 'https://other.example.com'), 101, ' by another');

# --- behind a proxy ------------------------------------------------------------------

my @proxy = ('X-Forwarded-Proto' => 'https', 'X-Forwarded-Host' => 'nt.example');
is(origin('/forwarded', 'https://nt.example', @proxy), 101,
    'a trusted proxy says what the client sees');
is(origin('/forwarded', "http://127.0.0.1:$port", @proxy), 403,
    ' which is not what nginx sees');
is(origin('/predict', 'https://nt.example', @proxy), 403,
    'others are not believed');

# --- the directive ---------------------------------------------------------------------

for my $bad ('example.com', 'https://a.example.com/', 'https://*', '*.',
    'https://', 'file://:80', 'https://a b', '*.example.com:8443', 'https://a.*.com',
    '*example.com', 'https://*.', '://x', '""')
{
    my ($status, $output) = $t->nginx_check(
        "nodetool_websocket_origin '$bad';" =~ s/'""'/""/r);
    isnt($status, 0, "$bad is refused");
    like($output, qr/invalid origin/, ' for a reason');
}
for (['nodetool_websocket x;', qr/invalid value "x"/],
     ['nodetool_websocket chat; nodetool_websocket chat;', qr/duplicate/],
     ['nodetool_websocket chat;', qr/needs "nodetool_engine"/],
     ['nodetool_engine unix:/x; nodetool_websocket_buffer_size 512;
       nodetool_websocket chat;', qr/at least 1k/])
{
    my ($conf, $re) = @$_;
    my ($status, $output) = $t->nginx_check("location /x { $conf }");
    isnt($status, 0, "$conf is refused");
    like($output, $re, ' for a reason');
}

$t->done;
