#!/usr/bin/perl

# AUTH_PROVIDER=supabase and oidc of the servers: what they need, what they
# write, and who gets in.

use strict;
use warnings;

use Test::More;

use lib 't/lib';

use NodeTool::JWT;
use NodeTool::MockIssuer;
use NodeTool::Test;
use NodeTool::WebSocket;
use NodeTool::Worker;

delete @ENV{qw(AUTH_PROVIDER WORKER_AUTH_TOKEN PORT NODETOOL_HOME SSL_CERT_FILE
    SUPABASE_URL SUPABASE_KEY SUPABASE_JWT_SECRET AUTH_CACHE_TTL AUTH_CACHE_MAX
    OIDC_ISSUER OIDC_AUDIENCE OIDC_ADMIN_CLAIM OIDC_ADMIN_VALUE)};

my $t = NodeTool::Test->new;
my ($status, $out, $err);

# --- what is missing or wrong is said ---

my %url = (SUPABASE_URL => 'https://x.supabase.co');
my %oidc = (OIDC_ISSUER => 'https://x', OIDC_AUDIENCE => 'a');
for my $row (
    ['magic', {}, qr/none, local, static, supabase or oidc, not "magic"/],
    ['supabase', {}, qr/needs SUPABASE_URL: the address of the project/],
    ['supabase', { SUPABASE_URL => 'x' }, qr/SUPABASE_URL must be an http/],
    ['supabase', { SUPABASE_URL => 'https://"' }, qr/SUPABASE_URL .* character/],
    ['supabase', { %url, AUTH_CACHE_TTL => '5m' }, qr/AUTH_CACHE_TTL must be a n/],
    ['supabase', { %url, AUTH_CACHE_TTL => '0' }, qr/AUTH_CACHE_TTL must be a n/],
    ['supabase', { %url, AUTH_CACHE_MAX => '-1' }, qr/AUTH_CACHE_MAX must be a n/],
    ['oidc', {}, qr/needs OIDC_ISSUER: the URL before/],
    ['oidc', { OIDC_ISSUER => 'https://x' }, qr/needs OIDC_AUDIENCE: whom/],
    ['oidc', { %oidc, OIDC_ISSUER => 'x' }, qr/OIDC_ISSUER must be an http/],
    ['oidc', { %oidc, OIDC_ADMIN_CLAIM => 'x' }, qr/go together/],
    ['oidc', { %oidc, OIDC_ADMIN_VALUE => 'x' }, qr/go together/]) {
    my ($provider, $env, $re) = @$row;
    ($status, $out, $err) = nodetool($t, ['worker', '--home', $t->dir . '/none'],
        env => { AUTH_PROVIDER => $provider, %$env });
    is($status, 2, join ' ', $provider, %$env);
    like($err, $re, 'says why');
    ok(!-e $t->dir . '/none', 'and changes nothing');
}

# --- supabase ---

my $secret = 'a-secret-of-the-project-of-32-bytes-or-more';
my $issuer = NodeTool::MockIssuer->start($t, 'issuer');
my $hs = NodeTool::JWT->hs($secret);
my $ec = NodeTool::JWT->ec($t, 'key-1');
my %from = (iss => $issuer->url . '/auth/v1');
$issuer->set(keys => [$ec->jwk], apikey => 'anon-key',
    users => { 'opaque-1' => { id => 'user-o', sub => 'user-o' } });

my $e = start_server($t, 'serve', name => 'supabase', host => '127.0.0.1',
    args => ['--store', 'memory'], env => { AUTH_PROVIDER => 'supabase',
    SUPABASE_URL => $issuer->url, SUPABASE_JWT_SECRET => $secret,
    SUPABASE_KEY => 'anon-key', AUTH_CACHE_TTL => 60, AUTH_CACHE_MAX => 500 });
my $url = $issuer->url;
like($e->{output}, qr/^  Auth +supabase: tokens of \Q$url\E$/m, 'the banner');
my ($token) = $e->{output} =~ /^  Token +(\S+)$/m;
like($token, qr/^\S{43}$/, 'a token of the server as well');
my $conf = $t->read_file("$e->{home}/conf/serve.conf");
unlike($conf, qr/\Q$secret\E|anon-key/, 'no secret is in the configuration');
like($conf, qr/nodetool_auth_cache zone=\S+ max=500 ttl=60s;/, 'the cache');
my %kids = children($e);
unlike(scalar `ps -eo args`, qr/\Q$secret\E|anon-key/, 'nor shown to others');

sub with {
    my ($bearer, $method, $path, %opt) = @_;
    return $t->request($e, $method, $path, headers =>
        [defined $bearer ? (Authorization => "Bearer $bearer") : ()], %opt);
}
sub path_status { return with($_[0], 'GET', '/api/workflows')->{status} }

is(path_status(undef), 401, 'without a token');
is(path_status('x'), 401, 'with one that is none');
is(path_status($token), 200, 'the token of the server');
my $ada = $hs->sign({ %from, sub => 'ada' });
my $bob = $ec->sign({ %from, sub => 'bob' });
my $service = $hs->sign({ %from, sub => 'svc', role => 'service_role' });
is(path_status($ada), 200, 'HS256 with the secret');
is(path_status($bob), 200, 'ES256 with the keys of the project');
is(path_status('opaque-1'), 200, 'one that the project knows');
is(path_status($hs->sign({ %from, sub => 'ada', exp => time - 100 })), 401,
    'an expired one');
is(path_status(NodeTool::JWT->hs('x' x 40)->sign({ %from, sub => 'ada' })), 401,
    'one of somebody else');

