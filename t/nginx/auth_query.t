#!/usr/bin/perl

# nodetool_auth_query: tokens in the query of a WebSocket's handshake, and
# what is left of them; refusals of handshakes.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use NodeTool::JWT;
use NodeTool::Test;
use NodeTool::WebSocket;

my $t = NodeTool::Test->new;
my $secret = 'static.secret-token';
my $hs = NodeTool::JWT->hs('a-secret-that-is-long-enough-for-hs256');
$NodeTool::JWT::CLAIMS{iss} = 'http://127.0.0.1:1/auth/v1';

$t->write_file('html/index.html', 'index');
my $at_mock = "$t->{dir}/mock-requests";
$t->mock('mock', sub {
    my ($sock) = @_;
    my $line = <$sock>;
    while (defined(my $l = <$sock>)) { last if $l eq "\r\n" }
    open my $fh, '>>', $at_mock or die;
    print {$fh} $line;
    close $fh;
    print {$sock} "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
});

my $ng = $t->nginx(<<"CONF", modules => ['base', 'auth'], http => $t->expand(<<'HTTP'));
    nodetool_errors on;
    root %%DIR%%/html;
    rewrite_log on;
    nodetool_auth static;
    nodetool_auth_token $secret;

    location /ws { nodetool_auth_query on; limit_req zone=one nodelay burst=1000;
        add_header X-User \$nodetool_user always;
        proxy_pass http://127.0.0.1:%%PORT_mock%%; }
    location /jwt { nodetool_auth_query on; nodetool_auth supabase;
        nodetool_auth_issuer http://127.0.0.1:1;
        nodetool_auth_secret a-secret-that-is-long-enough-for-hs256;
        proxy_pass http://127.0.0.1:%%PORT_mock%%; }
    location /moved { nodetool_auth_query on; rewrite ^ /closed last; }
    location /rewritten { nodetool_auth_query on;
        rewrite ^(.*)\$ /ws\$1?again=\$arg_token last; }
    location /closed { proxy_pass http://127.0.0.1:%%PORT_mock%%; }
    location /limited { nodetool_auth_query on; limit_req zone=none;
        proxy_pass http://127.0.0.1:%%PORT_mock%%; }
    location /local { nodetool_auth local; proxy_pass http://127.0.0.1:%%PORT_mock%%; }
    location /any/ { nodetool_auth_query on; satisfy any; deny all;
        proxy_pass http://127.0.0.1:%%PORT_mock%%; }
CONF
    limit_req_zone $uri zone=one:64k rate=1000r/s;
    limit_req_zone $uri zone=none:64k rate=1r/m;
    log_format all '$status $request|$request_uri|$args|$query_string|$arg_token|'
        '$arg_api_key|$uri|$http_referer';
    access_log %%DIR%%/all.log all;
HTTP

sub handshake { my ($path, @headers) = @_; return NodeTool::WebSocket->open($ng, $path, headers => [@headers]) }

# The handshake is passed on to what is no WebSocket server and answers 200.
sub taken { my ($path, $name, @headers) = @_; return is(handshake($path, @headers)->{status}, 200, $name) }

my $why_none = 'This server needs a token. Send it in the header "Authorization: Bearer TOKEN".';
my $why_bad = "The token is not valid. Send one of this server's.";

sub refused {
    my ($path, $name, $why, @headers) = @_;

    my $ws = handshake($path, @headers);
    ok($ws->accepted, "$name: accepted") or return;
    my ($code, $reason) = $ws->closed;
    is("$code $reason", "1008 $why", "$name: closed");
    return;
}

taken("/ws?token=$secret", 'token=');
taken("/ws?api_key=$secret", 'api_key=');
taken("/ws?x=1&api_key=$secret&y=2", 'among others');
taken("/ws?token=$secret&api_key=$secret", 'the same twice');
taken('/ws?token=static%2Esecret%2dtoken', 'percent-encoded');
taken('/ws', 'in the header', Authorization => "Bearer $secret");
taken("/ws?token=$secret", 'the same in both', Authorization => "Bearer $secret");
refused('/ws', 'none', $why_none);
refused('/ws?token=', 'an empty one', $why_none);
refused('/ws?tokens=some-x&atoken=some-y', 'other names', $why_none);
refused('/ws?token=wrong-token-one', 'a wrong one', $why_bad);
refused('/ws?token=static.secret-token%00', 'with a NUL',
    'What the query has for a token cannot be one.');
refused("/closed?token=$secret", 'where a header is required', $why_none);
refused('/closed', 'a wrong one in the header', $why_bad, Authorization => 'Bearer nope');
refused("/moved?token=$secret", 'where it leads to where a header is required', $why_none);
refused('/any/?token=wrong-token-two', 'satisfy any', $why_bad);
is(handshake("/any/?token=$secret")->{status}, 200, 'satisfy any: a good one');
taken("/rewritten?token=$secret", 'after a rewrite');

my $ws = handshake("/ws?token=$secret", Authorization => 'Bearer wrong-token-three');
is($ws->{status}, 400, 'two that differ: 400');
like($ws->{response}{json}{error}{message}, qr/one token in its header, and another one/, '... why');
is(handshake("/ws?token=$secret&api_key=wrong-token-four")->{status}, 400, 'two in the query');
is(handshake('/local', Origin => 'http://evil.example')->{status}, 403,
    'a foreign origin is a 403');

# not a handshake
for my $path ("/ws?token=$secret", "/closed?token=$secret", "/jwt?token=$secret") {
    is($t->get($ng, $path)->{status}, 401, "no WebSocket: $path");
}
my $http = NodeTool::HTTP->connect_to($ng->{port});
$http->write("GET /ws?token=$secret HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
    . "Connection: close\r\n\r\n");
$http->{method} = 'GET';
is($http->head, 401, 'half a handshake');

# JWTs
my $jwt = $hs->sign;
is(handshake("/jwt?token=$jwt")->{status}, 200, 'a JWT');
refused('/jwt?token=' . $hs->sign({ exp => 1 }), 'an expired one',
    'The token has expired. Log in again.');
is(handshake('/jwt?token=' . NodeTool::JWT->ec($t, 'k')->sign)->{status}, 503,
    'an issuer that is away is a 503');
taken("/limited?token=$secret", 'limit_req');
is(handshake("/limited?token=$secret")->{status}, 503, 'refused by limit_req, which logs it');

# --- logs --------------------------------------------------------------------

$t->wait_for('the access log', sub { () = $t->read_file('all.log') =~ /^503 .*limited/mg });
my $all = $t->read_file('all.log');
my $error = $t->read_file($ng->{errorlog});
like($all, qr{^200 GET /ws\?token=\*+ HTTP/1.1\|/ws\?token=\*+\|token=\*+\|token=\*+\|\*+\|-\|}m,
    'access log: blotted out');
like($all, qr{\?x=1&api_key=\*+&y=2 HTTP}, '... others stay');
like($error, qr{limiting requests.*request: "GET /limited\?token=\*+ HTTP}, 'error log: blotted out');
like($error, qr{nodetool auth refused.*request: "GET /ws\?token=\*+ HTTP}, '... in refusals');
like($t->read_file($at_mock), qr{^GET /ws\?token=\*+ HTTP}m, 'upstreams: blotted out');
unlike($t->read_file($at_mock), qr/secret/, '... nothing of it reaches them');

# of requests to where no token may be in the query, nothing is known
for my $log (\$all, \$error) {
    my @lines = grep { !m{/closed\?} } split /\n/, $$log;
    my @told = grep { /static.secret|static%2E|wrong-token|\Q$jwt\E|eyJ/ } @lines;
    is("@told", q(),
        'no token of a place with nodetool_auth_query is logged');
}

# --- HTTP/2, and a server that says it ------------------------------------------

my $h2 = $t->nginx(<<"CONF", modules => ['auth'], name => 'nginx-h2', listen => '127.0.0.1:%%PORT%% http2',
    nodetool_auth_query on;
    nodetool_auth static;
    nodetool_auth_token $secret;
    return 200 "\$request_uri \$arg_token";
CONF
    http => $t->expand("access_log %%DIR%%/h2.log;"));
{
    local $ENV{LD_PRELOAD} = '';
    like(`curl -s --http2-prior-knowledge 'http://127.0.0.1:$h2->{port}/x?a=b?c&token=$secret&d'`,
        qr{^/x\?a=b\?c&token=\*+&d \*+$}, 'HTTP/2, at the level of a server');
}
$t->wait_for('the access log', sub { $t->read_file('h2.log') });
like($t->read_file('h2.log'), qr{"GET /x\?a=b\?c&token=\*+&d HTTP/2}, '... its log');

# a location that nodetool_auth_query is not on in stays as it was
is($t->get($ng, '/closed?token=kept', headers => [Authorization => "Bearer $secret"])->{status}, 200,
    'elsewhere');
$t->wait_for('the access log', sub { $t->read_file('all.log') =~ /token=kept/ });
pass('... an argument of that name stays');

$t->done;
