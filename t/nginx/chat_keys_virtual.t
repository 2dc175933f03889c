#!/usr/bin/perl

# nodetool_auth_keys: virtual keys, what they may use, and who tries others.

use strict;
use warnings;

use lib 't/lib';

use Digest::SHA qw(sha256_hex);
use Test::More;
use Time::HiRes qw(sleep);

use NodeTool::JWT;
use NodeTool::MockIssuer;
use NodeTool::Test;

my $t = NodeTool::Test->new;
my $secret = 'a-secret-that-is-long-enough-for-hs256';
my $issuer = NodeTool::MockIssuer->start($t, 'issuer');
$NodeTool::JWT::CLAIMS{iss} = $issuer->url . '/auth/v1';

sub hash { return 'sha256:' . sha256_hex($_[0]) }
my %key = map { $_ => "sk-nt-$_-0123456789abcdef" } qw(ci alice old admin new);

my @lines = ("# keys\n", "\n",
    hash($key{ci}) . " name=ci models=echo,gpt-* rpm=3 tpm=1000 budget_day=5"
        . " budget_month=99.50\n",
    "\tsha256:" . uc(sha256_hex($key{alice})) . "  name=alice-laptop\tuser=alice expires=2999-01-01T00:00:00Z\r\n",
    hash($key{old}) . " name=old expires=2001-02-03\n",
    hash($key{admin}) . " name=boss role=admin");
my $file = $t->write_file('keys', join '', @lines);

# --- files that are faulty ---

my $h = hash('x');
my @wrong = (
    ['nonsense', qr/expected sha256: and 64 hexadecimal digits/],
    ['sha256:12 name=x', qr/expected sha256: and 64/],
    ["${h}0 name=x", qr/expected sha256: and 64/],
    ["$h", qr/has no name=/],
    ["$h name=", qr/name: expected 1 to 64/],
    ["$h name=a/b", qr/name: expected/],
    ["$h name=.a", qr/name: expected/],
    ["$h name=" . 'a' x 65, qr/name: expected/],
    ["$h name=1", qr/needs user=/],
    ["$h name=a user=1", qr/user: expected .* not 1/],
    ["$h name=a user=a/b", qr/user: expected/],
    ["$h name=a user=\xc3\xa9", qr/user: expected/],
    ["$h name=a role=root", qr/role: expected user or admin/],
    ["$h name=a models=", qr/models: expected/],
    ["$h name=a rpm=-1", qr/rpm: expected a whole number/],
    ["$h name=a rpm=1.5", qr/rpm: expected/],
    ["$h name=a tpm=x", qr/tpm: expected/],
    ["$h name=a budget_day=1e9", qr/budget_day: expected dollars/],
    ["$h name=a budget_month=-1", qr/budget_month: expected dollars/],
    ["$h name=a expires=tomorrow", qr/expires: expected a date/],
    ["$h name=a expires=2027-02-29", qr/expires: expected a date/],
    ["$h name=a colour=red", qr/no such field; there are name, user/],
    ["$h name=a rpm", qr/expected name=value/],
    ["$h name=a name=b", qr/stands there twice/],
    ["$h name=a\n$h name=b", qr{another line has the same hash in \S+:3}],
    ["$h name=a\n" . hash('y') . ' name=a', qr{the same name in \S+:3}]);
for my $row (@wrong) {
    $t->write_file('wrong', "# a comment\n$row->[0]\n");
    my ($status, $out) = $t->nginx_check('nodetool_auth static; nodetool_auth_keys wrong;');
    isnt($status, 0, "wrong: $row->[0]");
    like($out, $row->[1], 'says why');
    like($out, qr{\Q$t->{dir}\E/wrong:[23]}, 'file and line');
    unlike($out, qr/[0-9a-f]{40}/, 'without a hash');
}
my ($status, $out) = $t->nginx_check('nodetool_auth static; nodetool_auth_keys none;');
like($out, qr{open\(\) "\Q$t->{dir}\E/none" failed}, 'a file that is missing');
($status, $out) = $t->nginx_check('nodetool_auth_keys keys; nodetool_auth_keys keys;');
like($out, qr/is duplicate/, 'twice');
($status, $out) = $t->nginx_check('nodetool_auth_keys /;');
like($out, qr/not a file of keys/, 'a folder');
$t->write_file('empty', "# none\n");
($status, $out) = $t->nginx_check('nodetool_auth static; nodetool_auth_keys empty;');
is($status, 0, 'a file without keys') or diag($out);

# --- who is let in ---

my $conf = <<"CONF";
    nodetool_errors on;
    nodetool_auth static;
    nodetool_auth_keys keys;
    nodetool_auth_token static-token;
    location /who { add_header X-Who "\$nodetool_auth_provider|\$nodetool_user|\$nodetool_role|\$nodetool_key|\$nodetool_key_models|\$nodetool_key_rpm|\$nodetool_key_tpm|\$nodetool_key_budget_day|\$nodetool_key_budget_month"; try_files /none =204; }
    location /jwt { nodetool_auth supabase; nodetool_auth_issuer @{[ $issuer->url ]};
        nodetool_auth_secret $secret; add_header X-Who "\$nodetool_auth_provider|\$nodetool_user|\$nodetool_key"; try_files /none =204; }
    location /guess { nodetool_auth_limit zone=g:64k rate=1r/m burst=2; try_files /none =204; }
    location /only { nodetool_auth_token other; try_files /none =204; }
    location /v1/ { nodetool_chat; nodetool_limit \$nodetool_key rpm=\$nodetool_key_rpm
        tpm=\$nodetool_key_tpm day=\$nodetool_key_budget_day
        month=\$nodetool_key_budget_month models=\$nodetool_key_models; }
    location /page { error_page 404 /page.html; add_header X-Who "\$nodetool_key"; try_files /none =404; }
    location = /page.html { nodetool_auth off; add_header X-Who "\$nodetool_key|\$nodetool_user" always; return 200; }