# users have their own workflows, and run what nobody owns
my $greeting = with($token, 'GET', '/api/workflows/greeting')->{json};
my $mine = with($ada, 'POST', '/api/workflows', json => { name => 'Ada',
    access => 'private', graph => $greeting->{graph} })->{json}{id};
is(with($ada, 'GET', "/api/workflows/$mine")->{status}, 200, 'hers');
is(with($bob, 'GET', "/api/workflows/$mine")->{status}, 403, 'is not his');
is(with($service, 'GET', "/api/workflows/$mine")->{status}, 200,
    'but the service role\'s');
is(with($bob, 'POST', '/api/workflows/greeting/run', json =>
    { params => { name => 'Bob' } })->{json}{output}, 'Hello, Bob!', 'a run');
is(with($bob, 'PUT', '/api/workflows/greeting', json => $greeting)->{status},
    403, 'what nobody owns is not changed by users');

# storage is the administrators', but to read
for my $row ([$ada, 403], [$service, 201]) {
    is(with($row->[0], 'PUT', '/api/storage/x.txt', body => 'x')->{status},
        $row->[1], 'PUT /api/storage');
}
is(with($ada, 'GET', '/api/storage/x.txt')->{body}, 'x', 'GET /api/storage');
for my $path ('/api/storage/', '/api/storage/?limit=1', '/api/storage/?prefix=',
              '//api/storage/', '/api/./storage/') {
    is(with($ada, 'GET', $path)->{status}, 403, "users do not see all: $path");
}
is(with($service, 'GET', '/api/storage/')->{json}{objects}[0]{key}, 'x.txt',
    'administrators do');
is(with(undef, 'DELETE', '/api/storage/x.txt')->{status}, 401, 'nobody');

# WebSockets: by header, by query, and 1008
for my $row ([[], "/ws/updates?token=$ada"], [[], "/ws/updates?api_key=$ada"],
             [[Authorization => "Bearer $ada"], '/ws/updates']) {
    my ($headers, $path) = @$row;
    my $ws = NodeTool::WebSocket->open($e, $path, headers => $headers);
    ok($ws->accepted, $path =~ s/=.*//r);
    is($ws->json->{type}, 'system_stats', 'goes on');
    $ws->close(1000);
}
for my $path ('/ws/updates', '/ws/updates?token=x') {
    is((NodeTool::WebSocket->open($e, $path)->closed)[0], 1008, $path);
}
is($t->get($e, "/api/workflows?token=$ada")->{status}, 401,
    'queries are for WebSockets alone');
unlike($t->read_file("$e->{home}/logs/serve-$_.log"), qr/\Q$ada\E/,
    "no token in the $_ log") for qw(access error);
$t->wait_for('why a WebSocket was refused, in the access log', sub {
    $t->read_file("$e->{home}/logs/serve-access.log")
        =~ m{"path":"/ws/updates",[^\n]*"refused":"[^"\n]*not valid}
});
is($t->get($e, '/console')->{status}, 301, 'the console asks for no token');

# nobody takes all places: jobs that wait for input would keep them
my $many = NodeTool::WebSocket->open($e, '/predict', headers =>
    [Authorization => "Bearer $ada"]);
$many->send_json({ command => 'run_job', data => { graph => { edges => [],
    nodes => [{ id => 'i', type => 'nodetool.input.RealtimeAudioInput',
        data => { name => 'mic' } }] } } }) for 1 .. 70;
my @started;
while (@started < 70) {
    my $m = $many->json;
    die 'not started' if $m->{error};
    push @started, $m->{job_id} if ($m->{message} // '') eq 'Job started';
}
is(with($bob, 'POST', '/api/workflows/greeting/run', json =>
    { params => { name => 'Bob' } }, timeout => 10)->{status}, 200,
    'many jobs of one user leave room for others');
with($ada, 'POST', "/api/jobs/$_/cancel") for @started;
$many->close(1000);

# who tries tokens has to wait
my @tries = map { path_status("guess-$_") } 1 .. 40;
is($tries[0], 401, 'a guess');
is($tries[-1], 429, 'many guesses');
is(path_status($ada), 200, 'users are let in all the same');
is($t->stop($e), 0, 'stops');

# --- oidc ---

my $rsa = NodeTool::JWT->rsa($t, 'key-2');
$issuer->set(keys => [$rsa->jwk]);
$e = start_server($t, 'worker', name => 'oidc', host => '127.0.0.1',
    args => ['--store', 'memory'], env => { AUTH_PROVIDER => 'oidc',
    OIDC_ISSUER => $url, OIDC_AUDIENCE => 'nodetool other',
    OIDC_ADMIN_CLAIM => 'realm_access.roles', OIDC_ADMIN_VALUE => 'boss',
    WORKER_AUTH_TOKEN => 'static-token' });
like($e->{output}, qr/^  Auth +oidc: tokens of \Q$url\E$/m, 'the banner');
my %claims = (iss => $url, aud => 'nodetool', sub => 'ada');
sub workflow_status {
    my ($bearer, $method) = @_;
    return with($bearer, $method || 'GET', '/workflows/greeting',
        $method ? (json => $greeting) : ())->{status};
}
is(workflow_status('static-token'), 200, 'the static token');
is(workflow_status($rsa->sign(\%claims)), 200, 'RS256');
is(workflow_status($rsa->sign({ %claims, aud => ['x', 'other'] })), 200,
    'another audience of the list');
is(workflow_status($rsa->sign({ %claims, aud => 'x' })), 401, 'for others');
is(workflow_status($rsa->sign(\%claims), 'PUT'), 403, 'a user');
is(workflow_status($rsa->sign({ %claims,
    realm_access => { roles => ['boss'] } }), 'PUT'), 200, 'an administrator');
is($t->stop($e), 0, 'stops');

$t->done;
