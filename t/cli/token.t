#!/usr/bin/perl

# nodetool token: the token file, and servers that are told of it.

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use Fcntl qw(LOCK_EX);
use POSIX ();
use Test::More;

use lib 't/lib';

use NodeTool::Test;
use NodeTool::Worker;

delete @ENV{qw(AUTH_PROVIDER WORKER_AUTH_TOKEN NODETOOL_HOME)};

my $t = NodeTool::Test->new;
my $home = $t->dir . '/new/home';
my ($status, $out, $err);

sub token { return ($status, $out, $err) = nodetool($t, ['token', @_]) }
sub mine { return token(@_, '--home', $home) }
sub file { return $t->read_file("$home/token") }
sub short { return substr sha256_hex($_[0]), 0, 8 }

# --- wrong usage ---

my @wrong = ([[], qr/^Usage: nodetool token/],
    [['nothing'], qr/no command token nothing/],
    [['show', '--nothing'], qr/see nodetool token --help/],
    [['show', 'x'], qr/wrong usage of token show/],
    [['show', '--drop-old'], qr/wrong usage of token show/],
    [['make', '--old'], qr/wrong usage of token make/],
    [['revoke'], qr/wrong usage of token revoke/],
    [['revoke', 'x', '--old'], qr/wrong usage of token revoke/],
    [['revoke', 'x', 'y'], qr/wrong usage of token revoke/]);

for my $row (@wrong) {
    mine(@{ $row->[0] });
    is($status, 2, "token @{ $row->[0] }");
    like($err, $row->[1], 'says why');
    is($out, '', 'and nothing else');
}

# --- without a file ---

mine('show');
is($status, 1, 'show without a home');
like($err, qr/has no token; nodetool token make makes one/, 'says what to do');
mine('list');
is("$status $out", '0 ', 'list without a home');
mine('revoke', '12345678');
is($status, 1, 'revoke without a home');
ok(!-e $t->dir . '/new', 'none of them makes it');

# --- make, show, list ---

mine('make');
is($status, 0, 'make');
like($out, qr/\A[A-Za-z0-9_-]{43}\n\z/, 'prints the token alone');
chomp(my $first = $out);
is(file(), "$first\n", 'and keeps it');
is((stat "$home/token")[2] & 07777, 0600, 'mode 0600');
is((stat $home)[2] & 07777, 0700, 'in a private folder');
like($err, qr/no server runs from \Q$home\E/, 'says that nobody was told');
unlike($err, qr/\Q$first\E/, 'stderr has no token');

mine('make');
chomp(my $second = $out);
isnt($second, $first, 'another one');
is(file(), "$first\n$second\n", 'is added behind');
mine('show');
is($out, "$first\n", 'show: the first');
is($err, '', 'and nothing else');
nodetool($t, ['token', 'show', '--home', $home],
    env => { WORKER_AUTH_TOKEN => 'from-the-environment' });
like($t->read_file('nodetool.err'), qr/take WORKER_AUTH_TOKEN instead/,
    'a token of the environment is what servers take');
mine('list');
is($out, short($first) . " first\n" . short($second) . "\n",
    'list: fingerprints');
nodetool($t, ['token', 'show'], env => { NODETOOL_HOME => $home });
is($t->read_file('nodetool.out'), "$first\n", '$NODETOOL_HOME');
nodetool($t, ['token', 'make'], env => { HOME => $t->dir . '/user' });
is($t->read_file('user/.local/share/nodetool/token'),
    $t->read_file('nodetool.out'), 'and where homes are by default');

# --- rotate, revoke; comments stay ---

$t->write_file("$home/token", "# mine\n $first \n\n# his\n$second");
chmod 0644, "$home/token";
mine('rotate');
chomp(my $third = $out);
is($status, 0, 'rotate');
is(file(), "$third\n# mine\n $first \n\n# his\n$second", 'puts a new one first');
like($err, qr/2 older tokens are still good/, 'says what is good still');
like($err, qr/can be read by others; chmod 600/, 'and that others could read');
is((stat "$home/token")[2] & 07777, 0600, 'which they cannot any more');

