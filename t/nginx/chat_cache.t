#!/usr/bin/perl

# nodetool_cache: which requests are the same, which replies are kept, and
# that a hit is what the provider said.

use strict;
use warnings;

use lib 't/lib';

use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep);

use NodeTool::HTTP;
use NodeTool::MockOpenAI;
use NodeTool::Test;

my $t = NodeTool::Test->new;

# Answers are numbered: two that are the same came from the cache.
my $mock = NodeTool::MockOpenAI->start($t, 'mock', sub {
    my ($c, $req) = @_;

    my $json = $req->{json} || {};
    my $model = $json->{model} || '';
    my $reply = NodeTool::MockOpenAI::completion($model,
        "answer $$ " . Time::HiRes::time());
    my @chunks = NodeTool::MockOpenAI::chunks($model, ['answer', $$,
        Time::HiRes::time()], $json);
    return anthropic($c, $json) if $req->{path} =~ m{/messages$};
    if ($req->{path} =~ m{/embeddings$}) {
        return $c->json(200, { object => 'list', data => [{ object =>
            'embedding', index => 0, embedding => [rand] }], usage => {
            prompt_tokens => 1, total_tokens => 1 } });
    }
    if ($model eq 'until-close') {
        $c->head(200, 'Content-Type' => 'application/json', Connection => 'close');
        $c->write($t->encode($reply));
        return $c->close;
    }
    if ($model eq 'short') {
        $c->head(200, 'Content-Type' => 'application/json',
            'Content-Length' => 1000);
        $c->write('{"id":');
        return $c->close;
    }
    if ($model eq 'large') {
        $reply->{choices}[0]{message}{content} .= 'x' x 200_000;
        return $c->json(200, $reply);
    }
    if ($model eq 'long') {
        $reply->{choices}[0]{message}{content} .= join ' ', map { rand } 1 .. 4000;
        return $c->json(200, $reply);
    }
    if ($model eq 'polite') {
        return $c->json(200, { error => { message => 'overloaded' } });
    }
    if ($model eq 'gzip') {
        return $c->json(200, $reply, 'Content-Encoding' => 'x-none');
    }
    sleep 0.5 if $model =~ /^slow/;
    if ($model eq 'slow-500') {
        return $c->json(500, { error => { message => 'no' } });
    }
    return NodeTool::MockOpenAI::answer($c, $req) if $model =~ /^error/;
    return $c->json(200, $reply) if !$json->{stream};
    $c->stream;
    if ($model eq 'says-error') {
        $c->event($chunks[0]);
        $c->event({ error => { message => 'overloaded' } });
        return $c->done;
    }
    if ($model eq 'waits') {
        $c->event($chunks[0]);
        return $c->wait_closed(10);
    }
    if ($model eq 'pauses') {
        $c->event($chunks[0]);
        sleep 0.3;
    }
    $c->event($_) for @chunks;
    return $c->done;
});

# As Anthropic's Messages API documents it.
sub anthropic {
    my ($c, $json) = @_;

    my $text = 'answer ' . Time::HiRes::time();
    my %message = (id => 'msg_1', type => 'message', role => 'assistant',
        model => $json->{model}, stop_reason => undef, stop_sequence => undef,
        usage => { input_tokens => 3, output_tokens => 1 });
    if (!$json->{stream}) {
        return $c->json(200, { %message, stop_reason => 'end_turn', content =>
            [{ type => 'text', text => $text }] });
    }
    $c->stream;
    for ({ type => 'message_start', message => { %message, content => [] } },
        { type => 'content_block_start', index => 0, content_block => { type =>
            'text', text => '' } },
        { type => 'content_block_delta', index => 0, delta => { type =>
            'text_delta', text => $text } },
        { type => 'content_block_stop', index => 0 },
        { type => 'message_delta', delta => { stop_reason => 'end_turn',
            stop_sequence => undef }, usage => { output_tokens => 5 } },
        { type => 'message_stop' })
    {
        $c->chunk("event: $_->{type}\ndata: " . $t->encode($_) . "\n\n");
    }
    return $c->write("0\r\n\r\n");
}

