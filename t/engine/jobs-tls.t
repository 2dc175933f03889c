#!/usr/bin/perl

# Redis over TLS: certificates that are right and wrong, a certificate of
# ours, and everything else as without it.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use NodeTool::Jobs;
use NodeTool::Test;
use NodeTool::Workflows;

my $t = NodeTool::Test->new;
my $dir = $t->dir;
my $port = $t->port('tls');
my $n = 0;

# --- certificates ------------------------------------------------------------

sub openssl {
    my (@args) = @_;

    system("cd $dir && openssl @args 2>>openssl.log") == 0
        or die "openssl @args:\n" . $t->read_file('openssl.log');
    return;
}

sub certificate {
    my ($name, $alt) = @_;

    $t->write_file("$name.ext", "subjectAltName=$alt\n");
    openssl('req -newkey rsa:2048 -nodes', "-keyout $name.key -out $name.csr",
        "-subj /CN=$name");
    openssl("x509 -req -in $name.csr -CA ca.crt -CAkey ca.key -CAcreateserial",
        "-days 2 -extfile $name.ext -out $name.crt");
    return;
}

for my $ca (qw(ca other)) {
    openssl('req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=CA',
        "-keyout $ca.key -out $ca.crt");
}
certificate('server', 'DNS:localhost');
certificate('client', 'DNS:client');

my $redis = $t->spawn('redis', ['/usr/bin/redis-server', '--port', 0,
    '--tls-port', $port, '--bind', '127.0.0.1', '--dir', $dir, '--save', '',
    '--unixsocket', "$dir/redis.sock", '--tls-cert-file', "$dir/server.crt",
    '--tls-key-file', "$dir/server.key", '--tls-ca-cert-file', "$dir/ca.crt",
    '--user', 'default', 'off', '--user', 'engine', 'on', '>acl secret', '~*',
    '&*', '+@all']);
$t->wait_port($port, $redis);

sub engine {
    my ($url, @args) = @_;

    $t->{redis} = { url => $url };
    my $engine = $t->engine(name => 'engine' . ++$n, store => 'redis',
        args => \@args);
    NodeTool::Workflows::store($t, $engine, 'echo',
        NodeTool::Workflows::echo());
    return $engine;
}

sub run {
    my ($engine, $text) = @_;

    return $t->wire($engine, { op => 'job.run', workflow_id => 'echo' },
        $t->encode({ params => { text => $text || 'x' } }));
}

my $login = 'engine:acl%20secret';
my $ours = "cert=$dir/client.crt&key=$dir/client.key";
my $url = "rediss://$login\@localhost:$port/1?ca=$dir/ca.crt&$ours";

# --- as it should be ---------------------------------------------------------

my $engine = engine($url);
$t->wait_for('the connection', sub { run($engine)->{status} == 200 });
is(run($engine)->{json}{output}, 'x', 'a run over TLS, as a user of an ACL');

my $long = join ' ', map { "word$_" } 1 .. 100000;
is(run($engine, $long)->{json}{output}, $long, 'a megabyte in and out');

my $other = engine($url);
my $id = NodeTool::Jobs::submit($t, $engine, 'echo');
$t->wait_for('the other one', sub { run($other)->{status} == 200 });
NodeTool::Jobs::ended_well($t, $other, $id, 'completed', 'seen by another');

kill 'KILL', $redis->{pid};
$t->wait_exit($redis, 5);
is(run($engine)->{status}, 503, 'gone');

# --- as it should not be -----------------------------------------------------

$redis = $t->spawn('redis2', ['/usr/bin/redis-server', '--port', 0,
    '--tls-port', $port, '--bind', '127.0.0.1', '--dir', $dir, '--save', '',
    '--tls-cert-file', "$dir/server.crt", '--tls-key-file', "$dir/server.key",
    '--tls-ca-cert-file', "$dir/ca.crt", '--tls-auth-clients', 'optional']);
$t->wait_port($port, $redis);
$url = "localhost:$port";

for my $case (
    ["rediss://$url?ca=$dir/other.crt", qr/TLS: .*(?:self.signed|issuer)/,
     'a certificate of another CA'],
    ["rediss://$url", qr/TLS: .*(?:self.signed|issuer)/,
     'a CA that the system does not know'],
    ["rediss://127.0.0.1:$port?ca=$dir/ca.crt", qr/TLS: .*IP address mismatch/,
     'a certificate for another name'],
    ["redis://$url", qr/redis: localhost: (?:closed|.*reset)/,
     'without TLS'],
) {
    my ($of, $why, $name) = @$case;
    my $wrong = engine($of);
    is(run($wrong)->{status}, 503, "$name: refused");
    like($t->read_file($wrong->{log}), $why, "$name: the log says why");
    $t->stop($wrong);
}

my $loose = engine("rediss://$url?verify=no");
$t->wait_for('the connection', sub { run($loose)->{status} == 200 });
pass('not verified, when that is asked for');
my $right = engine("rediss://$url?ca=$dir/ca.crt");
$t->wait_for('the connection', sub { run($right)->{status} == 200 });
pass('without a certificate of ours, where none is needed');

# --- files -------------------------------------------------------------------

for my $case (["ca=$dir/none", 'CA certificates'],
    ["cert=$dir/ca.crt&key=$dir/client.key", 'key'],
    ["cert=$dir/ca.key&key=$dir/ca.key", 'certificate'])
{
    my ($query, $what) = @$case;
    my $child = $t->spawn('wrong' . ++$n, ["$NodeTool::Test::BUILD/nodetool-engine",
        '--socket', "$dir/w.sock", '--home', "$dir/home", '--redis',
        "rediss://:geheim\@$url?$query"]);
    isnt($t->wait_exit($child, 10), 0, "$query: no start");
    my $log = $t->read_file($child->{log});
    like($log, qr/store: the $what of the Redis URL cannot be read/,
        'and the reason');
    unlike($log, qr/geheim/, 'without the password');
}

$t->done;
