#!/usr/bin/perl

# What follows a failure: other targets, other tries, waits; and what does
# not.

use strict;
use warnings;

use lib 't/lib';

use Fcntl qw(O_CREAT O_EXCL O_WRONLY);
use JSON::PP ();
use POSIX qw(strftime);
use Test::More;
use Time::HiRes qw(sleep time);

use NodeTool::MockOpenAI;
use NodeTool::Test;

my $t = NodeTool::Test->new;
my $good = NodeTool::MockOpenAI->start($t, 'good');

# The model says what happens. "once-X" is X for the first request with this
# text, "ok" after it.
my $bad = NodeTool::MockOpenAI->start($t, 'bad', sub {
    my ($c, $req) = @_;

    my $json = $req->{json} || { model => $req->{body} =~ /"model":"([^"]*)"/ };
    my $what = $json->{model};
    if ($what =~ s/^once-//) {
        my ($text) = $json->{messages}[0]{content} =~ /(\w+(?: \w+)?)/;
        $what = 'ok' if !sysopen my $fh, "$t->{dir}/once $text",
            O_CREAT | O_EXCL | O_WRONLY;
    }
    return $c->close if $what eq 'close';
    return $c->reset if $what eq 'reset';
    return $c->wait_closed(20) && $c->close if $what eq 'silent';
    return $c->write("HTTP/1.1 nonsense\r\n\r\n") if $what eq 'nonsense';
    if ($what eq 'half-header') {
        $c->write("HTTP/1.1 200 OK\r\nContent-Ty");
        return $c->close;
    }
    if ($what =~ /^status-(\d+)(?:-(.*))?$/) {
        my ($status, $after) = ($1, $2);
        my @headers = !defined $after ? ()
            : $after =~ /^(\d+)ms$/ ? ('retry-after-ms' => $1)
            : $after =~ /^date(\d+)$/ ? ('Retry-After' =>
                strftime('%a, %d %b %Y %H:%M:%S GMT', gmtime(time + $1)))
            : ('Retry-After' => $after);
        return $c->json($status, { error => { message => "mock $status",
            type => 'mock', code => undef, param => undef } }, @headers);
    }
    if ($what =~ /^events-(\w+)/) {
        my $how = $1;
        $c->stream;
        if ($how eq 'error') {
            $c->event({ error => { message => 'overloaded', type => 'server_error',
                code => 503 } });
            return $c->done;
        }
        return $c->done if $how eq 'none';
        $c->chunk(": hello\n\n") if $how eq 'stall';
        return $c->wait_closed(20) && $c->close if $how eq 'stall';
        $c->chunk('data: {"choices":[{"del') if $how eq 'cut';
        return $c->close;
    }
    if ($what =~ /^(pause|slow)-(\d+)/) {    # ms before or after the first event
        my ($when, $ms) = ($1, $2);
        my ($first, @rest) = NodeTool::MockOpenAI::chunks($what, ['one'], $json);
        $c->stream;
        sleep $ms / 1000 if $when eq 'slow';
        $c->event($first);
        sleep $ms / 1000 if $when eq 'pause';
        $c->event($_) for @rest;
        return $c->done;
    }
    if ($what eq 'html') {
        return $c->body(502, 'text/html', '<h1>Bad gateway</h1>');
    }
    return NodeTool::MockOpenAI::answer($c, $req);
});

my $dead = $t->port('dead');
my $provider = sub {
    my ($name, $port, $more) = @_;
    return "nodetool_provider $name { url http://127.0.0.1:$port/v1; "
        . "models m; max_fails 0; @{[ $more || '' ]} }\n";
};
my $http = $provider->('good', $good->{port}, 'key good-key;')
    . $provider->('bad', $bad->{port}, 'read_timeout 300ms; key_timeout 0;')
    . $provider->('dead', $dead)
    . $provider->('hasty', $bad->{port}, 'first_token_timeout 200ms; read_timeout 700ms;')
    . "nodetool_provider lost { url http://nonexistent.invalid/v1; models m; max_fails 0; }\n"
    . "log_format chat '\$nodetool_provider|\$nodetool_upstream_model|"
    . "\$nodetool_attempts|\$nodetool_fallback|\$upstream_addr|\$upstream_status';";

