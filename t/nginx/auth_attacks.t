#!/usr/bin/perl

# Attacks on tokens, a row each: what is sent, and what comes of it. Where a
# row has no status it is a 401, without a request to anybody.
#
# The comparison of static tokens takes the same time whatever it compares:
# t/core/token_time.c counts its instructions.

use strict;
use warnings;

use lib 't/lib';
use MIME::Base64 qw(encode_base64url);
use Test::More;
use NodeTool::JWT;
use NodeTool::MockIssuer;
use NodeTool::Test;

my $t = NodeTool::Test->new;
my $secret = 'a-secret-that-is-long-enough-for-hs256';
my $hs = NodeTool::JWT->hs($secret);
my $rsa = NodeTool::JWT->rsa($t, 'rsa-1');
my $ec = NodeTool::JWT->ec($t, 'ec-1');
my $small = NodeTool::JWT->rsa($t, 'small', 1024);
my $p384 = NodeTool::JWT->ec($t, 'p384', 'P-384');
my $enc = NodeTool::JWT->rsa($t, 'enc');
my $theirs = NodeTool::JWT->rsa($t, 'rsa-1');

my $issuer = NodeTool::MockIssuer->start($t, 'issuer');
my $evil = NodeTool::MockIssuer->start($t, 'evil');
my $oct = { kty => 'oct', kid => 'oct', alg => 'HS256', k => encode_base64url('k' x 32) };
$issuer->set(keys => [$rsa->jwk, $ec->jwk, $small->jwk, $p384->jwk, $oct,
    $enc->jwk(use => 'enc', alg => 'RSA-OAEP')]);
$evil->set(keys => [$theirs->jwk]);
$NodeTool::JWT::CLAIMS{iss} = $issuer->url . '/auth/v1';

$t->write_file('html/index.html', 'index');
my $ng = $t->nginx(<<"CONF", modules => ['base', 'auth'],
    nodetool_errors on;
    root %%DIR%%/html;
    large_client_header_buffers 4 32k;
    add_header X-User "\$nodetool_user;\$nodetool_role" always;
    nodetool_auth supabase;
    nodetool_auth_issuer @{[ $issuer->url ]};
    nodetool_auth_token the-static-token;

    location /secret/ { nodetool_auth_secret $secret; alias %%DIR%%/html/; }
CONF
    http => 'nodetool_auth_cache zone=auth:1m retry=1h;');

sub part { my ($text) = @_; return encode_base64url($text) }

sub parts { my ($token) = @_; return split /\./, $token, -1 }

my $good = $rsa->sign;
my ($head, $body, $sig) = parts($good);
my $payload = sub { return (parts($rsa->sign(@_)))[1] };
my $with_header = sub { my ($json) = @_; my $text = part($json) . ".$body";
    return "$text." . encode_base64url($rsa->signature($text)) };
my $es = $ec->unsigned;
my $es_sig = $ec->signature($es);
my $now = time;
my $claims = sub { my (@members) = @_;
    return '{' . join(',', qq("iss":"$NodeTool::JWT::CLAIMS{iss}"), '"aud":"authenticated"',
        '"sub":"user-a"', @members) . '}' };
my $exp = sub { return $rsa->sign($claims->("\"exp\":$_[0]")) };
my $rsa_text = $rsa->unsigned;
my $as_hs = sub { my ($key) = @_; return NodeTool::JWT->hs($key)->sign({}, { kid => 'rsa-1' }) };

