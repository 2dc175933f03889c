#!/usr/bin/perl

# What follows a failure: other targets, other tries, waits; and what does
# not.

use strict;
use warnings;

use lib 't/lib';

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
        my $text = $json->{messages}[0]{content};
        $what = 'ok' if 1 < grep { ($_->{json}{messages}[0]{content} // '') eq $text }
            grep { $_->{path} && ($_->{json}{model} // '') =~ /^once/ }
            NodeTool::MockOpenAI::notes({ test => $t, log => $c->{log} });
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
    . $provider->('bad', $bad->{port}, 'read_timeout 300ms; key_timeout 1ms;')
    . $provider->('dead', $dead)
    . "nodetool_provider lost { url http://nonexistent.invalid/v1; models m; max_fails 0; }\n"
    . "log_format chat '\$nodetool_provider|\$nodetool_upstream_model|"
    . "\$nodetool_attempts|\$nodetool_fallback|\$upstream_addr|\$upstream_status';";

# The faults after which another target is asked, and those after which none
# is, with what the client gets then.
my @faults = qw(close reset silent nonsense half-header html status-401
    status-403 status-408 status-429 status-429-3 status-500 status-502
    status-503 status-529 dead lost);
my %final = ('status-400' => 400, 'status-404' => 404, 'status-409' => 409,
    'status-422' => 422);
my $routes = join '', map {
    my $to = /^(?:dead|lost)$/ ? "$_ m" : "bad $_";
    "nodetool_route to-$_ { to $to; fallback good mock-1; }\n"
    . "nodetool_route echo-$_ { to $to; fallback echo; }\n"
} @faults, keys %final;

my $ng = $t->nginx(<<"SERVER", http => $http, modules => ['base', 'chat']);
    nodetool_errors on;
    access_log %%DIR%%/chat.log chat;
    client_max_body_size 20m;
    $routes
    nodetool_route long { to dead; to bad status-500; fallback bad close; fallback lost; fallback good mock-1; }
    nodetool_route none { to dead; fallback bad status-503; }
    nodetool_model bad-* bad;
    location /v1/ { nodetool_chat; }
    location /quick/ { nodetool_chat; nodetool_chat_keepalive_comment 100ms; }
    location /off/ { nodetool_chat; nodetool_retry off; }
    location /few/ { nodetool_chat; nodetool_retry_on 500; }
    location /again/ { nodetool_chat; nodetool_retry 3 backoff=20ms wait=2s; nodetool_model * bad; }
    location /short/ { nodetool_chat; nodetool_retry 9 timeout=300ms backoff=100ms; nodetool_model * bad; }
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

for my $fault (@faults) {
    for my $stream (0, 1) {
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

$t->done;
