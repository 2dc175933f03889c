#!/usr/bin/perl

# nodetool_auth_limit: failures of an address.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Time::HiRes qw(sleep time);
use NodeTool::JWT;
use NodeTool::MockIssuer;
use NodeTool::Test;
use NodeTool::WebSocket;

my $t = NodeTool::Test->new;
my $secret = 'a-secret-that-is-long-enough-for-hs256';
my $hs = NodeTool::JWT->hs($secret);
my $issuer = NodeTool::MockIssuer->start($t, 'issuer');
$NodeTool::JWT::CLAIMS{iss} = $issuer->url . '/auth/v1';
$issuer->set(users => { map { $_ => { id => 'user-o' } } qw(opaque opaque-2) });

$t->write_file('html/index.html', 'index');
my $server = <<"CONF";
    nodetool_errors on;
    root %%DIR%%/html;
    set_real_ip_from 127.0.0.1;
    real_ip_header X-Real-IP;
    nodetool_auth_token right;
    nodetool_auth_token right-2;
    nodetool_auth_limit zone=failures:64k rate=1r/m burst=3;
    nodetool_auth_query on;
    set \$who \$nodetool_user;    # known before the access phase, too
    nodetool_auth static;

    location /jwt/ { nodetool_auth supabase; nodetool_auth_userinfo on;
        nodetool_auth_issuer @{[ $issuer->url ]};
        nodetool_auth_secret $secret; alias %%DIR%%/html/; }
    location /quick/ { nodetool_auth_limit zone=quick:64k rate=2r/s burst=1;
        alias %%DIR%%/html/; }
    location /off/ { nodetool_auth_limit off; alias %%DIR%%/html/; }
    location /same/ { nodetool_auth_limit zone=failures rate=1r/m burst=5;
        alias %%DIR%%/html/; }
    location /any/ { satisfy any; allow 192.0.2.77; deny all; alias %%DIR%%/html/; }
    location /page/ { error_page 401 /page/error.html; }
CONF
my $ng = $t->nginx($server, modules => ['base', 'auth'], workers => 2);

sub ask {
    my ($from, $token, $path) = @_;

    return $t->get($ng, $path || '/', headers => ['X-Real-IP' => $from,
        defined $token ? (Authorization => "Bearer $token") : ()]);
}

sub statuses { my ($from, @tokens) = @_; return join ' ', map { ask($from, $_)->{status} } @tokens }

my @wrong = map { "wrong-$_" } 1 .. 10;

is(statuses('192.0.2.1', @wrong[0 .. 4]), '401 401 401 429 429', 'three failures, then 429');
my $r = ask('192.0.2.1', 'wrong');
is($r->{json}{error}{type}, 'rate_limited', '... JSON');
cmp_ok($r->{headers}{'retry-after'}, '>', 50, '... Retry-After');
cmp_ok($r->{headers}{'retry-after'}, '<=', 60, '... of a minute');
ok(!exists $r->{headers}{'www-authenticate'}, '... no challenge');
is(statuses('192.0.2.1', undef), '401', 'without a token: 401');
is(statuses('192.0.2.1', 'right'), '429', 'a right token is not looked at, either');
is(statuses('192.0.2.2', 'right', @wrong[0 .. 3]), '200 401 401 401 429', 'another address');
is(statuses('192.0.2.2', 'right', 'right-2'), '200 429', '... may go on with what it had');
is(statuses('192.0.2.3', (undef) x 6, 'right'), '401 ' x 6 . '200', 'no token is no failure');
is(ask('192.0.2.1', 'wrong', '/off/index.html')->{status}, 401, 'off');
is(ask('192.0.2.1', 'wrong', '/same/index.html')->{status}, 401, 'the same zone, more room');
is(ask('192.0.2.1', 'wrong', '/any/index.html')->{status}, 429, 'satisfy any');
ask('192.0.2.77', 'wrong') for 1 .. 4;
is(ask('192.0.2.77', 'wrong')->{status}, 429, 'an address that is limited');
is(ask('192.0.2.77', 'wrong', '/any/index.html')->{status}, 200, '... and let in by another module');