# The faults after which another target is asked, and those after which none
# is, with what the client gets then.
my @faults = qw(close reset silent nonsense half-header html status-401
    status-403 status-408 status-429 status-429-3 status-500 status-502
    status-503 status-529 dead lost);
my @streams = qw(events-error events-cut events-stall events-close);
my %final = ('status-400' => 400, 'status-404' => 404, 'status-409' => 409,
    'status-422' => 422);
my $routes = join '', map {
    my $to = /^(?:dead|lost)$/ ? "$_ m" : "bad $_";
    "nodetool_route to-$_ { to $to; fallback good mock-1; }\n"
    . "nodetool_route echo-$_ { to $to; fallback echo; }\n"
} @faults, @streams, keys %final;

my $ng = $t->nginx(<<"SERVER", http => $http, modules => ['base', 'chat']);
    nodetool_errors on;
    access_log %%DIR%%/chat.log chat;
    client_max_body_size 20m;
    $routes
    nodetool_route long { to dead; to bad status-500; fallback bad close; fallback lost; fallback good mock-1; }
    nodetool_route none { to dead; fallback bad status-503; }
    nodetool_route late { to bad silent; fallback bad status-503; }
    nodetool_route late-dead { to bad silent; fallback dead; }
    nodetool_route late-lost { to bad silent; fallback lost; }
    nodetool_route slow-* pause-* { to hasty; fallback good mock-1; }
    location /v1/ { nodetool_chat; }
    location /quick/ { nodetool_chat; nodetool_chat_keepalive_comment 100ms; }
    location /off/ { nodetool_chat; nodetool_retry off; }
    location /few/ { nodetool_chat; nodetool_retry_on 500; }
    location /again/ { nodetool_chat; nodetool_retry 3 backoff=20ms wait=2s; nodetool_model * bad; }
    location /short/ { nodetool_chat; nodetool_retry 9 timeout=300ms backoff=100ms; nodetool_model * bad; }
    location /slow/ { nodetool_chat; nodetool_chat_keepalive_comment 100ms; nodetool_retry 3 wait=30s; nodetool_model * bad; }
SERVER

my $n = 0;

sub chat {
    my ($model, %opt) = @_;

    my $path = delete $opt{path} || '/v1/';
    my $text = delete $opt{text} || 'text ' . $n++;
    return $t->request($ng, 'POST', "${path}chat/completions", json => { model =>
        $model, messages => [{ role => 'user', content => $text }], %opt });
}

# The last line of the access log, when there are as many as requests.
my $lines = 0;
sub logged {
    $lines++;
    return $t->wait_for('the access log', sub {
        my @lines = split /\n/, $t->read_file('chat.log');
        return @lines >= $lines ? $lines[$lines - 1] : undef;
    });
}

for my $fault (@faults, @streams) {
    for my $stream ($fault =~ /^events/ ? 1 : (0, 1)) {
        my $name = "$fault, " . ($stream ? 'stream' : 'whole');
        my @stream = (stream => $stream ? JSON::PP::true : JSON::PP::false);

        my $r = chat("to-$fault", @stream);
        is($r->{status}, 200, "$name: another provider answers");
        like($r->{body}, $stream ? qr/"two ".*data: \[DONE\]/s : qr/one two three/,
            'its words');
        my ($request) = reverse $good->requests;
        is($request->{json}{model}, 'mock-1', 'which was asked for its model');
        is($request->{headers}{authorization}, 'Bearer good-key', 'with its key');
        my $tries = $fault eq 'status-429-3' && $stream ? 1 : 2;
        like(logged(), qr/^good\|mock-1\|$tries\|1\|/, 'and the log says so');

        $r = chat("echo-$fault", @stream);
        is($r->{status}, 200, "$name: echo answers");
        like($r->{body}, qr/You/, 'its words');
        $tries = $fault eq 'status-429-3' ? 1 : 2;
        like(logged(), qr/^echo\|echo-$fault\|$tries\|1\|/, 'and the log says so');
    }
}
like($t->read_file($ng->{errorlog}), qr/\[warn\].*attempt 1 failed: nodetool_provider "bad", model "status-503": status 503, next: "good", model "mock-1", key 1, in 0 ms/,
    'each failure is in the error log');

