#!/usr/bin/perl

# nodetool_auth supabase and oidc: tokens that an issuer has signed or knows.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use NodeTool::JWT;
use NodeTool::MockIssuer;
use NodeTool::Test;

my $t = NodeTool::Test->new;
my @modules = (modules => ['base', 'auth']);

my $secret = 'a-secret-that-is-long-enough-for-hs256';
my $hs = NodeTool::JWT->hs($secret);
my $rsa = NodeTool::JWT->rsa($t, 'rsa-1');
my $ec = NodeTool::JWT->ec($t, 'ec-1');

my $issuer = NodeTool::MockIssuer->start($t, 'issuer');
$issuer->set(keys => [$rsa->jwk, $ec->jwk]);
my $url = $issuer->url;
$NodeTool::JWT::CLAIMS{iss} = "$url/auth/v1";

$t->write_file('html/index.html', 'index');
$t->write_file('html/part.html', 'part');
$t->write_file('html/ssi.html', '<!--#include virtual="/part.html" -->'
    . '<!--#echo var="nodetool_user" -->');
my $server = <<"CONF";
    nodetool_errors on;
    root %%DIR%%/html;
    add_header X-User "\$nodetool_user;\$nodetool_role;\$nodetool_auth_provider" always;
    nodetool_auth supabase;
    nodetool_auth_issuer $url;
    nodetool_auth_secret $secret;
    nodetool_auth_token the-static-token;
    nodetool_auth_timeout 2s;

    location /second/ { nodetool_auth_audience second third; alias %%DIR%%/html/; }
    location /oidc/ { nodetool_auth oidc; nodetool_auth_audience nodetool; alias %%DIR%%/html/; }
    location /any/deny/ { satisfy any; deny all; alias %%DIR%%/html/; }
    location /any/allow/ { satisfy any; allow all; alias %%DIR%%/html/; }
    location /try/ { try_files /none /second/index.html; }
    location /rewrite/ { rewrite ^ /second/index.html last; }
    location /named/ { error_page 404 = \@named; }
    location \@named { nodetool_auth off; return 200 "named \$nodetool_user"; }
    location /ssi/ { ssi on; ssi_types *; alias %%DIR%%/html/; }
    location /sub/ { auth_request /sub-check; alias %%DIR%%/html/; }
    location = /sub-check { if (\$nodetool_role = admin) { return 204; } return 403; }
    location /early/ { limit_req zone=user; limit_req_status 429; alias %%DIR%%/html/; }
CONF
my $http = 'limit_req_zone $nodetool_user zone=user:64k rate=1r/m;';
my $ng = $t->nginx($server, http => $http, @modules);

sub with { return (headers => ['Authorization', "Bearer $_[0]"]) }

sub good {
    my ($to, $path, $token, $user, $name) = @_;

    my $r = $t->get($to, $path, with($token));
    is("$r->{status} $r->{headers}{'x-user'}", "200 $user", $name);
    return $r;
}

sub refused {
    my ($to, $path, $token, $why, $name) = @_;

    my $r = $t->get($to, $path, with($token));
    is($r->{status}, 401, "$name: 401");
    is($r->{headers}{'www-authenticate'}, 'Bearer realm="nodetool", '
        . qq(error="invalid_token", error_description="$why"), "$name: challenge");
    is($r->{json}{error}{message}, $why, "$name: why");
    is($r->{headers}{'x-user'}, ';;', "$name: no user");
    unlike($r->{body}, qr/\Q$token\E/, "$name: not told") if length $token;
    return;
}

# --- tokens ------------------------------------------------------------------

my $invalid = 'The token is not valid.';
my $expired = 'The token has expired. Log in again.';
my $other = 'The token was not made for this server.';

good($ng, '/', $hs->sign, 'user-a;user;supabase', 'HS256');
is($issuer->count('jwks'), 0, '... no keys are needed for it');
good($ng, '/', $rsa->sign, 'user-a;user;supabase', 'RS256');
is($issuer->count('jwks'), 1, '... keys are fetched');
good($ng, '/', $ec->sign, 'user-a;user;supabase', 'ES256');
good($ng, '/', $rsa->sign({ sub => 'user-b' }), 'user-b;user;supabase', 'another user');
is($issuer->count('jwks'), 1, '... and kept');
is(($issuer->requests('jwks'))[0]{path}, '/auth/v1/.well-known/jwks.json',
    '... from where Supabase has them');
good($ng, '/', $ec->sign({ role => 'service_role' }), 'user-a;admin;supabase',
    'the role service_role administers');
good($ng, '/', $hs->sign({ iss => 'supabase', ref => 'abc', sub => undef, aud => undef,
    role => 'service_role' }), '1;admin;supabase', "Supabase's own key");
refused($ng, '/', $hs->sign({ iss => 'supabase', ref => 'abc', sub => undef,
    aud => undef, role => 'anon' }), 'The token lacks a claim, or has one that does not do.',
    'the one for everybody');
good($ng, '/', 'the-static-token', '1;admin;static', 'the static token');
refused($ng, '/', 'another-static-token', $invalid, 'another static token');

