#!/usr/bin/perl

# ngx_http_nodetool_auth_module: who is calling.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use NodeTool::Test;

my $t = NodeTool::Test->new;
my @modules = (modules => ['base', 'auth']);

my $secret = 'abcDEF-._~+/123==';
my $in_file = 'second-token';
my $rotated = 'third-token';
my $in_env = 'token-of-the-environment';

$t->write_file('tokens', "# two at a time\n\n  $in_file \r\n$rotated\n");
$t->write_file('html/error.html', 'error page');
$t->write_file('html/index.html', 'index');
$t->write_file('html/local.html', 'local');

my $server = <<"CONF";
    nodetool_errors on;
    root %%DIR%%/html;
    nodetool_auth_token $secret;
    nodetool_auth_token file:tokens;
    nodetool_auth_token env:NT_TEST_TOKEN;
    add_header X-User "\$nodetool_user;\$nodetool_auth_provider" always;
    add_header X-Role "\$nodetool_role" always;

    location / { nodetool_auth static; }
    location /off/ { nodetool_errors off; alias %%DIR%%/html/; }
    location /none/ { nodetool_auth none; alias %%DIR%%/html/; }
    location /local/ { nodetool_auth local; alias %%DIR%%/html/; }
    location /other/ { nodetool_auth static; nodetool_auth_token other;
                       alias %%DIR%%/html/; }
    location /any/allow/ { nodetool_auth static; satisfy any;
                           allow 127.0.0.1; deny all;
                           alias %%DIR%%/html/; }
    location /any/deny/ { nodetool_auth static; satisfy any; deny all;
                          alias %%DIR%%/html/; }
    location /any/none/ { nodetool_auth none; satisfy any; deny all; }
    location /any/missing/ { nodetool_auth static; satisfy any;
                             allow 127.0.0.1; deny all; return 403; }
    location /all/deny/ { nodetool_auth static; deny all; }
    location /page/open/ { nodetool_auth static; error_page 401 /off/local.html;
                           nodetool_errors off; }
    location /page/same/ { nodetool_auth static; nodetool_errors off;
                           error_page 401 /closed/error.html; }
    location /closed/ { nodetool_auth static; alias %%DIR%%/html/;
                        nodetool_errors off; }
    location /redirect/ { nodetool_auth static; try_files /none /local/local.html; }
    location /redirect-to-closed/ { rewrite ^ /closed/index.html last; }
    location /named/ { nodetool_auth static; error_page 404 = \@named; }
    location \@named { nodetool_auth off; return 200 "named \$nodetool_user"; }
    location /early/ { nodetool_auth static; limit_req zone=user;
                       limit_req_status 429; alias %%DIR%%/html/; }
    location /sub/ { nodetool_auth static; auth_request /sub-check;
                     alias %%DIR%%/html/; }
    location = /sub-check { nodetool_auth static;
        if (\$nodetool_user) { return 204; } return 403; }
    location /ssi/ { nodetool_auth static; ssi on; ssi_types *;
                     alias %%DIR%%/html/; }
    location /upstream/ { nodetool_auth static;
        proxy_pass http://127.0.0.1:%%PORT_mock%%;
        proxy_set_header X-Nodetool-User \$nodetool_user; }
    location /body/ { nodetool_auth static;
        proxy_pass http://127.0.0.1:%%PORT_mock%%; }
CONF
my $http = <<'CONF';
    limit_req_zone $nodetool_user zone=user:64k rate=1r/m;
    log_format user "$status $uri [$nodetool_user] [$nodetool_auth_error]";
    access_log %%DIR%%/user.log user;
CONF
$t->write_file('html/ssi.html', '<!--#include virtual="/closed/local.html" -->'
    . '<!--#echo var="nodetool_user" -->');
$t->mock('mock', sub {
    my ($sock) = @_;
    my $user = '';
    while (defined(my $l = <$sock>)) {
        $user = $1 if $l =~ /^X-Nodetool-User: (.*?)\r/i;
        last if $l eq "\r\n";
    }
    print {$sock} "HTTP/1.1 200 OK\r\nContent-Length: " . length($user)
        . "\r\nConnection: close\r\n\r\n$user";
});

my %env = (env => { NT_TEST_TOKEN => $in_env });
my $ng = $t->nginx($server, http => $t->expand($http), @modules, %env);

sub with { return (headers => ['Authorization', "Bearer $_[0]"]) }

# --- tokens ------------------------------------------------------------------

for my $token ($secret, $in_file, $rotated, $in_env) {
    my $r = $t->get($ng, '/', with($token));
    is($r->{status}, 200, "token: $token");
    is($r->{headers}{'x-user'}, '1;static', '... is user 1');
    is($r->{headers}{'x-role'}, 'admin', '... who administers');
}
for my $value ("bearer $secret", "BEARER $secret", "Bearer   $secret") {
    is($t->get($ng, '/', headers => ['Authorization', $value])->{status}, 200,
        $value);
}

sub refused {
    my ($name, $r, $challenge) = @_;

    is($r->{status}, 401, "$name: status");
    is($r->{headers}{'www-authenticate'}, 'Bearer realm="nodetool"'
        . ($challenge || ''), "$name: challenge");
    is($r->{json}{error}{type}, 'unauthorized', "$name: JSON");
    is($r->{headers}{'x-user'}, ';', "$name: no user");
    is($r->{headers}{'x-role'} || '', '', "$name: no role");
    return;
}

my $r = $t->get($ng, '/');
refused('no token', $r);
like($r->{json}{error}{message}, qr/Authorization: Bearer/, '... how to');
for my $token ('wrong', substr($secret, 0, -1), "x$secret", lc $secret,
    'x' x 5000, 'other')
{
    $r = $t->get($ng, '/', with($token));
    refused('wrong: ' . substr($token, 0, 20), $r, ', error="invalid_token"');
    unlike($r->{body}, qr/\Q$token/, '... not told');
}
for my $value ('', 'Bearer', 'Bearer ', "Basic $secret", $secret,
    "Bearer $secret x", "Bearer $secret,", "Bearer\t$secret", "Token $secret")
{
    refused("malformed: $value",
        $t->get($ng, '/', headers => ['Authorization', $value]));
}
refused('query', $t->get($ng, "/?token=$secret&api_key=$secret"));
refused('cookie', $t->get($ng, '/', headers => ['Cookie', "token=$secret"]));

for my $pair ([$secret, $secret], [$secret, 'wrong'], ['wrong', $secret]) {
    $r = $t->get($ng, '/', headers => ['Authorization', "Bearer $pair->[0]",
        'Authorization', "Bearer $pair->[1]"]);
    is($r->{status}, 400, 'two headers');
    is($r->{json}{error}{type}, 'bad_request', '... are refused');
}

is($t->get($ng, '/other/', with('other'))->{status}, 200, 'own token');
refused('the token of above', $t->get($ng, '/other/', with($secret)),
    ', error="invalid_token"');
is($t->request($ng, 'HEAD', '/')->{status}, 401, 'HEAD');
is($t->request($ng, 'POST', '/body/', body => 'x' x 100_000)->{status}, 401,
    'a body that nobody reads');
is($t->request($ng, 'POST', '/body/', body => 'x' x 100_000, with($secret))
    ->{status}, 200, 'a body that passes');
is($t->get($ng, '/upstream/', with($secret))->{body}, '1', 'to an upstream');

# --- providers ---------------------------------------------------------------

for my $case (['off', ';'], ['none', '1;none'], ['local', '1;local']) {
    my ($name, $user) = @$case;
    for my $opt ([], [with($secret)], [with('wrong')]) {
        $r = $t->get($ng, "/$name/", @$opt);
        is("$r->{status} $r->{headers}{'x-user'}", "200 $user", $name);
        is($r->{headers}{'x-role'} || '', $name eq 'off' ? '' : 'admin',
            "$name: role");
    }
}

# --- satisfy -----------------------------------------------------------------

$r = $t->get($ng, '/any/allow/');
is($r->{status}, 200, 'satisfy any: by address');
ok(!exists $r->{headers}{'www-authenticate'}, '... no challenge is left');
is($r->{headers}{'x-user'}, ';', '... no user');
is($t->get($ng, '/any/deny/', with($secret))->{status}, 200,
    'satisfy any: by token');
refused('satisfy any: neither', $t->get($ng, '/any/deny/'));
is($t->get($ng, '/any/none/')->{status}, 403, 'none satisfies nothing');
$r = $t->get($ng, '/any/missing/');
unlike($r->{json}{error}{message}, qr/token/i,
    "another's 403 does not speak of tokens");
is($t->get($ng, '/all/deny/', with($secret))->{status}, 403, 'satisfy all');

# --- redirects, error pages, subrequests -------------------------------------

$r = $t->get($ng, '/page/open/');
is("$r->{status} $r->{body}", '401 local', 'an open error page');
is($r->{headers}{'www-authenticate'}, 'Bearer realm="nodetool"',
    '... keeps the challenge');
$r = $t->get($ng, '/page/same/');
is($r->{status}, 401, 'an error page that is closed itself');
is($r->{headers}{'www-authenticate'}, 'Bearer realm="nodetool"',
    '... challenges once');
refused('try_files', $t->get($ng, '/redirect/'));
$r = $t->get($ng, '/redirect/', with($secret));
is("$r->{body} $r->{headers}{'x-user'}", 'local 1;local', 'internal redirect');
is($t->get($ng, '/redirect-to-closed/')->{status}, 401, 'rewrite to closed');
is($t->get($ng, '/redirect-to-closed/', with($secret))->{body}, 'index',
    '... with a token');
is($t->get($ng, '/named/x', with($secret))->{body}, 'named 1',
    'the user outlives a redirect to where auth is off');
is($t->get($ng, '/early/', with($secret))->{status}, 200,
    'the user is known before the access phase');
is($t->get($ng, '/early/', with($secret))->{status}, 429, '... for limits');
is($t->get($ng, '/early/')->{status}, 401, '... nobody is not limited');
is($t->get($ng, '/sub/', with($secret))->{status}, 200, 'auth_request');
is($t->get($ng, '/sub/')->{status}, 401, 'auth_request, no token');
is($t->get($ng, '/ssi/ssi.html', with($secret))->{body}, 'local1',
    'subrequest');

# --- keepalive ---------------------------------------------------------------

my $c = NodeTool::HTTP->connect_to($ng->{port});
for my $i (1 .. 3) {
    $c->send_request('POST', '/body/', body => 'x' x 5000, headers =>
        ['Connection', 'keep-alive']);
    is($c->response->{status}, 401, "keepalive $i: refused");
    $c->send_request('GET', '/', headers => ['Connection', 'keep-alive',
        'Authorization', "Bearer $secret"]);
    is($c->response->{status}, 200, "keepalive $i: let in");
}

# --- logs --------------------------------------------------------------------

$t->wait_for('the access log', sub {
    $t->read_file('user.log') =~ m{^200 /index.html \[1\] \[-\]$}m });
like($t->read_file('user.log'), qr{^401 / \[-\] \[This server needs}m,
    'the access log has the reason');
my $log = $t->read_file($ng->{errorlog});
like($log, qr/\[info\].*nodetool auth refused: The token is not valid/,
    'the error log has it, too');

# nginx itself logs the lines of a doubled header, at level info
my @refusals = grep { /nodetool auth refused/ && !/[?]token=/ }
    split /\n/, $log;
cmp_ok(scalar @refusals, '>', 20, 'refusals are logged');
is(scalar(grep { /\Q$secret\E|wrong/ } @refusals), 0, '... without tokens');

# --- local: pages of other sites ----------------------------------------------

sub local_status {
    my ($host, $origin, $method) = @_;

    my $r = $t->request($ng, $method || 'GET', '/local/local.html', headers => [
        Host => $host, $origin ? (Origin => $origin) : ()]);
    is($r->{headers}{'x-user'}, $r->{status} == 403 ? ';' : '1;local', 'the user');
    is($r->{json}{error}{type}, 'forbidden', 'in JSON') if $r->{status} == 403;
    return $r->{status};
}

my $at = "127.0.0.1:$ng->{port}";

is(local_status($_), 200, "Host: $_") for $at, '127.0.0.1', '127.8.9.1:80',
    "localhost:$ng->{port}", 'LOCALHOST', 'localhost.', 'my.localhost:1', '[::1]:80', '192.168.1.2';
is(local_status($_), 403, "Host: $_") for 'evil.example', "evil.example:$ng->{port}",
    'localhost.evil.example', 'notlocalhost', '127.0.0.1.evil.example';
is(local_status($at, $_), 200, "Origin: $_") for "http://$at", 'http://localhost:3000',
    'http://localhost', 'https://a.localhost', 'http://[::1]:3000', 'http://127.0.0.2';
is(local_status($at, $_), 403, "Origin: $_") for 'null', 'http://evil.example',
    'http://evil.example:3000', 'http://localhost.evil.example', 'http://10.0.0.1',
    'http://127.0.0.1.evil.example', 'http://evil.example/localhost', 'file://', 'http://:80';
is(local_status('192.168.1.2:8', 'http://192.168.1.2:8'), 200, 'the same origin');
is(local_status('192.168.1.2:8', 'http://192.168.1.2:9'), 403, 'another port of it');
is(local_status($at, 'http://evil.example', 'POST'), 403, 'POST');
is($t->get($ng, '/none/local.html', headers => [Host => 'a.example', Origin =>
    'http://evil.example'])->{status}, 200, 'none takes all');
is($t->request($ng, 'GET', '/', headers => [Host => 'a.example', Origin =>
    'http://evil.example', Authorization => "Bearer $secret"])->{status}, 200,
    'a token is enough');

# --- rotation: a reload in the middle ----------------------------------------

my $conf = $t->read_file('nginx.conf');
$t->write_file('tokens', "$rotated\n");
kill 'HUP', $ng->{pid};
$t->wait_for('the old worker to end', sub {
    $t->read_file($ng->{errorlog}) =~ /process \d+ exited with code 0/ });
refused('after rotation: the old one', $t->get($ng, '/', with($in_file)),
    ', error="invalid_token"');
is($t->get($ng, '/', with($_))->{status}, 200, 'after rotation: others')
    for $rotated, $secret, $in_env;

my $single = $t->nginx($server, http => $t->expand($http), @modules, %env,
    main => 'master_process off;', name => 'nginx-single');
is($t->get($single, '/')->{status}, 401, 'without a master: refused');
is($t->get($single, '/', with($in_env))->{status}, 200, '... let in');

my $h2 = $t->nginx($server, http => $t->expand($http), @modules, %env,
    listen => '127.0.0.1:%%PORT%% http2', name => 'nginx-h2');
my @curl = ('curl', '-s', '--http2-prior-knowledge', '-o', '/dev/null', '-w',
    '%{http_code}');
my $h2_url = "http://127.0.0.1:$h2->{port}/";
sub h2 {
    my @args = @_;
    local $ENV{LD_PRELOAD} = '';    # a sanitizer's; curl hangs under it
    open my $pipe, '-|', @curl, @args or die "curl: $!";
    return scalar <$pipe>;
}
is(h2($h2_url), 401, 'HTTP/2: none');
is(h2('-H', "Authorization: Bearer $secret", $h2_url), 200, 'HTTP/2: good');
is(h2('-H', 'Authorization: Bearer x', $h2_url), 401, 'HTTP/2: wrong');
is(h2('-H', "Authorization: Bearer $secret", '-H',
    "Authorization: Bearer $secret", $h2_url), 400, 'HTTP/2: two');

# --- configuration -----------------------------------------------------------

$t->write_file('empty', "# nothing\n\n");
$t->write_file('bad', "good-token\nbad\x01token\n");
for my $case (
    ['nodetool_auth static;', qr/needs a "nodetool_auth_token"/],
    ['location / { nodetool_auth static; }', qr/needs a "nodetool_auth_token"/],
    ['nodetool_auth supabase;', qr/need a "nodetool_auth_issuer"/],
    ['nodetool_auth maybe;', qr/invalid value "maybe"/],
    ['nodetool_auth none; nodetool_auth local;', qr/is duplicate/],
    ['nodetool_auth_token "";', qr/cannot be sent as a bearer token/],
    ['nodetool_auth_token "s3cret with spaces";', qr/cannot be sent/],
    ['nodetool_auth_token env:NT_NOT_SET;', qr/"NT_NOT_SET".*is not set/],
    ['nodetool_auth_token env:;', qr/is not set/],
    ['nodetool_auth_token file:missing;', qr/missing" failed/],
    ['nodetool_auth_token file:empty;', qr/holds no token/],
    ['nodetool_auth_token file:bad;', qr/a token in the file ".*bad" cannot/],
    ['nodetool_auth_token file:/dev/null;', qr/not a regular/],
    ['nodetool_auth_token a b;', qr/invalid number of arguments/],
) {
    my ($rc, $output) = $t->nginx_check($case->[0], @modules);
    isnt($rc, 0, "refused: $case->[0]");
    like($output, $case->[1], '... and says why');
    like($output, qr/check\.conf:\d+$/m, '... and where');
    unlike($output, qr/s3cret|good-token/, '... and no secret');
}
is(($t->nginx_check('nodetool_auth static; nodetool_auth_token a;',
    modules => ['auth']))[0], 0, 'works without the base module');

$t->done;