CONF
my $ng = $t->nginx($conf, workers => 2);

sub ask {
    my ($path, $token) = @_;
    return $t->get($ng, $path, headers => [defined $token
        ? (Authorization => "Bearer $token") : ()]);
}
sub who { my $r = ask(@_); return "$r->{status} " . ($r->{headers}{'x-who'} || '') }

is(who('/who', $key{ci}), '204 key|ci|user|ci|echo,gpt-*|3|1000|5|99.50', 'a key with all');
is(who('/who', $key{alice}), '204 key|alice|user|alice-laptop|||||', 'one with a user');
is(who('/who', $key{admin}), '204 key|boss|admin|boss|||||', 'one of an administrator');
is(who('/who', 'static-token'), '204 static|1|admin||||||', 'a static token beside');
is(who('/jwt', $key{ci}), '204 key|ci|ci', 'beside JWTs');
like(who('/jwt', NodeTool::JWT->hs($secret)->sign), qr/^204 supabase\|[^|]+\|$/, 'a JWT');
is(who('/only', $key{ci}), '204 ', 'inherited');
is(who('/page', $key{ci}), '404 ci|ci', 'known to an error page');
my $r = ask('/who', $key{old});
is($r->{status}, 401, 'one that has expired');
like($r->{json}{error}{message}, qr/expired/, 'says so');
like($r->{headers}{'www-authenticate'}, qr/error="invalid_token"/, 'as RFC 6750 has it');

# --- attacks ---

my $ci = $key{ci};
my @attacks = (
    ['nothing', undef], ['wrong', 'sk-nt-wrong'], ['truncated', substr($ci, 0, -1)],
    ['longer', $ci . 'a'], ['another case', uc $ci], ['its hash', sha256_hex($ci)],
    ['its hash as in the file', hash($ci) =~ s/:/./r], ['a name', 'ci'], ['a prefix', 'sk-nt-'],
    ['with padding', "$ci="], ['a static token, longer', 'static-token2'],
    ['no bearer', '', 'Basic ' . $ci]);
for my $row (@attacks) {
    my ($what, $token, $header) = @$row;
    $r = $header ? $t->get($ng, '/who', headers => [Authorization => $header])
        : ask('/who', $token);
    is($r->{status}, 401, "attack: $what");
    ok(!exists $r->{headers}{'x-who'}, 'nothing is told');
}
is($t->get($ng, '/who', headers => [Authorization => "Bearer $ci",
    Authorization => "Bearer $ci"])->{status}, 400, 'two headers');
is($t->get($ng, "/who?api_key=$ci")->{status}, 401, 'a query');

is(join(' ', map { ask('/guess', "wrong-$_")->{status} } 1 .. 3), '401 401 429', 'guesses');
is(ask('/guess', $ci)->{status}, 429, 'then a good key tells nothing either');

# nginx itself tells of a doubled header, at info
my $log = ($t->read_file($ng->{errorlog}) =~ s/^.*duplicate header.*$//mgr) . $t->read_file('nginx-access.log');
unlike($log =~ s/api_key=\S+//gr, qr/\Q$ci\E/, 'no key in a log');
unlike($log, qr/@{[ sha256_hex($ci) ]}/, 'no hash in a log');

# --- what a key may use ---

sub chat {
    my ($token, $model) = @_;
    return $t->request($ng, 'POST', '/v1/chat/completions', headers => [Authorization =>
        "Bearer $token"], json => { model => $model, messages => [{ role => 'user', content => 'x' }] });
}
is(join(' ', map { chat($key{ci}, 'echo')->{status} } 1 .. 4), '200 200 200 429', 'rpm=3');
is(chat($key{ci}, 'claude')->{status}, 403, 'a model that it may not use');
is(chat($key{alice}, 'echo')->{status}, 200, 'another key');
is(chat('static-token', 'echo')->{status}, 200, 'a static token has no limits');

# --- the file changes ---

$t->write_file('keys', join '', @lines[0 .. 1], hash($key{new}) . " name=ci\n");
$t->wait_for('the new key', sub { 2 == grep { $_->{status} == 204 }
    map { ask('/who', $key{new}) } 1 .. 2 });
$t->wait_for('the end of the old one', sub { 4 == grep { $_->{status} == 401 }
    map { ask('/who', $ci) } 1 .. 4 });
is(chat($key{new}, 'echo')->{status}, 200, 'a new key of the same name');

$t->write_file('keys', "faulty\n");
$t->wait_for('the log', sub { $t->read_file($ng->{errorlog}) =~
    m{\[error\].*expected sha256: .* in \S+/keys:1} });
sleep 0.1;
is(ask('/who', $key{new})->{status}, 204, 'a faulty file changes nothing');
unlink $file;
sleep 2.5;
is(ask('/who', $key{new})->{status}, 204, 'nor does one that is gone');
my @said = $t->read_file($ng->{errorlog}) =~ /open\(\) "\S+keys" failed/g;
cmp_ok(scalar @said, '<=', 2, 'which is said once a worker');
$t->write_file('keys', hash($key{alice}) . " name=alice\n");
$t->wait_for('the file again', sub { 4 == grep { $_->{status} == 204 }
    map { ask('/who', $key{alice}) } 1 .. 4 });
$t->write_file('keys', '');
$t->wait_for('no keys', sub { 4 == grep { $_->{status} == 401 }
    map { ask('/who', $key{alice}) } 1 .. 4 });
is(who('/who', 'static-token'), '204 static|1|admin||||||', 'the token stays');

$t->done;