for my $fault (sort keys %final) {
    my $seen = $good->requests;
    is(chat("to-$fault")->{status}, $final{$fault}, "$fault is the client's");
    is(scalar $good->requests, $seen, 'nobody else is asked');
    like(logged(), qr/^bad\|$fault\|1\|0\|/, 'one attempt');
}

is(chat('long')->{status}, 200, 'one after the other');
like(logged(), qr/^good\|mock-1\|5\|1\|127\.0\.0\.1:$dead : 127\.0\.0\.1:$bad->{port} : 127\.0\.0\.1:$bad->{port} : 127\.0\.0\.1:$good->{port}\|502 : 500 : 502 : 200/,
    'are in the access log');
my $r = chat('none');
is($r->{status}, 503, 'the last failure is what the client gets');
is($r->{json}{error}{message}, 'mock 503', 'with its words');
logged();

is(chat('to-status-500', path => '/off/')->{status}, 500, 'nodetool_retry off');
like(logged(), qr/\|1\|0\|/, 'one attempt');
is(chat('to-status-500', path => '/few/')->{status}, 200, 'nodetool_retry_on: a status in it');
is(chat('to-status-502', path => '/few/')->{status}, 502, 'one that is not');
is(chat('to-dead', path => '/few/')->{status}, 502, 'nor an error');
logged() for 1 .. 3;

# --- time-outs -------------------------------------------------------------------

