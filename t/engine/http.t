#!/usr/bin/perl

# Requests of nodes (nt_call_http): waiting, lagging, cancelling, and refs
# that lead to other servers.  The client itself: t/engine/http.c.

use strict;
use warnings;

use lib 't/lib';

use Test::More;
use Time::HiRes qw(time);

use NodeTool::Graph qw(graph node);
use NodeTool::MockOpenAI;
use NodeTool::Test;

my $t = NodeTool::Test->new;
my $mock = NodeTool::MockOpenAI->start($t, 'web', sub {
    my ($c, $req) = @_;

    return $c->body(200, 'text/plain', "hello from $req->{path}")
        if $req->{path} =~ m{^/hello};
    return $c->body(200, 'text/plain', 'x' x 3_000_000)
        if $req->{path} eq '/big';
    if ($req->{path} eq '/stream') {
        $c->stream;
        $c->event({ n => $_ }) for 1 .. 5;
        return $c->done;
    }
    if ($req->{path} eq '/hang') {
        $c->stream;
        $c->wait_closed(10);
        return $c->close;
    }
    if ($req->{path} eq '/silent') {
        $c->wait_closed(10);
        return $c->close;
    }
    return $c->json(404, { error => 'no such page' });
});
my $url = "http://127.0.0.1:$mock->{port}";

sub fetch {
    my ($g, %opt) = @_;

    my $type = delete $opt{type} || 'test.Fetch';
    my %run = map { exists $opt{$_} ? ($_ => delete $opt{$_}) : () }
        qw(cancel_ms);
    my $r = $g->run(graph([node(n => $type, %opt),
        node(o => 'nodetool.output.Output', name => 'o')],
        'n.output>o.value'), %run);
    return $r->{status} eq 'completed' ? $r->{results}{o}
        : $r->{failure}{message} || $r->{status};
}

my $guarded = NodeTool::Graph->new;
like(fetch($guarded, url => "$url/hello"), qr/private network/,
    'private addresses are refused');
is(fetch($guarded, url => "$url/hello", trusted => JSON::PP::true)->{body},
    'hello from /hello', 'but for a host that the operator chose');
$guarded->done;

local $ENV{NODETOOL_HTTP_ALLOW} = '127.0.0.0/8';
my $g = NodeTool::Graph->new;

my $r = fetch($g, url => "$url/hello?a=b");
is_deeply($r, { status => 200, url => "$url/hello?a=b", type => 'text/plain',
    body => 'hello from /hello?a=b' }, 'a request');
is(fetch($g, url => "$url/none")->{status}, 404, 'any status is a reply');

$r = fetch($g, url => "$url/stream", pieces => JSON::PP::true);
is($r->{total}, 89, 'a stream');

$r = fetch($g, url => "$url/big", pieces => JSON::PP::true, pause => 0.01);
is($r->{total}, 3_000_000, 'all of a long body');
cmp_ok($r->{most}, '<', 300_000, 'a bounded part of it at a time');

my $start = time;
like(fetch($g, url => "$url/silent", timeout => 0.2), qr/within 0.2 s/,
    'a timeout');
cmp_ok(time - $start, '<', 2, 'in time');

for my $path (qw(hang silent)) {
    my $closed = $mock->closed;
    $start = time;
    is(fetch($g, url => "$url/$path", cancel_ms => 100), 'cancelled',
        "cancelled while /$path lasts");
    cmp_ok(time - $start, '<', 1, 'at once');
    ok($t->wait_for('the end', sub { $mock->closed > $closed }, 3),
        'and its connection is closed');
}

is(fetch($g, type => 'test.Load', ref => { type => 'document',
    uri => "$url/hello.txt" }), 'hello from /hello.txt', 'a ref of the web');
like(fetch($g, type => 'test.Load', ref => { uri => "$url/none" }),
    qr/answered with status 404/, 'that is not there');
like(fetch($g, type => 'test.Load', ref => { uri =>
    'http://test/storage/assets/x.txt' }), qr/no assets/,
    'an asset is no ref of the web');

$g->done;
$t->done;