my $r = $t->get($ng, '/');
is($r->{status}, 401, 'no token');
is($r->{headers}{'www-authenticate'}, 'Bearer realm="nodetool"', '... challenge');

refused($ng, '/', $rsa->sign({ exp => time - 60 }), $expired, 'expired');
good($ng, '/', $rsa->sign({ exp => time - 10 }), 'user-a;user;supabase',
    'expired within the leeway');
refused($ng, '/', $rsa->sign({ nbf => time + 100 }), 'The token is not valid yet.', 'early');
refused($ng, '/', $rsa->sign({ iss => 'https://evil.test/auth/v1' }), $other, 'issuer');
refused($ng, '/', $rsa->sign({ aud => 'somebody' }), $other, 'audience');
refused($ng, '/second/', $rsa->sign, $other, "another location's audience");
good($ng, '/second/', $rsa->sign({ aud => ['x', 'third'] }), 'user-a;user;supabase',
    '... which is taken there');

# the cache knows what a token was judged by
my $token = $rsa->sign({ aud => 'third' });
good($ng, '/second/', $token, 'user-a;user;supabase', 'good in one location');
refused($ng, '/', $token, $other, '... and not in another one');

# --- satisfy, redirects, subrequests -----------------------------------------

$token = $ec->sign({ aud => ['authenticated', 'second'] });
good($ng, '/any/deny/', $token, 'user-a;user;supabase', 'satisfy any: by token');
refused($ng, '/any/deny/', $rsa->sign({ exp => time - 60 }), $expired, 'satisfy any: neither');
is($t->get($ng, '/any/allow/', with('x.y.z'))->{status}, 200, 'satisfy any: by address');
good($ng, '/try/x', $token, 'user-a;user;supabase', 'try_files');
refused($ng, '/try/x', $ec->sign, $other, 'try_files to where it is not good');
good($ng, '/rewrite/x', $token, 'user-a;user;supabase', 'rewrite');
is($t->get($ng, '/named/x', with($token))->{body}, 'named user-a',
    'the user outlives a redirect');
is($t->get($ng, '/ssi/ssi.html', with($token))->{body}, 'partuser-a', 'subrequest');
is($t->get($ng, '/sub/', with($token))->{status}, 403, 'auth_request sees the role');
is($t->get($ng, '/sub/', with('the-static-token'))->{status}, 200, '... of an admin');
is($t->get($ng, '/early/', with($token))->{status}, 200, 'known before the access phase');
is($t->get($ng, '/early/', with($token))->{status}, 429, '... for limits');

# --- keepalive, HTTP/2 ---------------------------------------------------------

my $c = NodeTool::HTTP->connect_to($ng->{port});
for my $i (1 .. 3) {
    $c->send_request('POST', '/', body => 'x' x 50000,
        headers => ['Connection', 'keep-alive', Authorization => 'Bearer a.b.c']);
    is($c->response->{status}, 401, "keepalive $i: refused");
    $c->send_request('GET', '/', headers => ['Connection', 'keep-alive',
        Authorization => 'Bearer ' . $rsa->sign({ n => $i })]);
    is($c->response->{status}, 200, "keepalive $i: let in");
}
my $h2 = $t->nginx($server =~ s/%%DIR%%/$t->{dir}/gr, http => $http, @modules,
    listen => '127.0.0.1:%%PORT%% http2', name => 'nginx-h2');
{
    local $ENV{LD_PRELOAD} = '';
    my $code = sub { `curl -s --http2-prior-knowledge -o /dev/null -w '%{http_code}' -H 'Authorization: Bearer $_[0]' http://127.0.0.1:$h2->{port}/` };
    is($code->($rsa->sign), 200, 'HTTP/2: waits for keys');
    is($code->('x.y.z'), 401, 'HTTP/2: refused');
}

# --- OpenID Connect --------------------------------------------------------------

$NodeTool::JWT::CLAIMS{iss} = $url;
$NodeTool::JWT::CLAIMS{aud} = 'nodetool';
my $oidc = <<"CONF";
    root %%DIR%%/html;
    add_header X-User "\$nodetool_user;\$nodetool_role;\$nodetool_auth_provider" always;
    nodetool_errors on;
    nodetool_auth oidc;
    nodetool_auth_issuer $url/;
    nodetool_auth_audience nodetool;
    nodetool_auth_admin realm_access.roles nodetool-admin;
    location /userinfo/ { nodetool_auth_userinfo on; alias %%DIR%%/html/; }
    location /named/ { nodetool_auth_issuer $url iss=somebody; alias %%DIR%%/html/; }
    location /jwks/ { nodetool_auth_issuer http://localhost:1 iss=somebody jwks=$url/jwks;
        alias %%DIR%%/html/; }
CONF
my $ngo = $t->nginx($oidc, @modules, name => 'nginx-oidc');
good($ngo, '/', $rsa->sign, 'user-a;user;oidc', 'OIDC');
is($issuer->count('discovery'), 1, '... by discovery');
is(($issuer->requests('jwks'))[-1]{path}, '/oauth/jwks', '... and the keys that it names');
good($ngo, '/', $ec->sign({ realm_access => { roles => ['x', 'nodetool-admin'] } }),
    'user-a;admin;oidc', 'OIDC: an administrator');