mine('revoke', short($first));
is($status, 0, 'revoke');
is(file(), "$third\n# mine\n\n# his\n$second", 'takes one out');
mine('revoke', short($first));
is($status, 1, 'revoke of one that is not there');
like($err, qr/no token .* has the fingerprint/, 'says so');
mine('make');
chomp(my $fourth = $out);
is(file(), "$third\n# mine\n\n# his\n$second\n$fourth\n",
    'a last line without its end');
mine('revoke', '--old');
is($status, 0, 'revoke --old');
is(file(), "$third\n# mine\n\n# his\n", 'leaves the first');
mine('revoke', '--old');
like($err, qr/no older token/, 'there is none then');
mine('revoke', short($third));
is($status, 1, 'the only token cannot be revoked');
like($err, qr/only token.*rotate --drop-old/s, 'but replaced');
is(file(), "$third\n# mine\n\n# his\n", 'and stays');
mine('rotate', '--drop-old');
chomp(my $fifth = $out);
is(file(), "$fifth\n# mine\n\n# his\n", 'rotate --drop-old');

# --- many at once: none is lost ---

my @pids = map {
    my $pid = fork;
    if ($pid == 0) {
        exec "$NodeTool::Test::BUILD/nodetool token make --home '$home'"
            . ' > /dev/null 2>&1' or POSIX::_exit(127);
    }
    $pid;
} 1 .. 8;
waitpid $_, 0 for @pids;
mine('list');
is(scalar(() = $out =~ /\n/g), 9, 'eight at once');
mine('revoke', '--old');

# --- root looks after the home of somebody else ---

SKIP: {
    skip('needs root', 3) if $> != 0;
    my $other = $t->dir . '/other';
    mkdir $other, 0700;
    chown 65534, 65534, $other;
    token('make', '--home', $other);
    is($status, 0, 'a home of somebody else');
    is((stat "$other/token")[4], 65534, 'its token is his');
    is((stat "$other/token")[2] & 07777, 0600, 'alone');
}

# --- a file that is none ---

mkdir $t->dir . '/odd';
mkdir $t->dir . '/odd/token';
token('make', '--home', $t->dir . '/odd');
is($status, 1, 'a folder in place of the file');
like($err, qr{/odd/token: }, 'says so');

# --- servers are told ---

my $c = start_server($t, 'chat-server', home => $home);
sub status_with {
    return $t->get($c, '/v1/models', headers =>
        [Authorization => "Bearer $_[0]"])->{status};
}
unlike($c->{output}, qr/\Q$fifth\E/, 'a server takes the file as it is');
is(status_with($fifth), 200, 'its token is good');
token('rotate', '--home', "$home/../home");
chomp(my $sixth = $out);
like($err, qr/nodetool chat-server \(process $c->{pid}\) has been told/,
    'rotate tells the server');
$t->wait_for('the new token', sub { status_with($sixth) == 200 });
is(status_with($fifth), 200, 'the old one is good as well');
mine('revoke', '--old');
$t->wait_for('the end of the old token', sub { status_with($fifth) == 401 });
is(status_with($sixth), 200, 'the new one stays');
is($t->stop($c), 0, 'stops');
mine('make');
like($err, qr/no server runs/, 'a server that has stopped is not told');

# the number of a killed server is another process's, its programs hold the lock
open my $lock, '+>', "$home/run/chat-server.lock" or die $!;
flock $lock, LOCK_EX or die $!;
syswrite $lock, "$$ chat-server\n";
my $told = 0;
local $SIG{HUP} = sub { $told++ };
mine('make');
like($err, qr/no server runs/, 'a number that is taken by another process');
is($told, 0, 'who is left alone');
close $lock;

$c = start_server($t, 'chat-server', name => 'env', home => $home,
    env => { WORKER_AUTH_TOKEN => 'from-the-environment' });
mine('make');
like($err, qr/process $c->{pid}\) takes no token of .*WORKER_AUTH_TOKEN/,
    'a server with a token of its environment');
is($t->stop($c), 0, 'stops');

$t->done;
