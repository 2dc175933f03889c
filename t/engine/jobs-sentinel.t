#!/usr/bin/perl

# Redis by Sentinel: the master is found, and found again when it has died; a
# server that is no master is not written to.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use NodeTool::Jobs;
use NodeTool::Test;
use NodeTool::Workflows;

my $t = NodeTool::Test->new;
my $dir = $t->dir;
my $nodes = NodeTool::Workflows::slow_nodes($t);
my %port = map { ($_ => $t->port($_)) } qw(first second sentinel dead);

sub server {
    my ($name, @args) = @_;

    my $server = $t->spawn($name, ['/usr/bin/redis-server', '--port',
        $port{$name}, '--bind', '127.0.0.1', '--dir', $dir, '--dbfilename',
        "$name.rdb", '--save', '', '--unixsocket', "$dir/$name.sock",
        '--requirepass', 'secret', '--masterauth', 'secret',
        '--repl-diskless-sync-delay', 0, @args]);
    $t->wait_port($port{$name}, $server);
    $server->{socket} = "$dir/$name.sock";
    return $server;
}

sub role {
    my ($server) = @_;

    return (split /\n/, eval { NodeTool::Jobs::redis_cli($server,
        '--no-auth-warning', '-a', 'secret', 'ROLE') } || '')[0] || '';
}

my $first = server('first');
my $second = server('second', '--replicaof', "127.0.0.1 $port{first}");
$t->wait_for('the replica to be in step', sub {
    NodeTool::Jobs::redis_cli($second, '--no-auth-warning', '-a', 'secret',
        'INFO', 'replication') =~ /master_link_status:up/;
});

$t->write_file('sentinel.conf', <<"CONF");
port $port{sentinel}
bind 127.0.0.1
dir $dir
requirepass guard
sentinel monitor jobs 127.0.0.1 $port{first} 1
sentinel auth-pass jobs secret
sentinel down-after-milliseconds jobs 500
sentinel failover-timeout jobs 3000
CONF
my $sentinel = $t->spawn('sentinel', ['/usr/bin/redis-server',
    "$dir/sentinel.conf", '--sentinel']);
$t->wait_port($port{sentinel}, $sentinel);

sub sentinel {
    my (@command) = @_;

    return `redis-cli --no-auth-warning -a guard -p $port{sentinel} @command`;
}
$t->wait_for('the Sentinel to know the replica', sub {
    sentinel('SENTINEL', 'replicas', 'jobs') =~ /$port{second}/;
});

my $n = 0;

sub engine {
    my ($url) = @_;

    $t->{redis} = { url => $url };
    my $engine = $t->engine(name => 'engine' . ++$n, store => 'redis',
        args => ['--nodes', $nodes, '--lease-ms', 5000]);
    NodeTool::Workflows::store($t, $engine, 'echo',
        NodeTool::Workflows::echo());
    NodeTool::Workflows::store($t, $engine, 'ticks',
        NodeTool::Workflows::ticks(count => 40, ms => 100));
    return $engine;
}

sub run {
    my ($engine) = @_;

    return $t->wire($engine, { op => 'job.run', workflow_id => 'echo' })->{status};
}

# One of the Sentinels is dead.
my $url = "sentinel://:secret\@127.0.0.1:$port{dead},127.0.0.1:$port{sentinel}/jobs/2?sentinel_password=guard";
my @engines = map { engine($url) } 1, 2;
for my $engine (@engines) {
    $t->wait_for('the master to be found', sub { run($engine) == 200 });
}
isnt(NodeTool::Jobs::redis_cli($first, '--no-auth-warning', '-a', 'secret',
    '-n', 2, 'DBSIZE'), 0, 'the master of this name, and the database');

# --- the master dies ---------------------------------------------------------

my @jobs = map { NodeTool::Jobs::submit($t, $_, 'ticks') } @engines;
for my $id (@jobs) {
    $t->wait_for('events', sub {
        NodeTool::Jobs::redis_cli($second, '--no-auth-warning', '-a', 'secret',
            '-n', 2, 'HGET', "nodetool:{jobs}:job:$id", 'seq') =~ /^(?:[3-9]|\d\d+)$/;
    });
}
$t->stop($first, 'KILL');
$t->wait_for('the failover', sub { role($second) eq 'master' }, 30);
for my $engine (@engines) {
    $t->wait_for('the new master to be found', sub { run($engine) == 200 });
}
for my $id (@jobs) {
    NodeTool::Jobs::ended_well($t, $engines[1], $id, 'completed',
        'a job that ran all the while');
}

# --- a master that is made a replica, with connections to it -----------------

$first = server('first', '--replicaof', "127.0.0.1 $port{second}");
$t->wait_for('the failover to begin', sub {
    sentinel('SENTINEL', 'failover', 'jobs') =~ /^OK/ }, 30);
$t->wait_for('the failover', sub {
    role($first) eq 'master' && role($second) eq 'slave' }, 30);
for my $engine (@engines) {
    $t->wait_for('the master to be found', sub { run($engine) == 200 });
}
pass('a failover by hand is followed');

# --- what does not work ------------------------------------------------------

for my $case (
    ["sentinel://127.0.0.1:$port{sentinel}/other?sentinel_password=guard",
     qr/the Sentinel does not know the master/, 'a name that is not known'],
    ["sentinel://127.0.0.1:$port{sentinel}/jobs", qr/NOAUTH/,
     "the Sentinel's password is missing"],
) {
    my ($of, $why, $name) = @$case;
    my $wrong = engine($of);
    is(run($wrong), 503, "$name: 503");
    like($t->read_file($wrong->{log}), $why, "$name: the log says why");
}

$t->done;