refused($ngo, '/', $rsa->sign({ aud => 'authenticated' }), $other, 'OIDC: audience');
refused($ngo, '/', $hs->sign, $invalid, 'OIDC: no HS256');
refused($ngo, '/', $hs->sign({ iss => 'supabase', aud => undef, sub => undef,
    role => 'service_role' }), $invalid, "OIDC: Supabase's own keys are not known");
is($t->get($ngo, '/named/', with($rsa->sign({ iss => 'somebody' })))->{status}, 503,
    "a discovery of another issuer's is none");
good($ng, '/oidc/', $rsa->sign, 'user-a;user;oidc', 'another provider in a location');
good($ngo, '/jwks/', $rsa->sign({ iss => 'somebody' }), 'user-a;user;oidc',
    'jwks= stands for discovery');
$issuer->set(users => { opaque => { id => undef, sub => 'user-o', aud => 'nodetool' } });
good($ngo, '/userinfo/', 'opaque', 'user-o;user;oidc', 'OIDC: userinfo');
refused($ngo, '/', 'opaque', $invalid, '... nobody is asked without it');

# --- configuration ---------------------------------------------------------------

my $su = 'nodetool_auth supabase; nodetool_auth_issuer';
for my $case (
    ['nodetool_auth oidc;', qr/needs a "nodetool_auth_audience"/],
    ['nodetool_auth oidc; nodetool_auth_audience a;', qr/need a "nodetool_auth_issuer"/],
    ["$su http://localhost; location /a/ { nodetool_auth oidc; }",
        qr/needs a "nodetool_auth_audience"/],
    ["$su ftp://a.test;", qr/starts with neither/],
    ["$su http://u:p\@localhost;", qr/has a user/],
    ["$su http://localhost/#x;", qr/has a user, a fragment/],
    ["$su http:///x;", qr/no host/],
    ["$su http://localhost bad=1;", qr/invalid parameter "bad=1"/],
    ["$su http://localhost jwks=x;", qr/starts with neither/],
    ["$su env:NT_NOT_SET;", qr/"NT_NOT_SET" that nodetool_auth_issuer names is not set/],
    ["$su http://localhost; nodetool_auth_issuer http://localhost;", qr/is duplicate/],
    ['nodetool_auth_secret s3cret-but-short;', qr/fewer than 32 bytes/],
    ['nodetool_auth_secret file:missing;', qr/missing" failed/],
    ['nodetool_auth_admin role "";', qr/has an empty argument/],
    ['nodetool_auth_audience "";', qr/has an empty name/],
    ['nodetool_auth_apikey "s3cret with";', qr/characters that no key has/],
    ['nodetool_auth_limit rate=1r/m;', qr/needs "zone="/],
    ['nodetool_auth_limit zone=a:1m;', qr/needs "zone=" and "rate="/],
    ['nodetool_auth_limit zone=a:1m rate=1r/h;', qr/invalid parameter "rate=1r\/h"/],
    ['nodetool_auth_limit zone=a:1m rate=0r/m;', qr/invalid parameter/],
    ['nodetool_auth_limit zone=a:1m rate=1r/m burst=0;', qr/invalid parameter "burst=0"/],
    ['nodetool_auth_limit zone=a:1k rate=1r/m;', qr/too small size/],
    ['nodetool_auth_limit zone=a rate=1r/m;', qr/zero size/],
    ['nodetool_auth oidc; nodetool_auth_audience a; nodetool_auth_userinfo on;'
        . ' nodetool_auth_issuer http://localhost jwks=http://localhost/k;',
        qr/needs the issuer's discovery/],
    ['', qr/needs the name and the size/, 'nodetool_auth_cache zone=a;'],
    ['', qr/needs "zone="/, 'nodetool_auth_cache ttl=1m;'],
    ['', qr/invalid parameter "max=0"/, 'nodetool_auth_cache zone=a:1m max=0;'],
    ['', qr/invalid parameter "ttl=x"/, 'nodetool_auth_cache zone=a:1m ttl=x;'],
    ['', qr/invalid parameter "retry=0"/, 'nodetool_auth_cache zone=a:1m retry=0;'],
    ['', qr/is duplicate/, 'nodetool_auth_cache zone=a:1m; nodetool_auth_cache zone=b:1m;'],
) {
    my ($rc, $output) = $t->nginx_check($case->[0], @modules, http => $case->[2]);
    isnt($rc, 0, 'refused: ' . ($case->[2] || $case->[0]));
    like($output, $case->[1], '... and says why');
    unlike($output, qr/s3cret/, '... and no secret');
}
my ($rc, $output) = $t->nginx_check("$su http://no-such-host.invalid;", @modules);
is($rc, 0, 'a host that is not found now');
like($output, qr/"no-such-host.invalid" will be asked of the "resolver"/, '... is warned of');
($rc, $output) = $t->nginx_check("$su http://192.0.2.1;", @modules);
like($output, qr/is asked without TLS/, 'an issuer without TLS is warned of');

$t->done;
