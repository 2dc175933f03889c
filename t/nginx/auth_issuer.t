#!/usr/bin/perl

# nodetool_auth supabase: an issuer that is slow, away, wrong, or has new keys.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Time::HiRes qw(sleep time);
use NodeTool::JWT;
use NodeTool::MockIssuer;
use NodeTool::Test;

my $t = NodeTool::Test->new;
my $rsa = NodeTool::JWT->rsa($t, 'rsa-1');
my $ec = NodeTool::JWT->ec($t, 'ec-1');
my $new = NodeTool::JWT->ec($t, 'ec-2');
my $serial = 0;

$t->write_file('html/index.html', 'index');

# An nginx and an issuer of its own; further directives of the server. Options:
# timeout (of nodetool_auth_timeout), and the harness's.
sub pair {
    my ($cache, $server, %opt) = @_;

    my $name = 'pair-' . ++$serial;
    my $issuer = NodeTool::MockIssuer->start($t, "issuer-$name");
    $issuer->set(keys => [$rsa->jwk, $ec->jwk]);
    $NodeTool::JWT::CLAIMS{iss} = $issuer->url . '/auth/v1';
    my $ng = $t->nginx(<<"CONF", modules => ['base', 'auth'], name => "nginx-$name", %opt,
        nodetool_errors on;
        root %%DIR%%/html;
        add_header X-User "\$nodetool_user;\$nodetool_role" always;
        nodetool_auth supabase;
        nodetool_auth_issuer @{[ $issuer->url ]};
        nodetool_auth_timeout @{[ $opt{timeout} || '10s' ]};
        $server
CONF
        http => "nodetool_auth_cache zone=auth:1m $cache;" . ($opt{http} || ''));
    return ($ng, $issuer);
}

sub with { return (headers => ['Authorization', "Bearer $_[0]"]) }

sub status { my ($ng, $token) = @_; return $t->get($ng, '/', with($token))->{status} }

# Several requests at once; their statuses.
sub together {
    my ($ng, @tokens) = @_;

    my @streams = map { $t->open_request($ng, 'GET', '/', with($_)) } @tokens;
    return map { $_->response->{status} } @streams;
}

# --- one fetch for all ---------------------------------------------------------

my ($ng, $issuer) = pair('', '', workers => 2);
$issuer->set(jwks => 'slow', delay => 0.4);
my @tokens = map { $ec->sign({ n => $_ }) } 1 .. 10;
my $start = time;
my @got = together($ng, (@tokens) x 10);
is_deeply([grep { $_ != 200 } @got], [], '100 at once on 2 workers');
is($issuer->count('jwks'), 1, '... one request for keys');
cmp_ok(time - $start, '<', 5, '... and no longer than it takes');

# who needs no keys is not held up
$issuer->set(jwks => 'hang');
my $held = $t->open_request($ng, 'GET', '/', with($new->sign));
is(status($ng, $tokens[0]), 200, 'others go on while keys are fetched');
$held->close;

# --- while it is away -----------------------------------------------------------

my @bad = (
    ['down', undef, 'refused'], ['a 500', 500], ['a 404', 404], ['no answer', 'close'],
    ['no JSON', 'garbage'], ['a megabyte', 'huge'], ['half a body', 'truncated'],
    ['a redirect', { status => 302, headers => { Location => 'http://127.0.0.1:1/' } }],
    ['no keys', { body => '{"keys":[]}' }],
    ['symmetric keys', { body => '{"keys":[{"kty":"oct","k":"AAAA","kid":"ec-1"}]}' }],
    ['not HTTP', { status => "200\r\nbroken\0header", body => '' }],
);
for my $case (@bad) {
    my ($name, $how, $down) = @$case;
    my ($ng, $issuer) = @$case[3, 4] = pair('retry=2s', '');
    $issuer->set(jwks => $how) if defined $how;
    $issuer->down if $down;
    my $r = $t->get($ng, '/', with($ec->sign));
    is($r->{status}, 503, "$name: 503");
    like($r->{headers}{'retry-after'}, qr/^[1-9]\d?$/, "$name: Retry-After");
    is($r->{json}{error}{type}, 'service_unavailable', "$name: JSON");
    is(status($ng, 'a.b.c'), 401, "$name: what is none is a 401 all the same");
    is(status($ng, $ec->sign), 503, "$name: again");
    cmp_ok($issuer->count('jwks'), '<=', 1, "$name: ... and not asked again at once");
    $issuer->up if $down;
    $issuer->set(jwks => 'ok');
}
for my $case (@bad) {
    my ($name, $ng, $issuer) = @$case[0, 3, 4];
    $NodeTool::JWT::CLAIMS{iss} = $issuer->url . '/auth/v1';
    $t->wait_for("$name to be over", sub { status($ng, $ec->sign) == 200 });
    pass("$name: it comes back");
    like($t->read_file($ng->{errorlog}), qr/\[error\].*no keys of /, "$name: logged");
    $t->stop($ng);
    $issuer->down;
}

