#!/usr/bin/perl

# nodetool_limit: requests, tokens and money, counted by all workers.

use strict;
use warnings;

use lib 't/lib';

use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep time);

use NodeTool::MockOpenAI;
use NodeTool::Test;

my $t = NodeTool::Test->new;
my $mock = NodeTool::MockOpenAI->start($t, 'mock', sub {
    my ($c, $req) = @_;

    my $model = ($req->{json} || {})->{model} || '';
    if ($model eq 'hang') {             # a stream that never ends
        $c->stream;
        $c->event($_) for (NodeTool::MockOpenAI::chunks($model,
            [map { "w$_" } 1 .. 30], {}))[0 .. 20];
        $c->wait_closed(20);
        return $c->close;
    }
    if ($model eq 'silent') {
        $c->wait_closed(20);
        return $c->close;
    }
    if ($model eq 'big') {
        my $reply = NodeTool::MockOpenAI::completion($model, 'x');
        $reply->{usage} = { prompt_tokens => 1000, completion_tokens => 2000,
            total_tokens => 3000 };
        return $c->json(200, $reply);
    }
    return $c->json(200, NodeTool::MockOpenAI::completion($model, 'x'),
        'x-ratelimit-limit-requests' => 9999, 'X-RateLimit-Other' => 1)
        if $model eq 'theirs';
    return NodeTool::MockOpenAI::answer($c, $req);
});

$t->write_file('prices', <<'PRICES');
# what the mock costs, by the million
mock/cheap  1        2
cheap       1000     1000
big         1000000  500000   # never mind: not a comment
PRICES

my ($status, $out) = $t->nginx_check('', http => 'nodetool_prices prices;');
isnt($status, 0, 'a faulty line of prices');
like($out, qr{expected a pattern, .* in \S*/prices:4}, 'file and line');

$t->write_file('prices', <<'PRICES');
# what the mock costs, by the million
mock/cheap  1        2
cheap       1000     1000
big         1000     500
hang        1000     1000
silent      1000     1000
PRICES