# --- addresses -----------------------------------------------------------------

is(statuses('2001:db8:1:2::1', @wrong[0 .. 1]), '401 401', 'IPv6');
is(statuses('2001:db8:1:2:ffff::2', @wrong[2 .. 3]), '401 429', '... the same network');
is(statuses('2001:db8:1:3::1', $wrong[0]), '401', '... the next one');
is(statuses('::ffff:192.0.2.1', $wrong[0]), '429', 'IPv4 in IPv6');

# --- JWTs, questions, WebSockets ---------------------------------------------------

my $from = '192.0.2.10';
my $bad = $hs->sign =~ s/\.[^.]+$/.AAAA/r;
is(join(' ', map { ask($from, $_, '/jwt/index.html')->{status} } $bad, "$bad$bad", 'x.y.z', $bad,
    'opaque'), '401 401 401 429 429', 'JWTs that nobody signed');
is($issuer->count('user'), 2, '... beyond the limit the issuer is not asked');
is(ask($from, $hs->sign, '/jwt/index.html')->{status}, 200, '... what is signed is let in');
is(ask($from, $hs->sign({ exp => 1 }), '/jwt/index.html')->{status}, 401, '... or has expired');
$from = '192.0.2.11';
is(join(' ', map { ask($from, $_, '/jwt/index.html')->{status} } ($hs->sign({ exp => 1 })) x 6,
    'opaque'), '401 ' x 6 . '200', 'an expired token is no failure');
ask($from, "wrong-$_") for 1 .. 4;
is(ask($from, 'opaque', '/jwt/index.html')->{status}, 200, 'what is known of a token still holds');
is(ask($from, 'opaque-2', '/jwt/index.html')->{status}, 429, '... for others nobody is asked');

$from = '192.0.2.12';
my @codes = map {
    my $ws = NodeTool::WebSocket->open($ng, "/?token=$_", headers => ['X-Real-IP' => $from]);
    $ws->{status} == 101 ? ($ws->closed)[0] : $ws->{status};
} @wrong[0 .. 4];
is("@codes", '1008 1008 1008 429 429', 'WebSockets');
is(NodeTool::WebSocket->open($ng, '/', headers => ['X-Real-IP' => $from,
    Authorization => 'Bearer right'])->{status}, 429, '... with a header, too');

# --- time ----------------------------------------------------------------------

$from = '192.0.2.20';
is(ask($from, 'wrong', '/quick/index.html')->{status}, 401, 'two a second');
is(ask($from, 'wrong', '/quick/index.html')->{status}, 429, '... not at once');
is(ask($from, 'wrong', '/quick/index.html')->{headers}{'retry-after'}, 1, '... Retry-After');
sleep 0.55;
is(ask($from, 'right', '/quick/index.html')->{status}, 200, '... half a second later');
is(ask($from, 'wrong', '/quick/index.html')->{status}, 401, '... they may fail again');

# an error page in a location like this one is no second failure
$from = '192.0.2.21';
is(ask($from, "wrong-$_", '/page/x')->{status}, $_ < 4 ? 401 : 429, "page $_") for 1 .. 4;

# --- reload, and more addresses than there is room for ---------------------------

kill 'HUP', $ng->{pid};
$t->wait_for('a reload', sub { $t->read_file($ng->{errorlog}) =~ /gracefully shutting down/ });
is(statuses('192.0.2.1', 'wrong'), '429', 'a reload forgets nothing');
my @first = map { statuses("198.51.$_.1", ('wrong') x 2) } 0 .. 255;
push @first, map { statuses("198.52.$_.1", 'wrong') } 0 .. 255;
is(scalar(grep { /[^401 ]/ } @first), 0, 'many addresses');
is(statuses('198.53.0.1', @wrong[0 .. 3]), '401 401 401 429', '... the last ones count');

$t->done;