($ng, $issuer) = pair('retry=1s', '', timeout => '1s');
for my $how ('hang', 'dribble') {
    $issuer->set(jwks => $how);
    $start = time;
    is_deeply([together($ng, map { $ec->sign({ n => $_ }) } 1 .. 5)], [(503) x 5],
        "$how: 503");
    cmp_ok(time - $start, '<', 2.5, "$how: ... in time");
    is(status($ng, 'x.y.z'), 401, "$how: others are not held up");
}
$issuer->set(jwks => 'chunked');
$t->wait_for('a chunked set', sub { status($ng, $ec->sign) == 200 });
pass('chunked: the keys come');

# a body that comes while its request waits
my $behind = NodeTool::MockIssuer->start($t, 'issuer-body');
($ng, $issuer) = pair('', "location /post { proxy_pass @{[ $behind->url ]}; }");
$issuer->set(jwks => 'slow', delay => 0.3);
my $r = $t->request($ng, 'POST', '/post', body => 'x' x 90_000, with($ec->sign));
is($r->{status}, 404, 'a request with a body waits');
is(($behind->{mock}->requests)[0]{body}, 'x' x 90_000, '... its body passes whole');

# a client that leaves does not keep others from keys
($ng, $issuer) = pair('', '');
$issuer->set(jwks => 'slow', delay => 0.5);
my $leaves = $t->open_request($ng, 'GET', '/', with($ec->sign({ n => 1 })));
$t->wait_for('the fetch', sub { $issuer->count('jwks') });
$leaves->close;
is(status($ng, $ec->sign({ n => 2 })), 200, 'the one who fetches has left');
is($issuer->count('jwks'), 1, '... the fetch goes on');

# --- rotation ----------------------------------------------------------------

($ng, $issuer) = pair('retry=2s ttl=1s', '');
is(status($ng, $ec->sign), 200, 'before the rotation');
$issuer->set(keys => [$new->jwk]);
is(status($ng, $new->sign), 401, 'a new key that comes right after is not known');
sleep 2.1;
is_deeply([together($ng, map { $new->sign({ n => $_ }) } 1 .. 10)], [(200) x 10],
    'an unknown kid has the keys fetched');
is($issuer->count('jwks'), 2, '... once');
is(status($ng, $ec->sign({ n => 1 })), 401, 'the old key is gone');
my $fetches = $issuer->count('jwks');
status($ng, NodeTool::JWT->ec($t, "made-up-$_")->sign) for 1 .. 5;
cmp_ok($issuer->count('jwks') - $fetches, '<=', 2, 'made-up kids do not flood the issuer');

# --- stale keys ----------------------------------------------------------------

($ng, $issuer) = pair('keys=1s stale=3s retry=1s ttl=0s', '', timeout => '1s');
is(status($ng, $ec->sign), 200, 'fresh keys');
my $at = time;
sleep 1.1;
$issuer->set(jwks => 'hang');
$start = time;
is(status($ng, $ec->sign), 200, 'stale keys are good');
cmp_ok(time - $start, '<', 0.5, '... nobody waits for fresh ones');
$t->wait_for('the fetch', sub { $issuer->count('jwks') == 2 });
$issuer->down;
is(status($ng, $ec->sign), 200, '... while the issuer is away');
is(status($ng, $new->sign), 503, '... a key that is not there cannot be told then');
sleep 0.1 while time < $at + 4.2;
is(status($ng, $ec->sign), 503, 'not longer than they may be');
$issuer->up;
$issuer->set(jwks => 'ok');
$t->wait_for('fresh keys', sub { status($ng, $ec->sign) == 200 });
$fetches = $issuer->count('jwks');
sleep 1.1;
status($ng, $ec->sign);
$t->wait_for('another fetch', sub { $issuer->count('jwks') > $fetches });
pass('keys are fetched again when they are stale');

# also where a variable wants to know the user before the access phase, and on
# a connection that is kept
($ng, $issuer) = pair('keys=1s retry=1s ttl=0s', 'limit_req zone=user burst=1000 nodelay;',
    timeout => '1s', http => 'limit_req_zone $nodetool_user zone=user:64k rate=1000r/s;');