my $http = <<"HTTP";
log_format cost '\$uri \$nodetool_model \$nodetool_cost';
access_log %%DIR%%/cost.log cost;
nodetool_errors on;
nodetool_prices prices;
nodetool_limit_zone 256k state=%%DIR%%/state/spent;
nodetool_provider mock {
    url http://127.0.0.1:$mock->{port}/v1;
    models mock-1 cheap big hang silent theirs error-429 error-500;
}
nodetool_provider dead { url http://127.0.0.1:%%PORT_dead%%/v1; models dead; }
map \$http_x_rpm \$rpm { default ''; ~. \$http_x_rpm; }
HTTP

my $server = <<'SERVER';
location /rpm/ { nodetool_chat; nodetool_limit $http_x_who rpm=5; }
location /many/ { nodetool_chat; nodetool_limit many-$http_x_who rpm=40; }
location /two/ {
    nodetool_chat;
    nodetool_limit key=$http_x_who rpm=3;
    nodetool_limit everybody rpm=4;
}
location /var/ { nodetool_chat; nodetool_limit v$http_x_who rpm=$rpm tpm=$http_x_tpm; }
location /tpm/ { nodetool_chat; nodetool_limit t$http_x_who tpm=200; }
location /day/ { nodetool_chat; nodetool_limit d$http_x_who day=0.25; }
location /month/ { nodetool_chat; nodetool_limit m$http_x_who month=0.25 day=100; }
location /models/ { nodetool_chat; nodetool_limit x models=$http_x_models; }
location /page/ {
    nodetool_chat; nodetool_limit page$http_x_who rpm=5;
    error_page 502 = @other;
}
location @other { nodetool_chat; nodetool_limit page$http_x_who rpm=5;
    nodetool_model dead mock mock-1; }
location /off/ { nodetool_limit off; nodetool_chat; }
location /slow/ { nodetool_chat; nodetool_limit s$http_x_who tpm=100000; }
SERVER

# a worker tells what a request took before it reads the next one; several may
# read that first
mkdir $t->dir . '/state';
my $ng = $t->nginx($server, http => $http, modules => ['base', 'chat']);
my $many = $t->nginx($server, http => $http =~ s/cost\.log/many.log/r =~ s/ state=\S+;/;/r,
    modules => ['base', 'chat'], name => 'nginx-many', workers => 3);

my $message = { role => 'user', content => 'hi there' };

sub chat {
    my ($path, $who, %opt) = @_;

    my $headers = delete $opt{headers} || [];
    return $t->request(delete $opt{to} || $ng, 'POST', "$path/v1/chat/completions",
        headers => ['X-Who' => $who, @$headers],
        json => { model => 'mock-1', messages => [$message], %opt });
}

sub statuses { my ($n, @args) = @_; return join ' ', map { chat(@args)->{status} } 1 .. $n }

# --- requests a minute ---

my $r = chat('/rpm', 'a');
is($r->{status}, 200, 'a request that is let in');
is($r->{headers}{'x-ratelimit-limit-requests'}, 5, 'the limit');
is($r->{headers}{'x-ratelimit-remaining-requests'}, 4, 'what is left');
like($r->{headers}{'x-ratelimit-reset-requests'}, qr/^(?:1m[0-6]s|59s|[0-9]s)$/,
    'until when');
is(statuses(5, '/rpm', 'a'), '200 200 200 200 429', 'five, no more');
$r = chat('/rpm', 'a');
is($r->{json}{error}{type}, 'rate_limited', 'its error');
like($r->{json}{error}{message}, qr/limit of 5 requests a minute/, 'says why');
cmp_ok($r->{headers}{'retry-after'}, '>=', 50, 'Retry-After');
cmp_ok($r->{headers}{'retry-after'}, '<=', 66, 'of a minute at most');
is($r->{headers}{'x-ratelimit-remaining-requests'}, 0, 'nothing is left');
is(statuses(1, '/rpm', 'b'), '200', 'another one has his own');
is(statuses(6, '/rpm', ''), join(' ', (200) x 6), 'without a key, no limit');
is(statuses(7, '/off', 'a'), join(' ', (200) x 7), 'off');
is(statuses(6, '/rpm', 'x' x 600), '200 200 200 200 200 429', 'a long name');

# --- two limits: both hold, and a refused request takes of none ---

is(statuses(4, '/two', 'a'), '200 200 200 429', 'the first');
is(statuses(2, '/two', 'b'), '200 429', 'the second, of which three are taken');

# --- values of variables ---

is(chat('/var', 'x', headers => ['X-Rpm' => $_->[0]])->{status}, $_->[1],
    "rpm of \"$_->[0]\"") for ['', 200], [3, 200], [0, 429], ['a', 500],
    ['-1', 500], ['1e3', 500], ['9' x 16, 500], ['9' x 15, 200];

# --- never more, with clients at once and workers ---

{
    my @pids;
    for my $n (1 .. 8) {
        pipe my $read, my $write or die $!;
        my $pid = fork;
        if ($pid == 0) {
            my $good = grep { chat('/many', 'c', to => $many)->{status} == 200 } 1 .. 15;
            syswrite $write, "$good\n";
            POSIX::_exit(0);
        }
        close $write;
        push @pids, [$pid, $read];
    }
    my $sum = 0;
    for my $child (@pids) {
        my $line = readline $child->[1];
        $sum += $line;
        waitpid $child->[0], 0;
    }
    is($sum, 40, '120 requests of 8 clients and 3 workers: 40 pass');
}

# --- tokens ---

$r = chat('/tpm', 'a');
is($r->{status}, 200, 'tokens');
is($r->{headers}{'x-ratelimit-limit-tokens'}, 200, 'their limit');
my $left = $r->{headers}{'x-ratelimit-remaining-tokens'};
cmp_ok($left, '>', 150, 'what is left ...');
cmp_ok($left, '<', 200, '... without what is estimated');
$r = chat('/tpm', 'a');
cmp_ok($r->{headers}{'x-ratelimit-remaining-tokens'}, '==', $left - 12,
    'the first one had twelve');
$r = chat('/tpm', 'b', max_tokens => 500);
is($r->{headers}{'x-ratelimit-remaining-tokens'}, 0, 'max_tokens is reserved');
$r = chat('/tpm', 'b');
is($r->{status}, 200, 'and given back');
cmp_ok($r->{headers}{'x-ratelimit-remaining-tokens'}, '==', $left - 12, 'all of it');
chat('/tpm', 'c', model => 'big');
$r = chat('/tpm', 'c');
is($r->{status}, 429, 'a request with far more');
cmp_ok($r->{headers}{'retry-after'}, '>', 800, 'is paid for by waiting');
chat('/tpm', 'd', max_tokens => 500, model => 'error-500');
is(chat('/tpm', 'd')->{headers}{'x-ratelimit-remaining-tokens'}, $left,
    'an error costs no tokens');
my $image = 'data:image/png;base64,' . 'iVBORw0KGgo' x 20000;
$r = chat('/slow', 'img', messages => [{ role => 'user', content =>
    [{ type => 'image_url', image_url => { url => $image } }] }]);
cmp_ok($r->{headers}{'x-ratelimit-remaining-tokens'}, '>', 98000,
    'an image is not counted by its length');

# --- who leaves pays for what came ---

sub leave {
    my ($path, $who, $seconds, %opt) = @_;

    my $c = $t->open_request($ng, 'POST', "$path/v1/chat/completions",
        headers => ['X-Who' => $who],
        json => { messages => [$message], %opt });
    sleep $seconds;
    close $c->{sock};
    return;
}
sub left_of {
    my ($who, $why, $test) = @_;

    my $rest;
    ok(eval { $t->wait_for($why, sub {
        my $r = chat('/slow', $who);
        $rest = $r->{headers}{'x-ratelimit-remaining-tokens'};
        $test->(100000 - $rest);
    }, 5) }, $why) or diag("rest $rest");
    return;
}
leave('/slow', 'l', 0.5, model => 'hang', stream => JSON::PP::true);
left_of('l', 'a stream that was left is counted by its events',
    sub { $_[0] >= 20 + 2 * 20 && $_[0] < 400 });
leave('/slow', 'm', 1, model => 'silent', max_tokens => 50000);
left_of('m', 'a reply that was left, by time',
    sub { $_[0] >= 50 + 20 && $_[0] < 1000 });

# --- money ---

is(chat('/day', 'a', model => 'big')->{status}, 200, '$2 of $0.25');
$r = chat('/day', 'a', model => 'big');
is($r->{status}, 429, 'the budget of a day is used up');
like($r->{json}{error}{message}, qr/budget of this day is used up.*on \d{4}-\d\d-\d\d at 00:00 UTC/,
    'says when');
is($r->{headers}{'x-should-retry'}, 'false', 'no use in trying again');
cmp_ok($r->{headers}{'retry-after'}, '<=', 86400, 'today');
is(chat('/month', 'a', model => 'big')->{status}, 200, 'a month');
$r = chat('/month', 'a', model => 'big');
like($r->{json}{error}{message}, qr/budget of this month is used up.*on \d{4}-\d\d-01 /,
    'the budget of a month');
is(statuses(3, '/day', 'c', model => 'cheap'), '200 200 200', 'cheap ones');
like($t->read_file('cost.log'), qr{^/day/\S+ cheap 0\.000015$}m,
    '$nodetool_cost: 9 tokens for $1, 3 for $2 a million, by provider');
like($t->read_file('cost.log'), qr{^/day/\S+ big 2$}m, 'dollars');
like($t->read_file('cost.log'), qr{^/rpm/\S+ mock-1 -$}m, 'none without a price');
is(statuses(3, '/day', 'd'), '200 200 200', 'a model without a price');
my @warned = grep { /"mock-1" of nodetool_provider "mock" is in no line of nodetool_prices/ }
    split /\n/, $t->read_file($ng->{errorlog});
cmp_ok(scalar @warned, '>=', 1, 'is warned of');
cmp_ok(scalar @warned, '<=', 1, 'once');
is(chat('/day', 'e', model => 'big', max_tokens => 1000000)->{status}, 200, 'reserved');

# --- models ---

sub with { my ($models, $model) = @_;
    return chat('/models', '', model => $model, headers => ['X-Models' => $models]) }
is(with(@{$_}[0, 1])->{status}, $_->[2], "\"$_->[0]\" for $_->[1]")
    for ['', 'mock-1', 200], ['mock-1', 'mock-1', 200], ['big,mock-*', 'mock-1', 200],
    ['big', 'mock-1', 403], ['mock', 'mock-1', 403], ['mock-1', 'mock/mock-1', 403],
    ['*/mock-1', 'mock/mock-1', 200], ['big mock-1', 'mock-1', 200], [',', 'mock-1', 403];
$r = with('big', 'mock-1');
is($r->{json}{error}{type}, 'forbidden', 'the type');
like($r->{json}{error}{message}, qr/may not use the model "mock-1"/, 'the message');

sub listed { my ($models) = @_;
    return join ' ', map { $_->{id} } @{ $t->get($ng, '/models/v1/models',
        headers => ['X-Models' => $models])->{json}{data} } }
is(listed('mock*,big'), 'mock-1 big', '/v1/models has those that are allowed');
like(listed(''), qr/mock-1 cheap big .* dead/, 'or all');
is($t->get($ng, '/models/v1/models/cheap', headers => ['X-Models' => 'big'])->{status},
    404, 'nor is it there by its name');
is($t->get($ng, '/models/v1/models/big', headers => ['X-Models' => 'big'])->{status},
    200, 'one that is allowed');
is($t->get($ng, '/models/v1/models/mock/cheap', headers => ['X-Models' => 'big'])->{status},
    404, 'and not by its provider');

# --- a provider's own headers; another provider's page ---

$r = chat('/rpm', 'h', model => 'theirs');
is($r->{headers}{'x-ratelimit-limit-requests'}, 5, 'ours, not theirs');
ok(!exists $r->{headers}{'x-ratelimit-other'}, 'none of theirs');
$r = chat('/off', 'h', model => 'theirs');
is($r->{headers}{'x-ratelimit-limit-requests'}, 9999, 'theirs without a limit');
$r = chat('/page', 'p', model => 'dead');
is($r->{status}, 200, 'an error page of another provider');
is($r->{headers}{'x-ratelimit-remaining-requests'}, 4, 'is the same request');
is(chat('/page', 'p')->{headers}{'x-ratelimit-remaining-requests'}, 3, 'counted once');

# --- a small zone; a reload ---

is(statuses(1, '/rpm', "n$_"), '200', "name $_") for 1 .. 3;
my $bad = grep { chat('/rpm', "flood-$_")->{status} != 200 } 1 .. 600;
is($bad, 0, 'more names than there is room for');
is(chat('/day', 'a', model => 'big')->{status}, 429, 'money is not forgotten for them');
kill 'HUP', $ng->{pid};
$t->wait_for('the reload', sub {
    $t->read_file($ng->{errorlog}) =~ /gracefully shutting down/ });
sleep 0.3;
is(chat('/day', 'a', model => 'big')->{status}, 429, 'nor by a reload');

# --- a restart ---

is($t->stop($ng, 'TERM'), 0, 'stops');
is((stat $t->dir . '/state/spent')[2] & 07777, 0600, 'money is in a file');
my $state = $t->read_file('state/spent');
like($state, qr/^\d+ 2\d{9} \d+ 2\d{9} d%24http_x_who%3Dda$/m, 'readable');
$t->write_file('state/spent', $state . "nonsense\n1 2 3 -4 x\n1 2 3 4 \n");
$ng = $t->nginx($server, http => $http, modules => ['base', 'chat'], workers => 2);
is(chat('/day', 'a', model => 'big')->{status}, 429, 'a budget that is used up stays so');
is(chat('/month', 'a', model => 'big')->{status}, 429, 'of a month, too');
is(chat('/day', 'c', model => 'cheap')->{status}, 200, 'others go on');
is(scalar(() = $t->read_file($ng->{errorlog}) =~ m{none of nodetool_limit in \S+/spent:\d+}g), 3,
    'faulty lines are said');
is($t->stop($ng, 'QUIT'), 0, 'stops');
is_deeply([map { s{.*/}{}r } glob $t->dir . '/state/*'], ['spent'], 'no other file stays');
$t->write_file('state/spent', '');
mkdir $t->dir . '/state/folder';
$ng = $t->nginx($server, http => $http =~ s/spent;/folder;/r, modules => ['base', 'chat']);
is(chat('/day', 'a', model => 'big')->{status}, 200, 'without the file');
like($t->read_file($ng->{errorlog}), qr/is not a file that nodetool_limit has written/, 'which is said');
$t->stop($ng);
like($t->read_file($ng->{errorlog}), qr/rename\(\) .* failed/, 'a file that cannot be written');

# --- directives ---

my @wrong = (
    ['nodetool_limit x;', qr/takes a key and what it may use, or "off"/],
    ['nodetool_limit x foo=1;', qr/invalid parameter "foo=1" .* there are rpm=/],
    ['nodetool_limit x rpm=a;', qr/invalid value in "rpm=a": expected a whole number/],
    ['nodetool_limit x rpm=;', qr/invalid value in "rpm="/],
    ['nodetool_limit x day=1e3;', qr/invalid value in "day=1e3": expected dollars/],
    ['nodetool_limit x rpm=1 rpm=2;', qr/has a parameter twice/],
    ['nodetool_limit off; nodetool_limit off;', qr/is "off" already|is duplicate/],
    ['nodetool_limit x rpm=1; nodetool_limit off;', qr/is duplicate/],
    ['nodetool_limit off; nodetool_limit x rpm=1;', qr/is "off" already/],
    ['nodetool_limit $nothing_like_it rpm=1;', qr/unknown "nothing_like_it" variable/],
    ['', qr/invalid or too small size/, 'nodetool_limit_zone 1k;'],
    ['', qr/takes a size and state=FILE/, 'nodetool_limit_zone 1m foo=1;'],
    ['', qr/takes a size and state=FILE/, 'nodetool_limit_zone 1m state=;'],
    ['', qr/is duplicate/, 'nodetool_limit_zone 1m; nodetool_limit_zone 1m;'],
    ['', qr/open\(\) .*nothing.*failed/, 'nodetool_prices nothing;'],
    ['', qr/is duplicate/, 'nodetool_prices prices; nodetool_prices prices;'],
    ['', qr/not a file of prices/, 'nodetool_prices /;']);

for my $row (@wrong) {
    my ($inside, $re, $level) = @$row;
    ($status, $out) = $t->nginx_check("location / { nodetool_chat; $inside }",
        http => $level || '');
    isnt($status, 0, 'wrong: ' . ($level || $inside));
    like($out, $re, 'says why');
}

$t->done;