my $http = <<"HTTP";
nodetool_errors on;
log_format cache '\$nodetool_cache \$nodetool_total_tokens \$nodetool_provider';
access_log %%DIR%%/cache.log cache;
nodetool_cache_path %%DIR%%/cache levels=1:2 keys_zone=chat:1m inactive=1h;
nodetool_cache_path %%DIR%%/brief keys_zone=brief:1m inactive=1s;
nodetool_provider mock { url http://127.0.0.1:$mock->{port}/v1; }
nodetool_provider claude {
    dialect anthropic;
    url http://127.0.0.1:$mock->{port}/;
    key sk-test;
}
nodetool_provider other { url http://127.0.0.1:$mock->{port}/v1; }
HTTP
my $server = <<'SERVER';
set $nodetool_user $http_x_user;
nodetool_cache chat;
nodetool_cache_bypass $http_x_bypass;
nodetool_cache_max_body 128k;
nodetool_chat_keepalive_comment 100ms;
nodetool_model claude claude;
nodetool_model varies mock $http_x_to;
nodetool_model * mock;
location /v1/ { nodetool_chat; }
location /other/ { nodetool_chat; nodetool_model * other; }
location /shared/ { nodetool_chat; nodetool_cache_key ""; }
location /brief/ { nodetool_chat; nodetool_cache_valid 1s; }
location /gone/ { nodetool_chat; nodetool_cache brief; }
location /lock/ { nodetool_chat; nodetool_cache_lock 5s; }
location /lock-brief/ { nodetool_chat; nodetool_cache_lock 100ms; }
location /zip/ { nodetool_chat; gzip on; gzip_types *; gzip_min_length 1; }
location /off/ { nodetool_chat; nodetool_cache off; }
location /metrics { nodetool_metrics; }
SERVER

my $ng = $t->nginx($server, http => $http, workers => 2,
    modules => ['base', 'chat']);

my $n = 0;

sub message { return (messages => [{ role => 'user', content => $_[0] }]) }

# A question that nobody has asked before.
sub fresh { return message('question ' . ++$n) }

sub ask {
    my ($json, %opt) = @_;

    my $r = $t->request($ng, 'POST', ($opt{path} || '/v1/') . ($opt{api} ||
        'chat/completions'), headers => ['Content-Type' => 'application/json',
        @{ $opt{headers} || [] }], body => ref $json ? $t->encode($json) : $json);
    settle();
    return $r;
}

# A reply is kept when its client has it.
sub settle {
    $t->wait_for('the end of all requests', sub {
        $t->get($ng, '/metrics')->{body} =~ /^nodetool_requests_in_flight 0$/m });
    return;
}

sub status { return $_[0]{headers}{'x-nodetool-cache'} }

# Asks in both ways; the second is a hit with the first's answer, or is not.
sub twice {
    my ($hit, $name, $first, $second, %opt) = @_;

    my $a = ask($first, %opt);
    my $b = ask($second || $first, %opt, %{ $opt{second} || {} });
    is($a->{status}, 200, "$name: answered") if !$opt{status};
    is(status($b), $hit ? 'hit' : 'miss', $hit ? 'a hit' : 'no hit');
    if ($hit) {
        is(status($a), 'miss', 'after a miss');
        is($b->{status}, 200, 'with its status');
        ok($a->{body} eq $b->{body}, 'and what was said then');
        is($b->{headers}{'content-type'}, $a->{headers}{'content-type'},
            'as what it was');
    }
    return ($a, $b);
}

# --- a reply, a stream, other APIs -------------------------------------------

my ($a, $b) = twice(1, 'a reply', { model => 'm', fresh() });
isnt($a->{headers}{'x-request-id'}, $b->{headers}{'x-request-id'},
    'each has an id of its own');
is($b->{headers}{'content-length'}, length $b->{body}, 'and a length');

my %stream = (model => 'm', stream => JSON::PP::true);
($a, $b) = twice(1, 'a stream', { %stream, fresh() });
like($b->{body}, qr/data: \[DONE\]\n\n\z/, 'to its end');
is($b->{headers}{'content-type'}, 'text/event-stream; charset=utf-8',
    'is a stream');
is($b->{headers}{'x-accel-buffering'}, 'no', 'for proxies, too');
is($b->{headers}{'content-length'}, undef, 'without a length');

twice(1, 'embeddings', { model => 'm', input => 'x' }, undef, api => 'embeddings');
twice(1, 'completions', { model => 'm', prompt => 'x' }, undef, api =>
    'completions');
twice(1, 'a translated reply', { model => 'claude', fresh() });
($a, $b) = twice(1, 'a translated stream', { %stream, model => 'claude', fresh() });
like($b->{body}, qr/"finish_reason":"stop".*data: \[DONE\]\n\n\z/s, 'is whole');
my %messages = (api => 'messages');
twice(1, 'messages', { model => 'claude', max_tokens => 9, fresh() }, undef,
    %messages);
twice(1, 'a stream of messages', { %stream, model => 'claude', max_tokens => 9,
    fresh() }, undef, %messages);
twice(1, 'messages, translated', { model => 'm', max_tokens => 9, fresh() },
    undef, %messages);
twice(1, 'a stream of messages, translated', { %stream, max_tokens => 9,
    fresh() }, undef, %messages);
twice(1, 'the echo model', { model => 'echo/echo', fresh() });
twice(1, 'a long reply', { model => 'long', fresh() });
twice(1, 'a long request', { model => 'm', message('x' x 60_000 . ++$n) });
my %pauses = (%stream, model => 'pauses', fresh());
$a = ask(\%pauses);
$b = ask(\%pauses);
like($a->{body}, qr/^: ping$/m, 'a stream with comments');
is(status($b), 'hit', 'a hit');
(my $said = $a->{body}) =~ s/^: ping\n\n//mg;
is($b->{body}, $said, 'without them');
twice(1, 'compressed on its way', { model => 'm', fresh() }, undef, path =>
    '/zip/', headers => ['Accept-Encoding' => 'identity']);

# --- what is the same, and what is not ---------------------------------------

my $q = 'same ' . ++$n;
my @same = (
    ['white space and order', qq({ "messages" : [{"content":"$q","role":"user"}],\n "model":"m" })],
    ['escapes', qq({"model":"\\u006d","messages":[{"role":"user","content":"\\u0073ame $n"}]})],
    ['user', { model => 'm', message($q), user => 'somebody' }],
    ['metadata', { model => 'm', message($q), metadata => { a => 'b' } }],
    ['what says nothing', { model => 'm', message($q), stream =>
        JSON::PP::false, n => 1, stop => undef }],
);
$a = ask({ model => 'm', message($q) });
is(status($a), 'miss', 'a first request');
for (@same) {
    my ($name, $json) = @$_;
    $b = ask($json);
    is(status($b), 'hit', "the same: $name");
    is($b->{body}, $a->{body}, 'so is the answer');
}
my @others = (
    ['another text', { model => 'm', message("$q.") }],
    ['another model', { model => 'm2', message($q) }],
    ['a temperature', { model => 'm', message($q), temperature => 0.5 }],
    ['another temperature', { model => 'm', message($q), temperature => 0.6 }],
    ['a stream', { model => 'm', message($q), stream => JSON::PP::true }],
    ['another role', { model => 'm', messages => [{ role => 'system', content => $q }] }],
    ['another API', { model => 'm', message($q), prompt => 'x' }, api => 'completions'],
    ['another provider', { model => 'm', message($q) }, path => '/other/'],
    ['another user', { model => 'm', message($q) }, headers => ['X-User' => 'eve']],
);
for (@others) {
    my ($name, $json, %opt) = @$_;
    is(status(ask($json, %opt)), 'miss', "not the same: $name");
}
is(status(ask({ model => 'm', message($q), temperature => '0.50' + 0 })), 'hit',
    'nor have the others done harm');
is(status(ask($t->encode({ model => 'm', message($q) }) =~
    s/\}$/,"temperature":5e-1}/r)), 'hit', 'a number is what it says');