for my $case (['slow-50', 'hasty', 'the first token in time'],
    ['slow-450', 'good', 'first_token_timeout, after which another one is asked'],
    ['pause-450', 'hasty', 'a pause between two tokens that is longer'])
{
    my ($model, $by, $name) = @$case;
    $r = chat($model, stream => JSON::PP::true);
    like($r->{body}, qr/data: \[DONE\]/, $name);
    like(logged(), qr/^$by\|/, "so $by answers");
}
$r = chat('pause-1500', stream => JSON::PP::true);
like($r->{body}, qr/^data: \{"choices".*\n\ndata: \{"error": .*"timeout", "code": 504/s,
    'read_timeout, between two tokens');
like(logged(), qr/^hasty\|pause-1500\|1\|0/, 'after which nobody can take over');

# --- the same one again --------------------------------------------------------

sub timed {
    my ($code) = @_;

    my $start = time;
    my $r = $code->();
    $lines++;
    return ($r, time - $start);
}

my $took;
for my $case (['once-status-500', 200, 0], ['once-close', 200, 0],
    ['once-status-429-1', 200, 0.9], ['once-status-429-date2', 200, 0.5],
    ['once-status-503-400ms', 200, 0.39], ['once-status-429', 200, 0],
    ['status-500', 500, 0.02], ['status-400', 400, 0])
{
    my ($model, $status, $least) = @$case;
    ($r, $took) = timed(sub { chat($model, path => '/again/') });
    is($r->{status}, $status, "$model: status");
    cmp_ok($took, '>=', $least, 'not too early');
}
is(scalar(grep { ($_->{json}{model} // '') eq 'status-500'
    && $_->{json}{messages}[0]{content} eq 'text ' . ($n - 2) } $bad->requests), 3,
    'three tries in all');
($r, $took) = timed(sub { chat('status-500', path => '/short/') });
is($r->{status}, 500, 'a total time');
cmp_ok($took, '<', 4, 'ends the tries');

($r, $took) = timed(sub { chat('status-429-60', path => '/again/') });
is($r->{status}, 429, 'a Retry-After that is too long');
is($r->{headers}{'retry-after'}, 60, 'is the client\'s');
cmp_ok($took, '<', 10, 'at once');
my $seen = $bad->requests;
($r, $took) = timed(sub { chat('status-429-60', path => '/again/') });
is($r->{status}, 429, 'the next request');
like($r->{headers}{'retry-after'}, qr/^(?:60|5\d)$/, 'is told the same');
like($r->{json}{error}{message}, qr/"bad" has asked for a pause/, 'by us');
is(scalar $bad->requests, $seen, 'without asking again');
($r) = timed(sub { chat('ok', path => '/again/') });
is($r->{status}, 200, 'another model is asked for');

# --- comments ------------------------------------------------------------------

my $stream = { stream => JSON::PP::true };
$r = chat('to-silent', %$stream, path => '/quick/');
like($r->{body}, qr/^: ping\n\n.*"two ".*data: \[DONE\]\n\n\z/s,
    'another provider after the first comment');
$r = chat('echo-silent', %$stream, path => '/quick/');
like($r->{body}, qr/^: ping\n\n.*"You".*data: \[DONE\]\n\n\z/s, 'or echo');
for my $case (['late', qr/mock 503/], ['late-dead', qr/The provider \\"dead/],
    ['late-lost', qr/The provider \\"lost/])
{
    my ($model, $message) = @$case;
    $r = chat($model, %$stream, path => '/quick/');
    is($r->{status}, 200, "$model: nobody answers");
    like($r->{body}, qr/^: ping\n\n(?:: ping\n\n)*data: \{"error":.*$message/s,
        'an error event');
    unlike($r->{body}, qr/DONE/, 'and no end');
}
my $start = time;
$r = chat('once-status-429-1', %$stream, path => '/slow/');
like($r->{body}, qr/^(?:: ping\n\n){5,}data: .*"two ".*data: \[DONE\]\n\n\z/s,
    'comments while it waits');
cmp_ok(time - $start, '>=', 0.9, 'as long as it was told');
$lines += 6;

# --- clients that leave ----------------------------------------------------------

my $errors = length $t->read_file($ng->{errorlog});
my $client = $t->open_request($ng, 'POST', '/slow/chat/completions', json => {
    model => 'once-status-429-20', stream => JSON::PP::true,
    messages => [{ role => 'user', content => 'leaves' }] });
$client->read_until(qr/ping/);
$client->close;
$t->wait_for('the end of the request', sub {
    substr($t->read_file($ng->{errorlog}), $errors) =~ /prematurely closed/ });
$lines++;

# --- bodies ----------------------------------------------------------------------

my $sum = NodeTool::MockOpenAI->start($t, 'sum', sub {
    my ($c, $req) = @_;
    require Digest::MD5;
    return $c->json(200, { md5 => Digest::MD5::md5_hex($req->{body}),
        length => length $req->{body} });
});
my $tls = do {
    system("cd $t->{dir} && openssl req -x509 -newkey rsa:2048 -nodes -days 2 "
        . "-keyout tls.key -out tls.pem -subj /CN=localhost -addext "
        . "subjectAltName=DNS:localhost > openssl.log 2>&1") == 0
        or die $t->read_file('openssl.log');
    $t->nginx(<<"SERVER", name => 'nginx-tls', modules => [], listen => '127.0.0.1:' . $t->port('nginx-tls') . ' ssl');
    ssl_certificate %%DIR%%/tls.pem;
    ssl_certificate_key %%DIR%%/tls.key;
    client_max_body_size 0;
    location / { proxy_pass http://127.0.0.1:$sum->{port}; }
SERVER
};

# A name server: known.test is 127.0.0.1, all else is not there.
my $dns = do {
    my $sock = IO::Socket::INET->new(Proto => 'udp', LocalAddr => '127.0.0.1')
        or die "udp: $!";
    my $pid = fork;
    if ($pid == 0) {
        while ($sock->recv(my $query, 512)) {
            my ($id) = unpack 'n', $query;
            my $known = $query =~ /\x05known\x04test\0\0\x01/;
            my $question = substr $query, 12;
            $question =~ s/^(.*?\0....).*/$1/s;
            $sock->send(pack('n6', $id, $known ? 0x8180 : 0x8183, 1,
                $known ? 1 : 0, 0, 0) . $question . ($known
                ? pack('n3NnC4', 0xc00c, 1, 1, 1, 4, 127, 0, 0, 1) : ''));
        }
        POSIX::_exit(0);
    }
    push @{ $t->{children} }, { name => 'dns', pid => $pid, log => '/dev/null' };
    $sock->sockport;
};

my $more = $t->nginx(<<"SERVER", name => 'nginx-more', workers => 2, http => $http . <<"HTTP", modules => ['base', 'chat']);
    nodetool_errors on;
    client_max_body_size 20m;
    client_body_buffer_size 16k;
    resolver 127.0.0.1:$dns ipv6=off;
    resolver_timeout 2s;
    nodetool_route big { to bad status-500; fallback bad close; fallback sum short; fallback echo; }
    nodetool_route big-tls { to mistrusted; to bad status-500; fallback secure a-longer-name-of-a-model; }
    nodetool_route known { to known mock-1; }
    nodetool_route unknown { to unknown; fallback known mock-1; }
    nodetool_route unknown-echo { to unknown; to lost; fallback echo; }
    nodetool_route nowhere { to unknown; fallback lost; }
    nodetool_model slow bad;
    location /v1/ { nodetool_chat; }
    location /slow/ { nodetool_chat; nodetool_retry 3 wait=30s; nodetool_model * patient; }
    location /status { stub_status; }
SERVER
nodetool_provider patient { url http://127.0.0.1:$bad->{port}/v1; models m; max_fails 0; key_timeout 0; }
nodetool_provider sum { url http://127.0.0.1:$sum->{port}/v1; models m; }
nodetool_provider secure { url https://localhost:$tls->{port}/v1; models m; ssl_trusted_certificate %%DIR%%/tls.pem; }
nodetool_provider mistrusted { url https://localhost:$tls->{port}/v1; models m; }
nodetool_provider known { url http://known.test:$good->{port}/v1; models m; }
nodetool_provider unknown { url http://unknown.test:$good->{port}/v1; models m; }
HTTP

sub ask {
    my ($model, %opt) = @_;

    my $path = delete $opt{path} || '/v1/';
    return $t->request($more, 'POST', "${path}chat/completions", json => { model
        => $model, messages => [{ role => 'user', content => delete $opt{text}
        // 'text' }], %opt });
}

for my $case (['big', 'short'], ['big-tls', 'a-longer-name-of-a-model']) {
    my ($model, $as) = @$case;
    for my $size (100, 40_000, 5_000_000) {
        my $text = join ' ', map { $_ * 7919 % 99_991 } 1 .. $size / 6;
        my $body = $t->encode({ model => $model, messages => [{ role => 'user',
            content => $text }], zz => 'last' });
        $r = $t->request($more, 'POST', '/v1/chat/completions', body => $body,
            headers => ['Content-Type', 'application/json']);
        is($r->{status}, 200, "$model with $size bytes");
        (my $expected = $body) =~ s/"model":"$model"/"model":"$as"/;
        require Digest::MD5;
        is($r->{json}{md5}, Digest::MD5::md5_hex($expected),
            'the last one gets all of it');
    }
}

# --- names -----------------------------------------------------------------------

for my $model (qw(known unknown)) {
    for my $stream (JSON::PP::false, JSON::PP::true) {
        is(ask($model, stream => $stream)->{status}, 200, "$model: by the resolver")
            for 1 .. 3;
    }
}
is(ask('unknown-echo')->{status}, 200, 'names that are not there, then echo');
is(ask('nowhere')->{status}, 502, 'names that are not there');

# --- a reload --------------------------------------------------------------------

$client = $t->open_request($more, 'POST', '/slow/chat/completions', json => {
    model => 'once-status-429-1', messages => [{ role => 'user', content => 'reload' }] });
$t->wait_for('the first attempt', sub { grep { ($_->{json}{messages}[0]{content}
    // '') eq 'reload' } $bad->requests });
kill 'HUP', $more->{pid};
$r = $client->response;
is($r->{status}, 200, 'a request that waits during a reload');

$t->done;
