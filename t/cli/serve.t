#!/usr/bin/perl

# nodetool serve: the editor's server, and what an editor does with it.

use strict;
use warnings;

use Test::More;

use lib 't/lib';

use NodeTool::Test;
use NodeTool::Worker;

delete @ENV{qw(AUTH_PROVIDER WORKER_AUTH_TOKEN PORT NODETOOL_HOME
    SECRETS_MASTER_KEY NODETOOL_ENABLE_TERMINAL_WS ENV)};

my $t = NodeTool::Test->new;
my $e = start_server($t, 'serve', args => ['--store', 'memory']);
my $home = $e->{home};
my $r;

# --- the banner, the home ---

like($e->{output}, qr/^NodeTool serve \S+ is ready\.$/m, 'the banner');
like($e->{output}, qr/listening on 127\.0\.0\.1 port $e->{port}\)/,
    'loopback by default');
like($e->{output}, qr/^  Auth +local: no token is needed$/m, 'without a token');
like($e->{output}, qr{^  Console +http://127\.0\.0\.1:$e->{port}/console$}m,
    'the console');

is((stat "$home/secrets.key")[2] & 07777, 0600, 'a key for secrets');
chomp(my $key = $t->read_file("$home/secrets.key"));
like($key, qr/^[A-Za-z0-9_-]{43}$/, '32 random bytes');
unlike($e->{output}, qr/\Q$key\E/, 'which is not shown');
my %kids = children($e);
my ($engine) = grep { /engine/ } keys %kids;
like($t->read_file("/proc/$kids{$engine}/environ"),
    qr/(?:^|\0)SECRETS_MASTER_KEY=\Q$key\E\0/, 'the engine has it');
unlike($t->read_file("/proc/$kids{nginx}/environ"), qr/SECRETS_MASTER_KEY/,
    'nginx has not');
unlike(`ps -eo args`, qr/\Q$key\E/, 'nor the list of processes');

# --- pages ---

$r = $t->get($e, '/');
is($r->{status}, 302, '/');
is($r->{headers}{location}, '/console/', 'leads to the console');
$r = $t->get($e, '/console');
is("$r->{status} $r->{headers}{location}", '301 /console/', '/console, too');
is($t->get($e, '/health')->{json}{status}, 'healthy', '/health');
is($t->get($e, '/health/ready')->{json}{status}, 'ready', '/health/ready');
for my $path (qw(/console/../conf/nodetool-http.conf /conf/nodetool-http.conf
                 /examples/greeting.json)) {
    isnt($t->get($e, $path)->{status}, 200, "$path is not served");
}

# --- storage: pages among it have no say ---

for my $row (['a.html', 'sandbox'], ['a.svg', 'sandbox'], ['a.png', undef]) {
    $t->write_file("$home/storage/assets/$row->[0]", 'x');
    $r = $t->get($e, "/storage/assets/$row->[0]");
    is($r->{headers}{'content-security-policy'}, $row->[1],
        "the policy of $row->[0]");
    is($r->{headers}{'x-content-type-options'}, 'nosniff', 'no guessing');
}
$r = $t->request($e, 'PUT', '/api/storage/b/c.txt', body => 'stored');
is($r->{status}, 201, 'PUT /api/storage');
is($t->get($e, '/api/storage/b/c.txt')->{body}, 'stored', 'GET');
is($t->get($e, '/storage/assets/b/c.txt')->{body}, 'stored', 'GET /storage');
is($t->request($e, 'DELETE', '/api/storage/b/c.txt')->{status}, 204, 'DELETE');

# --- one server with an engine a home ---

for my $command (qw(worker serve)) {
    my ($status, undef, $err) = nodetool($t, [$command, '--home', $home,
        '--port', $t->port]);
    is($status, 1, "a $command of the same home");
    like($err, qr/another nodetool serve \(process $e->{pid}\) uses/,
        'says who uses it');
}
is($t->stop($e), 0, 'stops');

# --- a key that is given; a worker takes the one that is there ---

$e = start_server($t, 'serve', name => 'given', args => ['--store', 'memory'],
    env => { SECRETS_MASTER_KEY => 'given-key' });
ok(!-e "$e->{home}/secrets.key", 'SECRETS_MASTER_KEY: no key is made');
%kids = children($e);
like($t->read_file("/proc/$kids{$engine}/environ"),
    qr/SECRETS_MASTER_KEY=given-key\0/, 'the engine has it');
unlike($t->read_file("/proc/$kids{nginx}/environ"), qr/given-key/,
    'nginx has not');
$t->stop($e);

my $w = start_server($t, 'worker', home => $home, host => '127.0.0.1',
    args => ['--store', 'memory']);
%kids = children($w);
like($t->read_file("/proc/$kids{$engine}/environ"),
    qr/SECRETS_MASTER_KEY=\Q$key\E\0/, 'a worker of this home');
is($t->get($w, '/console')->{status}, 301, 'has the console');
$t->stop($w);

$t->write_file('empty/secrets.key', "\n");
my ($status, undef, $err) = nodetool($t, ['serve', '--home',
    $t->dir . '/empty', '--port', $t->port, '--store', 'memory']);
is($status, 1, 'a key file that is empty');
like($err, qr/secrets\.key is empty/, 'says so');

# --- another address needs a token ---

$e = start_server($t, 'serve', name => 'open', host => '0.0.0.0',
    args => ['--store', 'memory']);
like($e->{output}, qr/^  Auth +static$/m, 'static on other addresses');
is($t->get($e, '/api/storage/x')->{status}, 401, 'a token is needed');
is($t->get($e, '/console')->{status}, 301, 'but for the page');
$t->stop($e);

$t->done;
