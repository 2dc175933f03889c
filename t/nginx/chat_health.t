#!/usr/bin/perl

# Providers that fail are left alone, and looked at again: over workers and
# reloads. What a failing request leaves behind: nothing.

use strict;
use warnings;

use lib 't/lib';

use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep time);

use NodeTool::MockOpenAI;
use NodeTool::Test;

# The sanitizer keeps little of what is freed: memory is measured.
local $ENV{ASAN_OPTIONS} = 'quarantine_size_mb=1';

my $t = NodeTool::Test->new;

# What the mock does is in a file, so that it can be changed.
my $mode = "$t->{dir}/mode";
my $flaky = NodeTool::MockOpenAI->start($t, 'flaky', sub {
    my ($c, $req) = @_;

    my $what = do { open my $fh, '<', $mode or die $!; local $/; <$fh> };
    return $c->close if $what eq 'close';
    return $c->wait_closed(20) && $c->close if $what eq 'silent';
    sleep 0.2 if $what eq 'slow';
    return $c->json($1, { error => { message => "mock $1" } }, 'Retry-After' => 0)
        if $what =~ /^(\d+)$/;
    if ($what eq 'cut') {
        $c->stream;
        $c->event((NodeTool::MockOpenAI::chunks('m', ['one'], {}))[0]);
        return $c->close;
    }
    return NodeTool::MockOpenAI::answer($c, $req);
});
my $good = NodeTool::MockOpenAI->start($t, 'good');
my $dead = $t->port('dead');

sub mode { $t->write_file($mode, $_[0]); return }
mode('ok');

