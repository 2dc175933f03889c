#!/usr/bin/perl

# nodetool_limit_redis: two machines share limits, and go on without Redis.

use strict;
use warnings;

use lib 't/lib';

use Test::More;
use Time::HiRes qw(sleep time);

use NodeTool::MockOpenAI;
use NodeTool::Test;

my $t = NodeTool::Test->new;
my $mock = NodeTool::MockOpenAI->start($t, 'mock', sub {
    my ($c, $req) = @_;
    my $reply = NodeTool::MockOpenAI::completion('m', 'x');
    my ($n) = $req->{json}{model} =~ /(\d+)/;
    $reply->{usage} = { prompt_tokens => $n + 0, completion_tokens => 0, total_tokens => $n + 0 };
    return $c->json(200, $reply);
});
$t->write_file('prices', "* 1000000 0\n");    # a dollar a token

my $tcp = $t->port('tcp');
my @args = ('--port', $tcp, '--bind', '127.0.0.1', '--requirepass', 'secret-word');
my $redis = $t->redis(args => \@args);

sub http {
    my ($url) = @_;
    return <<"HTTP";
nodetool_errors on;
nodetool_prices prices;
nodetool_limit_redis $url;
nodetool_provider mock { url http://127.0.0.1:$mock->{port}/v1; models m; }
nodetool_model * mock;
HTTP
}
my $server = <<'SERVER';
location /rpm/ { nodetool_chat; nodetool_limit $http_x_who rpm=10; }
location /day/ { nodetool_chat; nodetool_limit d$http_x_who day=100 month=1000; }
location /tpm/ { nodetool_chat; nodetool_limit t$http_x_who tpm=1000; }
SERVER

my @ng = map { $t->nginx($server, http => http("redis://:secret-word\@localhost:$tcp/3"),
    modules => ['base', 'chat'], name => "nginx-$_", workers => 2) } 'a', 'b';

sub cli {
    my $out = `redis-cli -s $redis->{socket} -a secret-word -n 3 @_ 2>/dev/null`;
    chomp $out;
    return $out;
}

sub chat {
    my ($ng, $path, $who, $tokens) = @_;
    return $t->request($ng, 'POST', "$path/v1/chat/completions", headers => ['X-Who' => $who],
        json => { model => 'm' . ($tokens // 1), messages => [{ role => 'user', content => 'x' }] });
}
sub good { my ($ng, $n, @args) = @_; return scalar grep { chat($ng, @args)->{status} == 200 } 1 .. $n }
sub soon { my ($what, $code) = @_; return ok(eval { $t->wait_for($what, $code, 8) }, $what) }
sub left { return chat(@_)->{headers}{'x-ratelimit-remaining-requests'} }

# --- requests ---

is(good($ng[0], 4, '/rpm', 'x'), 4, 'four on one machine');
soon('Redis knows them', sub { cli('HVALS', "'nodetool:{limit}:\$http_x_who=x'") =~ /\b4\b/ });
chat($ng[1], '/rpm', 'x');
soon('the other machine learns of them', sub {
    sleep 0.3;
    my $r = chat($ng[1], '/rpm', 'x');
    return $r->{status} == 429 || $r->{headers}{'x-ratelimit-remaining-requests'} < 5 });
my $sum = good($ng[1], 20, '/rpm', 'x');
cmp_ok($sum, '<=', 4, 'and lets in what is left');
soon('both are at the limit', sub { chat($_, '/rpm', 'x')->{status} == 429 || return for @ng; 1 });

# what two let in at once may pass the limit by what the other did not know yet
my @total = map { good($_, 12, '/rpm', 'y') } @ng;
cmp_ok($total[0] + $total[1], '<=', 20, 'at once: at most both limits');
soon('then nobody', sub { chat($_, '/rpm', 'y')->{status} == 429 || return for @ng; 1 });

# --- money ---

is(chat($ng[0], '/day', 'm', 60)->{status}, 200, '$60');
is(chat($ng[1], '/day', 'm', 70)->{status}, 200, '$70');
soon('$130 of $100 are spent for both', sub { chat($_, '/day', 'm', 0)->{status} == 429 || return for @ng; 1 });
my $day = int(time / 86400);
sleep 0.5;
my $spent = cli('HGET', "'nodetool:{limit}:d\$http_x_who=dm'", "d$day");
is($spent, 130e9, 'nano-dollars in Redis');
cmp_ok(cli('TTL', "'nodetool:{limit}:d\$http_x_who=dm'"), '>', 31 * 86400, 'for a month');
is(cli('HGET', "'nodetool:{limit}:d\$http_x_who=dm'", "d$day"), $spent, 'told once');

# --- Redis is killed, and comes back empty ---

kill 'KILL', $redis->{pid};
$t->wait_exit($redis, 5);
is(chat($ng[0], '/day', 'k', 30)->{status}, 200, 'without Redis: one machine');
is(chat($ng[1], '/day', 'k', 50)->{status}, 200, 'and the other');
is(chat($ng[0], '/day', 'm', 1)->{status}, 429, 'what is spent is not forgotten');
cmp_ok(good($ng[0], 12, '/rpm', 'z'), '==', 10, 'limits hold on each machine');
sleep 1;
for my $ng (@ng) {
    my @lines = $t->read_file($ng->{errorlog}) =~ /nodetool_limit_redis cannot be reached/g;
    is(scalar @lines, 1, 'said once');
    unlike($t->read_file($ng->{errorlog}), qr/secret-word/, 'without the password');
}

unlink $redis->{socket};
$redis = $t->redis(args => \@args);
soon('Redis learns what was spent before', sub {
    (cli('HGET', "'nodetool:{limit}:d\$http_x_who=dk'", "d$day") || 0) >= 80e9 });
my $k = cli('HGET', "'nodetool:{limit}:d\$http_x_who=dk'", "d$day");
is($k, 80e9, 'no more');
chat($_, '/day', 'k', 20) for @ng;
soon('and machines of each other', sub { chat($_, '/day', 'k', 0)->{status} == 429 || return for @ng; 1 });
is(chat($ng[1], '/day', 'm', 1)->{status}, 429, 'budgets stand');
like($t->read_file($_->{errorlog}), qr/nodetool_limit_redis is back/, 'the log says so') for @ng;

# --- a reload while it is there; Redis hangs ---

kill 'HUP', $ng[0]{pid};
$t->wait_for('the reload', sub { $t->read_file($ng[0]{errorlog}) =~ /gracefully shutting down/ });
is(chat($ng[0], '/day', 'r', 60)->{status}, 200, 'after a reload');
soon('it is told again', sub {
    (cli('HGET', "'nodetool:{limit}:d\$http_x_who=dr'", "d$day") || 0) == 60e9 });
kill 'STOP', $redis->{pid};
my $from = time;
is(good($ng[0], 5, '/rpm', 'stop'), 5, 'Redis hangs');
cmp_ok(time - $from, '<', 1, 'nobody waits for it');
chat($ng[0], '/day', 's', 33);
soon('it is given up', sub { () = $t->read_file($ng[0]{errorlog}) =~ /\(no answer\)/g });
kill 'CONT', $redis->{pid};
soon('what it was told while it hung counts once', sub {
    sleep 0.5;
    (cli('HGET', "'nodetool:{limit}:d\$http_x_who=ds'", "d$day") || 0) == 33e9 });

# --- over a socket; a wrong password ---

my $other = $t->redis(name => 'redis-other');
my $c = $t->nginx($server, http => http('env:LIMIT_REDIS'), modules => ['base', 'chat'],
    name => 'nginx-c', env => { LIMIT_REDIS => $other->{url} });
sub other { return `redis-cli -s $other->{socket} --raw @_` }
is(chat($c, '/rpm', 'unix')->{status}, 200, 'over a Unix socket');
soon('Redis knows it', sub { other('KEYS', "'*=unix'") =~ /unix/ });
my $d = $t->nginx($server, http => http("redis://:wrong\@127.0.0.1:$tcp"),
    modules => ['base', 'chat'], name => 'nginx-d');
soon('a wrong password is said', sub {
    $t->read_file($d->{errorlog}) =~ /cannot be reached \((?:WRONGPASS|ERR invalid)/ });
is(chat($d, '/rpm', 'x')->{status}, 200, 'limits work without');

# --- many names ---

good($c, 1, '/rpm', "many-$_") for 1 .. 150;
soon('150 names, in batches', sub { other('EVAL', q{"return #redis.call('KEYS', '*=many-*')"}, 0) == 150 });

# --- directives ---

my @wrong = (['http://x', qr/nodetool_limit_redis: /], ['rediss://localhost', qr/takes neither TLS nor Sentinels/],
    ['redis+sentinel://a,b/m', qr/takes neither TLS nor Sentinels/],
    ['redis://nobody.invalid', qr/host not found|could not be resolved/],
    ['env:NOT_SET_AT_ALL', qr/environment variable of "env:NOT_SET_AT_ALL" is not set/]);
for my $row (@wrong) {
    my ($status, $out) = $t->nginx_check('', http => "nodetool_limit_redis $row->[0];");
    isnt($status, 0, "wrong: $row->[0]");
    like($out, $row->[1], 'says why');
}
my ($status, $out) = $t->nginx_check('', http => 'nodetool_limit_redis redis://127.0.0.1; '
    . 'nodetool_limit_redis redis://127.0.0.1;');
like($out, qr/is duplicate/, 'twice');

$t->done;