is(status($ng, $ec->sign), 200, 'fresh keys');
sleep 1.1;
$issuer->set(jwks => 'hang');
my $c = NodeTool::HTTP->connect_to($ng->{port});
$start = time;
for my $i (1, 2) {
    $c->send_request('GET', '/', headers => [Connection => 'keep-alive',
        Authorization => 'Bearer ' . $ec->sign({ n => $i })]);
    is($c->response->{status}, 200, "stale keys on a kept connection: $i");
    cmp_ok(time - $start, '<', $i == 1 ? 0.5 : 4, '... in time');
}
is($issuer->count('jwks'), 2, '... fetched again');

# --- the cache -----------------------------------------------------------------

# What is cached is told by keys that go away.
sub forgotten {
    my ($ng, $issuer) = @_;

    $issuer->set(keys => [$new->jwk]);
    sleep 1.1;
    is(status($ng, $new->sign), 200, 'the keys are others now');
    return;
}

($ng, $issuer) = pair('retry=1s ttl=3s', '', workers => 2);
my $kept = $ec->sign;
my $short = $ec->sign({ exp => int(time) + 2 });
is(status($ng, $kept), 200, 'a token');
is(status($ng, $short), 200, 'another one, for two seconds');
$at = time;
forgotten($ng, $issuer);
is(status($ng, $kept), 200, 'is known without its key');
kill 'HUP', $ng->{pid};
$t->wait_for('a reload', sub {
    () = $t->read_file($ng->{errorlog}) =~ /gracefully shutting down/g });
is_deeply([together($ng, ($kept) x 4)], [(200) x 4], '... after a reload, too');
is(status($ng, $ec->sign({ n => 3 })), 401, '... others are not');
sleep 0.1 while time < $at + 2;
is(status($ng, $short), 401, 'not beyond its exp');
sleep 0.1 while time < $at + 3.1;
is(status($ng, $kept), 401, 'not longer than ttl=');

($ng, $issuer) = pair('retry=1s max=2', '');
@tokens = map { $ec->sign({ n => $_ }) } 1 .. 3;
is(status($ng, $_), 200, 'a token') for @tokens[0, 1, 0, 2];
forgotten($ng, $issuer);    # which has a place, too
is(status($ng, $tokens[1]), 401, 'max=: the one that was used first goes');
is(status($ng, $tokens[0]), 401, '... and the next');
is(status($ng, $tokens[2]), 200, '... the last one stays');

# made-up tokens do not push out good ones
($ng, $issuer) = pair('retry=1s max=2', '');
is(status($ng, $tokens[0] = $ec->sign), 200, 'a good one');
my @parts = split /\./, $tokens[0];
substr($parts[2], 0, 4) = sprintf '%04d', $_ or 1, status($ng, join '.', @parts) for 1 .. 20;
$issuer->set(keys => [$new->jwk]);
sleep 1.1;
status($ng, NodeTool::JWT->ec($t, 'made-up')->sign);
is(status($ng, $tokens[0]), 200, 'is still known after many bad ones');

# --- asking ----------------------------------------------------------------------

($ng, $issuer) = pair('retry=1s ttl=2s', <<'CONF', workers => 2, timeout => '2s');
    nodetool_auth_userinfo on;
    nodetool_auth_apikey the-api-key;
    location /no/ { nodetool_auth_userinfo off; alias %%DIR%%/html/; }
CONF
my $hs = NodeTool::JWT->hs('a-secret-that-this-server-does-not-have');
my $hs_token = $hs->sign;
my $hs_other = $hs->sign({ aud => 'somebody' });
my $hs_short = $hs->sign({ exp => int(time) + 2 });
my $none = $hs->sign({ sub => 'nobody' }, { alg => 'none' });
$issuer->set(apikey => 'the-api-key', user => 'slow', delay => 0.3, users => {
    'opaque-token' => { id => 'user-o' }, $hs_token => { id => 'user-a' },
    $hs_other => { id => 'user-a' }, $hs_short => { id => 'user-b' },
    bad => { id => 'a/b' }, 'for-others' => { id => 'user-o', aud => 'others' },
    $none => { id => 'nobody' } });

@got = together($ng, ('opaque-token') x 20);
is_deeply([grep { $_ != 200 } @got], [], 'an opaque token, 20 at once on 2 workers');
is($issuer->count('user'), 1, '... one question');
my ($question) = $issuer->requests('user');
is($question->{path}, '/auth/v1/user', '... at /auth/v1/user');
is($question->{headers}{apikey}, 'the-api-key', '... with the key');
is($t->get($ng, '/', with('opaque-token'))->{headers}{'x-user'}, 'user-o;user', '... its user');
is($t->get($ng, '/', with($hs_token))->{headers}{'x-user'}, 'user-a;user',
    'HS256 without its secret');