my $http = <<"HTTP";
nodetool_provider flaky { url http://127.0.0.1:$flaky->{port}/v1; models m; max_fails 3; fail_timeout 1s; read_timeout 300ms; keepalive 4; }
nodetool_provider steady { url http://127.0.0.1:$flaky->{port}/v1; models m; max_fails 1; fail_timeout 30s; }
nodetool_provider careless { url http://127.0.0.1:$flaky->{port}/v1; models m; max_fails 0; }
nodetool_provider default { url http://127.0.0.1:$flaky->{port}/v1; models m; }
nodetool_provider good { url http://127.0.0.1:$good->{port}/v1; models m; }
nodetool_provider dead { url http://127.0.0.1:$dead/v1; models m; max_fails 0; }
HTTP
my $server = <<'SERVER';
    nodetool_errors on;
    nodetool_route m { to flaky; fallback good; }
    nodetool_route alone { to flaky; }
    nodetool_route steady { to steady; fallback good; }
    nodetool_route careless { to careless; fallback good; }
    nodetool_route default { to default; fallback good; }
    nodetool_route leak { to dead; to careless; fallback dead; fallback good; }
    nodetool_route nobody { to dead; fallback careless; }
    location /v1/ { nodetool_chat; }
    location /again/ { nodetool_chat; nodetool_retry 4 backoff=2ms; }
    location /status { stub_status; }
SERVER
my $ng = $t->nginx($server, http => $http, modules => ['base', 'chat'], workers => 2);

sub chat {
    my ($model, %opt) = @_;

    return $t->request($ng, 'POST', (delete $opt{path} || '/v1/')
        . 'chat/completions', json => { model => $model, messages => [{ role =>
        'user', content => 'x' }], %opt });
}

# How many of n requests reach the provider; all must be answered.
sub reached {
    my ($n, $model, $status) = @_;

    my $seen = $flaky->requests;
    for (1 .. $n) {
        my $r = chat($model);
        is($r->{status}, $status || 200, "$model is answered") if
            $r->{status} != ($status || 200);
    }
    return $flaky->requests - $seen;
}

# Until the provider is in again.
sub back {
    mode('ok');
    $t->wait_for('the provider to be back', sub { reached(1, 'm') });
    return;
}

for my $what (500, 503, 529, 'close', 'silent') {
    mode($what);
    # what closes a connection that was idle is asked anew
    my $most = $what eq 'close' ? 5 : 3;
    my $reached = reached(12, 'm');
    ok($reached >= 3 && $reached <= $most,
        "$what: three failures take it out, for all workers") or diag($reached);
    back();
    is(reached(8, 'm'), 8, 'one success brings it back');
}
for my $what (400, 404, 422, 429, 401, 403) {
    mode($what);
    my $status = $what == 429 || $what == 401 || $what == 403 ? 200 : $what;
    my $reached = reached(6, 'm', $status);
    cmp_ok($reached, '>=', $what == 401 || $what == 403 ? 1 : 6,
        "$what: no failure of the provider");
    unlike($t->read_file($ng->{errorlog}) =~ s/.*is back//sr,
        qr/failed \d+ times/, 'as the log knows');
    if ($what == 401 || $what == 403) {
        # it has no key, so it is the provider that is left out
        $t->stop($ng, 'QUIT');
        $ng = $t->nginx($server, http => $http, modules => ['base', 'chat'], workers => 2);
    }
}
mode('ok');
is(reached(4, 'm'), 4, 'it is in');

mode(500);
is(reached(8, 'alone', 500), 8, 'the only target is asked always');
is(reached(5, 'm'), 0, 'and its failures are known to others');
like($t->read_file($ng->{errorlog}),
    qr/\[warn\].*nodetool_provider "flaky" failed 3 times and is left alone for 1000 ms/, 'the log says so');
back();
like($t->read_file($ng->{errorlog}), qr/\[notice\].*nodetool_provider "flaky" is back/, 'both ways');
mode(500);
is(reached(12, 'careless'), 12, 'max_fails 0');
is(reached(12, 'default'), 3, 'the default');

# A stream that breaks off is a failure too.
mode('cut');
my $seen = $flaky->requests;
chat('m', stream => JSON::PP::true) for 1 .. 6;
is($flaky->requests - $seen, 3, 'streams that break off');

# --- one looks whether it is back ------------------------------------------------

sleep 1.1;
mode('slow');
$seen = $flaky->requests;
my @clients = map { $t->open_request($ng, 'POST', '/v1/chat/completions', json =>
    { model => 'm', messages => [{ role => 'user', content => 'x' }] }) } 1 .. 8;
is(scalar(grep { $_->response->{status} == 200 } @clients), 8, 'all are answered');
is($flaky->requests - $seen, 1, 'by one probe at a time');
is(reached(4, 'm'), 4, 'after it, it is in');

mode(500);
reached(4, 'm');
sleep 1.1;
is(reached(6, 'm'), 1, 'a probe that fails');
is(reached(6, 'm'), 0, 'takes it out again');
sleep 1.1;
mode('silent');
my $probe = $t->open_request($ng, 'POST', '/v1/chat/completions', json =>
    { model => 'm', messages => [{ role => 'user', content => 'x' }] });
$t->wait_for('the probe', sub { $flaky->requests > $seen + 7 || sleep 0.1 });
$probe->close;
mode('ok');
$t->wait_for('another probe', sub { reached(1, 'm') }, 3);
pass('a client that leaves gives the probe back');

# --- reloads -----------------------------------------------------------------------

mode(500);
is(reached(4, 'steady'), 1, 'out');
$t->reload($ng);
is(reached(4, 'steady'), 0, 'a reload keeps that');
$t->write_file('nginx.conf', $t->read_file('nginx.conf')
    =~ s/^nodetool_provider good/nodetool_provider new { url http:\/\/127.0.0.1:$dead\/v1; models m; }\nnodetool_provider good/mr
    =~ s/fail_timeout 30s/fail_timeout 20s/r);
$t->reload($ng);
is(reached(4, 'steady'), 0, 'also one with other providers');

# --- what is left --------------------------------------------------------------------

sub usage {
    my ($worker) = split ' ', `pgrep -P $ng->{pid}`;
    my ($rss) = $t->read_file("/proc/$worker/status") =~ /VmRSS:\s*(\d+)/;
    my $fds = () = glob "/proc/$worker/fd/*";
    my ($active) = $t->get($ng, '/status')->{body} =~ /Active connections: (\d+)/;
    return { rss => $rss, fds => $fds, active => $active };
}

$t->stop($ng, 'QUIT');
mode(500);
$ng = $t->nginx($server, http => $http, modules => ['base', 'chat']);
my $requests = 2000;
my $path = '/again/';
for my $i (1 .. 200) {
    chat($i % 2 ? 'leak' : 'nobody', path => '/v1/');
}
my $before = usage();
for my $i (1 .. $requests / 8) {
    my @clients = map {
        $t->open_request($ng, 'POST', ($_ % 4 ? '/v1/' : $path) . 'chat/completions',
            json => { model => $_ % 2 ? 'leak' : 'nobody', stream => $_ % 3
            ? JSON::PP::true : JSON::PP::false, messages => [{ role => 'user',
            content => 'x' }] });
    } 1 .. 8;
    for my $j (0 .. 7) {
        if ($j == 7) {
            $clients[$j]->close;    # it does not wait
        } else {
            $clients[$j]->response;
        }
    }
}
$t->wait_for('connections to close', sub { usage()->{active} <= $before->{active} });
my $after = usage();
# some connections to providers are idle
cmp_ok($after->{fds}, '<=', $before->{fds} + 16, "$requests failing requests: no descriptor is left");
cmp_ok($after->{rss}, '<', $before->{rss} + 2048, 'and no memory')
    or diag("$before->{rss} -> $after->{rss} KiB");

$t->done;
