#!/usr/bin/perl

# Ways to a Redis: TCP by address and by name, password, database; wrong
# ones; one that comes later than the engine.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use NodeTool::Jobs;
use NodeTool::Test;
use NodeTool::Workflows;

my $t = NodeTool::Test->new;
my $port = $t->port('redis');
my $n = 0;

sub engine {
    my ($url) = @_;

    $t->{redis} = { url => $url };
    my $engine = $t->engine(name => 'engine' . ++$n, store => 'redis');
    NodeTool::Workflows::store($t, $engine, 'echo',
        NodeTool::Workflows::echo());
    return $engine;
}

sub run {
    my ($engine) = @_;

    return $t->wire($engine, { op => 'job.run', workflow_id => 'echo' },
        '{"params":{"text":"x"}}');
}

my $early = engine("redis://:secr%65t\@127.0.0.1:$port/3");
my $reply = run($early);
is($reply->{status}, 503, 'no Redis yet');
ok($reply->{retry_after}, 'try again');

my $redis = $t->spawn('redis', ['/usr/bin/redis-server', '--port', $port,
    '--bind', '127.0.0.1', '--dir', $t->dir, '--save', '', '--requirepass',
    'secret', '--unixsocket', $t->dir . '/redis.sock']);
$redis->{socket} = $t->dir . '/redis.sock';
$t->wait_port($port, $redis);

$t->wait_for('the engine to find it', sub { run($early)->{status} == 200 });
is(run($early)->{json}{output}, 'x', 'an engine that was there before');
isnt(NodeTool::Jobs::redis_cli($redis, '--no-auth-warning',
    '-a', 'secret', '-n', 3, 'DBSIZE'), 0,
    'the database of the URL');

is(run(engine("redis://default:secret\@localhost:$port/3"))->{status}, 200,
    'by name, with a user');
is(run(engine('unix://' . $t->dir . '/redis.sock?db=2'))->{status}, 503,
    'no password');
my $wrong = engine("redis://:wrongpass77\@127.0.0.1:$port");
is(run($wrong)->{status}, 503, 'a wrong password');
my $log = $t->read_file($wrong->{log});
like($log, qr/error: redis: 127\.0\.0\.1: WRONGPASS/, 'the log says why');
unlike($log, qr/wrongpass77/, 'and does not tell it');

# --- what a short job costs --------------------------------------------------

my $start = calls();
run($early) for 1 .. 50;
my $calls = calls() - $start;
cmp_ok($calls, '>=', 100, 'two commands a short job');
cmp_ok($calls, '<', 110, 'and hardly any more');

sub calls {
    my $stats = NodeTool::Jobs::redis_cli($redis, '--no-auth-warning', '-a',
        'secret', 'INFO', 'commandstats');
    return $stats =~ /cmdstat_evalsha:calls=(\d+)/ ? $1 : 0;
}

$t->done;