my %varies = (model => 'varies', message($q));
is(status(ask(\%varies, headers => ['X-To' => $_])), 'miss',
    "a model behind it: $_") for qw(a b);
is(status(ask(\%varies, headers => ['X-To' => 'a'])), 'hit', 'each its own');

is(status(ask({ model => 'm', message($q) }, path => '/shared/', headers =>
    ['X-User' => 'ann'])), 'miss', 'a key without a user');
is(status(ask({ model => 'm', message($q) }, path => '/shared/', headers =>
    ['X-User' => 'bob'])), 'hit', 'is shared by all');

for ('{"model":"m","n":1,"n":1,"messages":[{"role":"user","content":"x"}]}',
    '{"model":"m","messages":[{"role":"user","content":"x"}],"deep":' . '[' x 70
        . ']' x 70 . '}')
{
    ask($_);
    is(status(ask($_)), 'bypass', 'what readers may understand otherwise');
}

# --- who does not want it ----------------------------------------------------

my %body = (model => 'm', fresh());
$a = ask(\%body);
for (['Cache-Control' => 'no-cache'], ['Cache-Control' => 'Max-Age=0'],
    ['X-Bypass' => 1])
{
    my $before = ask(\%body);
    $b = ask(\%body, headers => $_);
    is(status($b), 'bypass', "@$_");
    isnt($b->{body}, $before->{body}, 'is answered anew');
    is(ask(\%body)->{body}, $b->{body}, 'in the place of what was there');
}
$b = ask(\%body, headers => ['Cache-Control' => 'no-store']);
is(status($b), 'bypass', 'no-store');
isnt(ask(\%body)->{body}, $b->{body}, 'is not kept');
$b = ask(\%body, path => '/off/');
is(status($b), undef, 'off');

