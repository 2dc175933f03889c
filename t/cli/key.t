#!/usr/bin/perl

# nodetool key: virtual keys of a home, and a server that takes them.

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use POSIX ();
use Test::More;

use lib 't/lib';

use NodeTool::Test;
use NodeTool::Worker;

delete @ENV{qw(AUTH_PROVIDER WORKER_AUTH_TOKEN NODETOOL_HOME OPENAI_API_KEY
    OPENAI_BASE_URL OLLAMA_API_URL)};

my $t = NodeTool::Test->new;
my $home = $t->dir . '/new/home';
my ($status, $out, $err);

sub key { return ($status, $out, $err) = nodetool($t, ['key', @_, '--home', $home]) }
sub file { return $t->read_file("$home/keys") }
sub short { return substr sha256_hex($_[0]), 0, 8 }

# --- wrong usage ---

my @wrong = ([[], qr/^Usage: nodetool key/],
    [['nothing'], qr/no command key nothing/],
    [['create'], qr/needs --name NAME/],
    [['create', '--name'], qr/wrong usage/],
    [['create', '--name', 'a', 'b'], qr/wrong usage of key create/],
    [['create', '--name', 'a b'], qr/has a space/],
    [['create', '--name', "a\nb"], qr/has a space/],
    [['create', '--name', 'a/b'], qr/name: expected/],
    [['create', '--name', '1'], qr/needs user=/],
    [['create', '--name', 'a', '--user', '1'], qr/user: expected/],
    [['create', '--name', 'a', '--role', 'root'], qr/role: expected/],
    [['create', '--name', 'a', '--rpm', 'x'], qr/rpm: expected/],
    [['create', '--name', 'a', '--budget-day', '-1'], qr/budget_day: expected/],
    [['create', '--name', 'a', '--expires', 'soon'], qr/expires: expected/],
    [['list', '--name', 'a'], qr/wrong usage of key list/],
    [['list', 'a'], qr/wrong usage of key list/],
    [['revoke'], qr/wrong usage of key revoke/]);
for my $row (@wrong) {
    key(@{ $row->[0] });
    is($status, 2, "key @{ $row->[0] }");
    like($err, $row->[1], 'says why');
    is($out, '', 'and nothing else');
}
key('--help');
is($status, 0, '--help');
like($out, qr/create --name NAME.*list.*revoke NAME/s, 'tells all');
is(file(), '', 'nothing was made');

key('list');
is("$status $out", '0 ', 'list without a home');
key('revoke', 'x');
is($status, 1, 'revoke without a home');

# --- create, list, revoke ---

key('create', '--name', 'ci');
is($status, 0, 'create');
like($out, qr/\Ask-nt-[A-Za-z0-9_-]{43}\n\z/, 'prints the key alone');
chomp(my $ci = $out);
like($err, qr/cannot be shown again/, 'this once');
unlike($err, qr/\Q$ci\E/, 'not on stderr');
is(file(), 'sha256:' . sha256_hex($ci) . " name=ci\n", 'the file has its hash');
is((stat "$home/keys")[2] & 07777, 0600, 'mode 0600');
key('create', '--name', 'ci');
is("$status $out", '1 ', 'a name is taken once');
like($err, qr/there is a key of the name "ci"/, 'says so');

key('create', '--name', 'all', '--user', 'alice', '--role', 'user', '--models',
    'echo,gpt-*', '--rpm', 2, '--tpm', 1000, '--budget-day', '0.5',
    '--budget-month', 10, '--expires', '2999-01-31');
chomp(my $all = $out);
is($status, 0, 'with all options');
my $fields = 'name=all user=alice role=user models=echo,gpt-* rpm=2 tpm=1000 budget_day=0.5 '
    . 'budget_month=10 expires=2999-01-31';
like(file(), qr/^sha256:@{[ sha256_hex($all) ]} \Q$fields\E$/m, 'all of them');
key('create', '--name', 'old', '--expires', '2001-01-01');
chomp(my $old = $out);
key('list');
is($out, short($ci) . " name=ci\n" . short($all) . " $fields\n" . short($old)
    . " name=old expires=2001-01-01 (expired)\n", 'list');

$t->write_file("$home/keys", "# mine\n" . file() . "\n# last");
key('revoke', 'old');
is($status, 0, 'revoke by name');
like(file(), qr/\A# mine\nsha256:\w+ name=ci\nsha256:[^\n]+\n\n# last\z/, 'comments stay');
key('revoke', 'old');
is($status, 1, 'once');
like($err, qr/no key with the name or fingerprint "old"/, 'says so');
key('create', '--name', 'last');
chomp(my $last = $out);
like(file(), qr/^# last\nsha256:\w+ name=last\n\z/m, 'a last line without its end');
key('revoke', short($last));
is($status, 0, 'revoke by fingerprint');

my $good = file();
$t->write_file("$home/keys", "$good\nfaulty\n");
key('create', '--name', 'x');
is("$status $out", '1 ', 'a faulty file is left alone');
like($err, qr{keys:7: expected sha256:}, 'says where');
key('list');
is($status, 1, 'list of one');
$t->write_file("$home/keys", $good);

# --- many at once: none is lost ---

my @pids = map {
    my $pid = fork;
    if ($pid == 0) {
        exec "$NodeTool::Test::BUILD/nodetool key create --name p$_ --home '$home'"
            . ' > /dev/null 2>&1' or POSIX::_exit(127);
    }
    $pid;
} 1 .. 6;
waitpid $_, 0 for @pids;
key('list');
is(scalar(() = $out =~ /\n/g), 8, 'six at once');

# --- a server takes them ---

$t->write_file("$home/prices", "echo 1000000 1000000\n");
my $c = start_server($t, 'chat-server', home => $home, host => '0.0.0.0');

sub chat {
    my ($token, $model) = @_;
    return $t->request($c, 'POST', '/v1/chat/completions',
        headers => [Authorization => "Bearer $token"], json => { model => $model || 'echo',
            messages => [{ role => 'user', content => 'hi' }] });
}
is(chat($ci)->{status}, 200, 'a key is good');
is(join(' ', map { chat($all)->{status} } 1, 2), '200 429', 'one with a budget of $0.5');
is(chat($all, 'claude')->{status}, 403, 'and models');
is(chat('wrong')->{status}, 401, 'another one is not');
key('create', '--name', 'late', '--rpm', 1);
chomp(my $late = $out);
$t->wait_for('the new key', sub { chat($late)->{status} != 401 });
is(chat($late)->{status}, 429, 'has its limits');
key('revoke', 'ci');
$t->wait_for('the end of a key', sub { chat($ci)->{status} == 401 });
unlike($t->read_file("$home/conf/chat-server.conf"), qr/sk-nt-/, 'no key in the configuration');
is($t->stop($c), 0, 'stops');
like($t->read_file("$home/chat-server-spent"), qr/nodetool_key%3Dall$/m,
    'what was spent is kept');

$home = $t->dir . '/fresh';
$c = start_server($t, 'chat-server', name => 'fresh', home => $home, host => '0.0.0.0');
like(file(), qr/\A# /, 'a server makes the file');
key('create', '--name', 'a');
chomp(my $key = $out);
$t->wait_for('the first key', sub { chat($key)->{status} == 200 });
is($t->stop($c), 0, 'stops');

$t->done;