is(status($ng, $hs_other), 401, '... for somebody else');
is(status($ng, $hs_short), 401, "... another user's");
is(status($ng, 'for-others'), 401, 'a user of another audience');
is(status($ng, 'bad'), 401, 'a user that can be none here');
my $asked = $issuer->count('user');
is(status($ng, 'unknown'), 401, 'a token that the issuer does not know');
is(status($ng, 'unknown'), 401, '... again');
is($issuer->count('user'), $asked + 1, '... is asked for once');
is(status($ng, $none), 401, 'alg none');
is($issuer->count('user'), $asked + 1, '... is not asked for');
is($t->get($ng, '/no/', with('opaque-token'))->{status}, 401, 'nodetool_auth_userinfo off');
sleep 2.1;
is(status($ng, 'opaque-token'), 200, 'when ttl= is over');
is($issuer->count('user'), $asked + 2, '... it is asked for again');

for my $how ('close', 429, 'garbage') {
    sleep 1.1;
    $issuer->set(user => $how);
    my $r = $t->get($ng, '/', with("asked-$how"));
    is($r->{status}, 503, "the question: $how: 503");
    is($r->{headers}{'retry-after'}, 1, '... Retry-After');
    is(status($ng, "asked-again-$how"), 503, '... for others, too');
}
$issuer->set(user => 'hang');
sleep 1.1;
$start = time;
is_deeply([together($ng, ('hangs') x 3)], [(503) x 3], 'no answer: 503');
cmp_ok(time - $start, '<', 4, '... in time');
is(status($ng, $ec->sign), 200, '... others are not held up');
unlike($t->read_file($ng->{errorlog}), qr/opaque-token|the-api-key|asked-/, 'no token is logged');

# --- TLS ---------------------------------------------------------------------

system("cd $t->{dir} && openssl req -x509 -newkey rsa:2048 -nodes -days 2 "
    . "-keyout ca.key -out ca.pem -subj /CN=test-ca > openssl.log 2>&1") == 0 or die;
for my $host ('localhost', 'other.test') {
    system("cd $t->{dir} && openssl req -newkey rsa:2048 -nodes -keyout $host.key -out $host.csr "
        . "-subj /CN=$host >> openssl.log 2>&1 && printf 'subjectAltName=DNS:$host' > ext && "
        . "openssl x509 -req -in $host.csr -CA ca.pem -CAkey ca.key -CAcreateserial "
        . "-days 2 -extfile ext -out $host.pem >> openssl.log 2>&1") == 0
        or die $t->read_file('openssl.log');
}
my $tls = NodeTool::MockIssuer->start($t, 'issuer-tls');
$tls->set(keys => [$ec->jwk]);
for my $case (['localhost', 'ca.pem', 200], ['other.test', 'ca.pem', 503],
    ['localhost', 'other.test.pem', 503])
{
    my ($host, $ca, $status) = @$case;
    my $front = $t->nginx(<<"CONF", modules => [], name => 'nginx-tls-' . ++$serial,
        ssl_certificate %%DIR%%/$host.pem;
        ssl_certificate_key %%DIR%%/$host.key;
        location / { proxy_pass @{[ $tls->url ]}; }
CONF
        listen => '127.0.0.1:%%PORT%% ssl');
    my $url = "https://localhost:$front->{port}";
    my $ng = $t->nginx(<<"CONF", modules => ['auth'], name => 'nginx-' . ++$serial);
        root %%DIR%%/html;
        nodetool_auth supabase;
        nodetool_auth_issuer $url;
        nodetool_auth_trusted_certificate %%DIR%%/$ca;
CONF
    my $fetches = $tls->count('jwks');
    is(status($ng, $ec->sign({ iss => "$url/auth/v1" })), $status,
        "TLS: a certificate of $host, by $ca: $status");
    is($tls->count('jwks') - $fetches, $status == 200 ? 1 : 0, '... is asked only when it is right');
    $t->stop($_) for $ng, $front;
}

# --- one process; an upstream block --------------------------------------------

my $up = NodeTool::MockIssuer->start($t, 'issuer-up');
$up->set(keys => [$ec->jwk]);
$ng = $t->nginx(<<'CONF', modules => ['auth'], name => 'nginx-single', main => 'master_process off;',
    root %%DIR%%/html;
    nodetool_auth supabase;
    nodetool_auth_issuer http://the-issuer.test;
CONF
    http => "upstream the-issuer.test { server 127.0.0.1:1; server 127.0.0.1:$up->{port} backup; }");
is_deeply([together($ng, ($ec->sign({ iss => 'http://the-issuer.test/auth/v1' })) x 5)],
    [(200) x 5], 'an upstream block, without a master');

$t->done;