# --- what is not kept --------------------------------------------------------

twice(0, 'an error', { model => 'error-429', fresh() }, undef, status => 429);
twice(0, 'an error within a stream', { %stream, model => 'says-error',
    fresh() });
twice(0, 'a stream that is cut off', { %stream, model => 'error-stream',
    fresh() });
{
    my %short = (model => 'short', fresh());
    eval { ask(\%short) };
    my $c = $t->open_request($ng, 'POST', '/v1/chat/completions', json => \%short);
    $c->head;
    is($c->{headers}{'x-nodetool-cache'}, 'miss', 'a reply that is cut off');
    $c->close;
}
twice(0, 'an error that says it is none', { model => 'polite', fresh() });
twice(0, 'a reply without an end', { model => 'until-close', fresh() });
twice(0, 'a reply that is too long', { model => 'large', fresh() });
twice(0, 'an encoded reply', { model => 'gzip', fresh() });
is(status(ask({ model => 'm', message('x' x 140_000) })), 'bypass',
    'a request that is too long');

# a client that leaves in the middle
my %left = (%stream, model => 'waits', fresh());
my $c = $t->open_request($ng, 'POST', '/v1/chat/completions', json => \%left);
$c->event;
$c->close;
settle();
$c = $t->open_request($ng, 'POST', '/v1/chat/completions', json => \%left);
$c->event;
is($c->{headers}{'x-nodetool-cache'}, 'miss', 'what its client left');

# --- a worker that is killed, files that are gone ----------------------------

my @workers = grep { `cat /proc/$_/cmdline` =~ /worker process/ }
    split ' ', `pgrep -P $ng->{pid}`;
is(scalar @workers, 2, 'two workers');
$t->expect_log(qr/exited on signal 9/);
kill 'KILL', @workers;
$t->wait_for('new workers', sub {
    my @now = grep { `cat /proc/$_/cmdline` =~ /worker process/ }
        split ' ', `pgrep -P $ng->{pid}`;
    return @now == 2 && !grep { my $pid = $_; grep { $_ == $pid } @workers } @now;
});
$c->close;
$c = $t->open_request($ng, 'POST', '/v1/chat/completions', json => \%left);
$c->event;
is($c->{headers}{'x-nodetool-cache'}, 'miss', 'what a worker was killed in');
$c->close;
is(status(ask(\%body)), 'hit', 'what was whole stays');

kill 'HUP', $ng->{pid};
$t->wait_for('a reload', sub {
    $t->read_file($ng->{errorlog}) =~ /gracefully shutting down/ });
is(status(ask(\%body)), 'hit', 'also after a reload');