my @attacks = (
    # no signature, or no algorithm
    (map { ["alg $_", part(qq({"alg":"$_","typ":"JWT"})) . ".$body."] }
        'none', 'None', 'nOnE', 'NONE', 'none ', ''),
    (map { ["alg $_ with a signature", part(qq({"alg":"$_"})) . ".$body.$sig"] } 'none', 'nOnE'),
    ['alg none, signed by the secret', $hs->sign({}, { alg => 'none' }), path => '/secret/'],
    ['no alg', $with_header->('{"typ":"JWT","kid":"rsa-1"}')],
    ['alg that is a list', $with_header->('{"alg":["RS256"],"kid":"rsa-1"}')],
    ['stripped signature', "$head.$body."],
    ['stripped signature and dot', "$head.$body"],
    ['stripped signature of HS256', join('.', (parts($hs->sign))[0, 1]) . '.', path => '/secret/'],
    ['half a signature', "$head.$body." . substr $sig, 0, length($sig) / 2],
    ['a signature and more', "$head.$body.${sig}AAAA"],
    ['altered payload', "$head." . $payload->({ sub => 'admin' }) . ".$sig"],
    ['altered header', part('{"alg":"RS256","kid":"rsa-1"}') . ".$body.$sig"],
    ["another's signature", $theirs->sign],

    # key confusion
    ['HS256 by the public key, PEM', $as_hs->($rsa->pem)],
    ['HS256 by the public key, PEM, with a secret', $as_hs->($rsa->pem), path => '/secret/'],
    ['HS256 by the public key, PEM without its end', $as_hs->($rsa->pem =~ s/\n\z//r),
        path => '/secret/'],
    ['HS256 by the public key, DER', $as_hs->($rsa->der), path => '/secret/'],
    ['HS256 by the public key, JWK', $as_hs->($t->encode($rsa->jwk)), path => '/secret/'],
    ['HS256 by the modulus', $as_hs->($rsa->jwk->{n}), path => '/secret/'],
    ['HS256 by a symmetric key of the set', NodeTool::JWT->hs('k' x 32)->sign({}, { kid => 'oct' }),
        path => '/secret/'],
    ['HS256 by nothing', NodeTool::JWT->hs("\0")->sign, path => '/secret/'],
    ['HS256 by the static token', NodeTool::JWT->hs('the-static-token')->sign, path => '/secret/'],
    ['RS256 by the secret', $hs->sign({}, { alg => 'RS256', kid => 'rsa-1' }), path => '/secret/'],
    ['ES256 with the name of an RSA key', $ec->sign({}, { kid => 'rsa-1' })],
    ['RS256 with the name of an EC key', $rsa->sign({}, { kid => 'ec-1' })],
    ['a key to encrypt', $enc->sign],
    ['an RSA key of 1024 bits', $small->sign],
    ['HS512', $hs->sign({}, { alg => 'HS512' }), path => '/secret/'],

    # what a kid might do
    (map { ["kid $_->[0]", $rsa->sign({}, { kid => $_->[1] })] }
        ['a path', '../../../../dev/null'], ['a file', '/etc/passwd'],
        ['SQL', "x' UNION SELECT 'key' -- "], ['a command', '|id; $(id) `id`'],
        ['a URL', $evil->url . '/jwks'], ['empty', ''], ['huge', 'k' x 4000],
        ['with a NUL', "rsa-1\0"], ['a number', 1], ['true', JSON::PP::true],
        ['a list', ['rsa-1']], ['an object', { a => 1 }], ['in another case', 'RSA-1']),
    ['kid null', $with_header->('{"alg":"RS256","kid":null}')],
    ['kid twice', $with_header->('{"alg":"RS256","kid":"x","kid":"rsa-1"}')],
    ['kid %s', $rsa->sign({}, { kid => '%s%n%x' })],

    # keys in the header, and what one must understand
    (map { ["header $_->[0]", $theirs->sign({}, { kid => undef, @$_ })],
           ["header $_->[0] with a kid", $theirs->sign({}, { @$_ })] }
        [jku => $evil->url . '/jwks'], [x5u => $evil->url . '/x5u'], [jwk => $theirs->jwk],
        [x5c => ['AAAA']]),
    ['header crit', $rsa->sign({}, { crit => ['exp'] })],
    ['header crit, empty', $rsa->sign({}, { crit => [] })],
    ['header b64', $rsa->sign({}, { b64 => JSON::PP::false, crit => ['b64'] })],
    ['header alg twice', $with_header->('{"alg":"none","alg":"RS256","kid":"rsa-1"}')],
    ['header typ of something else', $rsa->sign({}, { typ => 'logout+jwt' })],
    ['nested', $rsa->sign(qq("$good"), { cty => 'JWT' })],
    ['nested without saying so', $rsa->sign($good)],
    ['JWE', join('.', part('{"alg":"RSA-OAEP","enc":"A256GCM","kid":"enc"}'), ('AAAA') x 4)],
    ['JWE that is direct', join('.', part('{"alg":"dir","enc":"A128CBC-HS256"}'), '', ('AAAA') x 3)],
    ['JWS as JSON', part(qq({"payload":"$body","signatures":[]}))],

    # ECDSA
    ['ECDSA in DER', "$es." . encode_base64url($ec->der_signature($es))],
    ['ECDSA with r = s = 0', "$es." . encode_base64url("\0" x 64)],
    ['ECDSA with r = 0', "$es." . encode_base64url("\0" x 32 . substr $es_sig, 32)],
    ['ECDSA with s = 0', "$es." . encode_base64url(substr($es_sig, 0, 32) . "\0" x 32)],
    ['ECDSA beyond the order', "$es." . encode_base64url("\xff" x 64)],
    ['ECDSA, numbers with zeros', "$es." . encode_base64url("\0" . substr($es_sig, 0, 32) . "\0"
        . substr $es_sig, 32)],
    ['ECDSA on another curve', $p384->sign],
    ['ECDSA on another curve, by name', $p384->sign({}, { kid => 'ec-1' })],
    ['ES384', $p384->sign({}, { alg => 'ES384' })],

    # claims
    ['expired', $rsa->sign({ exp => $now - 3600 })],
    ['no exp', $rsa->sign({ exp => undef })],
    ['not yet valid', $rsa->sign({ nbf => $now + 3600 })],
    ['made in the future', $rsa->sign({ iat => $now + 3600 })],
    ['another audience', $rsa->sign({ aud => 'anon' })],
    ['another audience, a list', $rsa->sign({ aud => ['anon', 'x'] })],
    ['no audience', $rsa->sign({ aud => undef })],
    ['an audience that begins like it', $rsa->sign({ aud => 'authenticated2' })],
    ['another issuer', $rsa->sign({ iss => $evil->url . '/auth/v1' })],
    ['no issuer', $rsa->sign({ iss => undef })],
    ['an issuer that begins like it', $rsa->sign({ iss => "$NodeTool::JWT::CLAIMS{iss}.evil" })],
    ["Supabase's own key, not by the secret", $rsa->sign({ iss => 'supabase', sub => undef,
        aud => undef, role => 'service_role' })],
    (map { ["exp $_", $exp->($_)] } '"' . ($now + 600) . '"', -1, -($now + 600), '1e300', '1e999',
        '99999999999999999999', '9223372036854775807', 'null', 'true', '[' . ($now + 600) . ']',
        '""', '0', '-0', 'NaN', 'Infinity'),
    ['exp twice', $rsa->sign($claims->("\"exp\":$now", '"exp":' . ($now + 600)))],
    ['sub twice', $rsa->sign($claims->('"sub":"admin"', '"exp":' . ($now + 600)))],
    ['sub twice, escaped', $rsa->sign($claims->('"\u0073ub":"admin"', '"exp":' . ($now + 600)))],
    (map { ["sub $_->[0]", $rsa->sign({ sub => $_->[1] })] }
        ['missing', undef], ['empty', ''], ['of the local user', '1'], ['a number', 7],
        ['a path', '../1'], ['with a NUL', "a\0b"], ['with a line', "a\r\nX-Evil: 1"],
        ['too long', 'u' x 256], ['a list', ['a']]),
    ['claims that are a list', $rsa->sign('[]')],
    ['claims that are no JSON', $rsa->sign('{"sub":')],
    ['claims in UTF-16', $rsa->sign("\xfe\xff\0{\0}")],
    ['deep claims', $rsa->sign('{"a":' . '[' x 2500 . ']' x 2500 . '}')],

    # the form
    ['giant', $rsa->sign({ x => 'x' x 12000 })],
    ['giant and no JWT', 'x' x 20000],
    ['padding', "$head.$body.$sig=="],
    ['plain base64', "$head.$body." . ($sig =~ tr{-_}{+/}r) . '+/'],
    ['a blank within', "$head .$body.$sig"],
    ['a tab within', "$head.\t$body.$sig"],
    ['a line', "$head.$body\r\n .$sig", status => qr/^40[01]$/],
    ['no-break space', "$head.$body.$sig\xc2\xa0"],
    ['zero-width space', "\xe2\x80\x8b$good"],
    ['wide letters', "\xef\xbd\x85$good"],
    ['percent-encoded', $good =~ s/\./%2E/r],
    ['dots before', ".$good"], ['dots behind', "$good."], ['four parts', "$good.$sig"],
    ['only dots', '..'],
    ['quoted', "\"$good\""],

    # where it stands
    ['two headers, good and bad', $good, more => [Authorization => 'Bearer x'], status => 400],
    ['two headers, both good', $good, more => [Authorization => "Bearer $good"], status => 400],
    ['a list in one header', "$good, Bearer x"],
    ['in the query', undef, query => "token=$good"],
    ['in the query as api_key', undef, query => "api_key=$good"],
    ['in the query as access_token', undef, query => "access_token=$good"],
    ['in a cookie', undef, more => [Cookie => "token=$good; sb-access-token=$good"]],
    ['in the body', undef, body => "access_token=$good"],
    ['as a password', undef, more => [Authorization => 'Basic ' . part("token:$good")]],
    ['as another scheme', undef, more => [Authorization => "Token $good"]],
    ['in X-Forwarded-Authorization', undef, more => ['X-Forwarded-Authorization' => "Bearer $good"]],
    ['a user by header', undef, more => ['X-Nodetool-User' => '1', 'X-User-Id' => '1',
        'X-Nodetool-Role' => 'admin']],
    ['the static token in another case', 'THE-STATIC-TOKEN'],
    ['the static token and more', 'the-static-token='],
    ['the start of the static token', 'the-static-toke'],
);

sub send_token {
    my ($token, %opt) = @_;

    return $t->request($ng, $opt{body} ? 'POST' : 'GET', ($opt{path} || '/') . 'index.html'
        . (defined $opt{query} ? "?$opt{query}" : ''), body => $opt{body}, headers => [
        defined $token ? (Authorization => "Bearer $token") : (), @{ $opt{more} || [] }]);
}

is(send_token($good)->{status}, 200, 'the token that they are made of is good');
is(send_token($hs->sign, path => '/secret/')->{status}, 200, '... that of the secret, too');
is(send_token("$es." . encode_base64url($es_sig))->{status}, 200, '... that of the curve, too');
is($issuer->count('jwks'), 1, 'the issuer is asked for keys');

for my $attack (@attacks) {
    my ($name, $token, %opt) = @$attack;
    my $r = send_token($token, %opt);
    my $status = $opt{status} || 401;
    ref $status ? like($r->{status}, $status, $name) : is($r->{status}, $status, $name);
    is($r->{headers}{'x-user'} // ';', ';', "$name: no user");
    unlike($r->{body} . join("\n", %{ $r->{headers} }), qr/\Q$sig\E|eyJ|the-static-token/,
        "$name: nothing of it comes back");
}

is(send_token($good)->{status}, 200, 'the good one is still good');
is(scalar($issuer->{mock}->requests), 1, 'nobody was asked');
is(scalar($evil->{mock}->requests), 0, '... not even whom tokens name');
unlike(join("\n", grep { !/duplicate|client sent invalid header/i && !/[?](token|api_key|access_token)=/ }
    split /\n/, $t->read_file($ng->{errorlog})), qr/\Q$sig\E|eyJ|the-static-token/,
    'no token is in the error log');

$t->done;