%body = (model => 'm', fresh());
$a = ask(\%body, path => '/gone/');
my $files = sub { my @f = split /\n/, `find $t->{dir}/brief -type f`; return scalar @f };
is($files->(), 1, 'a file');
is(status(ask(\%body, path => '/gone/')), 'hit', 'is found');
sleep 2.1;
kill 'HUP', $ng->{pid}; # the cache manager begins with what is too old
$t->wait_for('the cache manager', sub { $files->() == 0 });
$b = ask(\%body, path => '/gone/');
is(status($b), 'miss', 'what nginx has removed');
isnt($b->{body}, $a->{body}, 'is asked for again');
unlink split /\n/, `find $t->{dir}/brief -type f`;
is(status(ask(\%body, path => '/gone/')), 'miss', 'also what somebody else has');

%body = (model => 'm', fresh());
$a = ask(\%body, path => '/brief/');
is(status(ask(\%body, path => '/brief/')), 'hit', 'a reply that is good for a second');
sleep 2;
$b = ask(\%body, path => '/brief/');
is(status($b), 'miss', 'and then is not');
is(ask(\%body, path => '/brief/')->{body}, $b->{body}, 'the new one is');

# a file that was cut short by the machine
my ($file) = grep { -s $_ } split /\n/, `grep -rl 'nodetool' $t->{dir}/brief; find $t->{dir}/brief -type f`;
truncate $file, 100;
$t->expect_log(qr/cache file ".*" is too small/);
is(status(ask({ model => 'm', message('question ' . ($n - 1)) }, path =>
    '/gone/')), 'miss', 'a file that is too short');

# --- several at once ---------------------------------------------------------

# So many clients at once; their answers.
sub together {
    my ($count, $path, $json) = @_;

    my @c = map { $t->open_request($ng, 'POST', "${path}chat/completions",
        json => $json) } 1 .. $count;
    return map { $_->response } @c;
}

my $asked = sub { return scalar grep { ($_->{json}{model} || '') eq $_[0] }
    $mock->requests };
my @r = together(4, '/lock/', { model => 'slow-1', fresh() });
is($asked->('slow-1'), 1, 'four at once ask once');
is(join(' ', sort map { status($_) } @r), 'hit hit hit miss',
    'and three get what the first gets');
is(scalar(grep { $_->{body} eq $r[0]{body} } @r), 4, 'all the same');
@r = together(2, '/lock/', { model => 'slow-500', fresh() });
is($asked->('slow-500'), 2, 'where the first fails, the second asks');
@r = together(2, '/lock-brief/', { model => 'slow-2', fresh() });
is($asked->('slow-2'), 2, 'who has waited long enough asks, too');
is($_->{status}, 200, 'and is answered') for @r;

my %slow = (model => 'slow-3', fresh());
my $first = $t->open_request($ng, 'POST', '/lock/chat/completions', json => \%slow);
$t->wait_for('the provider', sub { $asked->('slow-3') == 1 });
$c = $t->open_request($ng, 'POST', '/lock/chat/completions', json => \%slow);
sleep 0.1;
$c->close; # while it waits
is($first->response->{status}, 200, 'a client that leaves while it waits');
settle();
is(status(ask(\%slow, path => '/lock/')), 'hit', 'does no harm');

# --- what is said of it ------------------------------------------------------

my $log = $t->wait_for('the log', sub { my $text = $t->read_file('cache.log');
    return $text =~ /^hit 0 -$/m && $text });
like($log, qr/^miss 12 mock$/m, 'the log has it, and a hit costs no tokens');
my $page = $t->get($ng, '/metrics')->{body};
like($page, qr/^nodetool_cache_requests_total\{.*nodetool_cache="$_"\} [1-9]/m,
    "metrics count: $_") for qw(hit miss bypass);

is(join("\n", split /\n/, `find $t->{dir}/cache -name '*.*' -type f`), '',
    'no temporary file stays');

for (['nodetool_cache none;', 'no nodetool_cache_path with keys_zone=none'],
    ['nodetool_cache nodetool_models;', 'conflicts|no nodetool_cache_path|already'],
    ['nodetool_cache chat; nodetool_cache chat;', 'is duplicate'])
{
    my ($conf, $why) = @$_;
    my ($rc, $out) = $t->nginx_check("location / { nodetool_chat; $conf }",
        http => $http, modules => ['base', 'chat']);
    isnt($rc, 0, $conf);
    like($out, qr/$why/, 'says why');
}

$t->done;
