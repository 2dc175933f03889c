#!/usr/bin/perl

# nodetool_metrics: what is counted, under which labels, and what is not.

use strict;
use warnings;

use lib 't/lib';

use JSON::PP ();
use Test::More;

use NodeTool::HTTP;
use NodeTool::MockOpenAI;
use NodeTool::Test;

my $t = NodeTool::Test->new;
my $mock = NodeTool::MockOpenAI->start($t, 'mock', sub {
    my ($c, $req) = @_;

    my $model = $req->{json}{model} || '';
    if ($model eq 'slow') {
        $c->stream;
        for (NodeTool::MockOpenAI::chunks($model, [qw(one two three)], {
            stream_options => { include_usage => 1 } }))
        {
            $c->event($_);
            select undef, undef, undef, 0.02;
        }
        return $c->done;
    }
    if ($model eq 'waits') {
        $c->stream;
        $c->event((NodeTool::MockOpenAI::chunks($model, ['one'], {}))[0]);
        return $c->wait_closed(10);
    }
    if ($model eq 'details') {
        my $reply = NodeTool::MockOpenAI::completion($model, 'x');
        $reply->{usage} = { prompt_tokens => 2000, completion_tokens => 500,
            total_tokens => 2500, prompt_tokens_details => { cached_tokens =>
            1024 }, completion_tokens_details => { reasoning_tokens => 300 } };
        return $c->json(200, $reply);
    }
    return NodeTool::MockOpenAI::answer($c, $req);
});

my $http = <<"HTTP";
nodetool_metrics_zone 256k models=8 users=2;
nodetool_provider mock { url http://127.0.0.1:$mock->{port}/v1; }
HTTP
my $server = <<'SERVER';
location /v1/ {
    nodetool_chat;
    nodetool_model echo echo;
    nodetool_model * mock;
}
location = /metrics { nodetool_metrics; }
SERVER

my $ng = $t->nginx($server, http => $http, workers => 2,
    modules => ['base', 'chat']);

sub ask {
    my ($model, %opt) = @_;

    my $r = $t->request($ng, 'POST', '/v1/chat/completions', json => {
        model => $model, messages => [{ role => 'user', content => 'hi' }],
        %opt });
    return $r->{status};
}

sub page {
    my $r = $t->get($ng, '/metrics', @_);
    is($r->{status}, 200, 'the page');
    return $r;
}

# The value of a sample, by a part of its line.
sub sample {
    my ($page, $name, @labels) = @_;

    my @lines = grep {
        my $line = $_;
        $line =~ /^\Q$name\E[{ ]/ && !grep { index($line, $_) < 0 } @labels
    } split /\n/, $page->{body};
    return if !@lines;
    diag("$name is there more than once: @lines") if @lines > 1;
    return (split / /, $lines[0])[-1];
}

my ($duration, $usage, $ttft, $tpot) = ('gen_ai_client_operation_duration_seconds',
    'gen_ai_client_token_usage', 'gen_ai_server_time_to_first_token_seconds',
    'gen_ai_server_time_per_output_token_seconds');

# --- an empty page -----------------------------------------------------------

my $page = page();
is($page->{headers}{'content-type'}, 'text/plain; version=0.0.4; charset=utf-8',
    'is text');
like($page->{body}, qr/^# TYPE $duration histogram$/m, 'tells what there is');
is(sample($page, 'nodetool_requests_in_flight'), 0, 'and that nothing runs');

# --- what requests add -------------------------------------------------------

is(ask('m'), 200, 'a reply') for 1 .. 3;
is(ask('slow', stream => JSON::PP::true), 200, 'a stream');
is(ask('details'), 200, 'a reply with details of its usage');
is(ask('error-429'), 429, 'an error');
is(ask('echo'), 200, 'the echo model');

# The log phase comes when the client has its answer.
$page = $t->wait_for('the last request', sub {
    my $p = page();
    return defined sample($p, "${duration}_count", 'provider_name="echo"') ?
        $p : undef;
});
my @m = ('gen_ai_operation_name="chat"', 'gen_ai_provider_name="mock"',
    'gen_ai_request_model="m"');
is(sample($page, "${duration}_count", @m), 3, 'requests');
is(sample($page, "${duration}_bucket", @m, 'le="+Inf"'), 3, 'their buckets');
is(sample($page, "${usage}_sum", @m, 'gen_ai_token_type="input"'), 27,
    'tokens in');
is(sample($page, "${usage}_sum", @m, 'gen_ai_token_type="output"'), 9,
    'tokens out');
is(sample($page, "${usage}_bucket", @m, 'gen_ai_token_type="input"',
    'le="16.0"'), 3, 'a bucket holds what is below it');
is(sample($page, "${usage}_bucket", @m, 'gen_ai_token_type="input"',
    'le="4.0"'), 0, 'and not what is above');
is(sample($page, "${ttft}_count", @m), undef,
    'a reply has no time to its first token');

my @slow = ('gen_ai_request_model="slow"');
is(sample($page, "${ttft}_count", @slow), 1, 'a stream has');
my $mean = sample($page, "${tpot}_sum", @slow);
cmp_ok($mean, '>', 0.03, 'three tokens in 100 ms: the time between two');
cmp_ok($mean, '<', 0.5, 'of them');
cmp_ok(sample($page, 'nodetool_stream_events_total', @slow), '>=', 6,
    'and its events');

my @details = ('gen_ai_request_model="details"');
is(sample($page, 'nodetool_tokens_total', @details, '"cached"'), 1024,
    'tokens that were cached');
is(sample($page, 'nodetool_tokens_total', @details, '"reasoning"'), 300,
    'and those that were reasoning');
is(sample($page, "${duration}_count", 'error_type="rate_limited"',
    'gen_ai_provider_name="mock"'), 1, 'errors have their kind');

is(sample($page, 'nodetool_attempts_total', 'nodetool_result="rate_limited"'),
    1, 'attempts have how they ended');
is(sample($page, 'nodetool_attempts_total', 'nodetool_result="done"',
    'provider_name="mock"'), 5, 'well or not');

# --- what runs now -----------------------------------------------------------

my $c = NodeTool::HTTP->open($ng->{port}, 'POST', '/v1/chat/completions',
    headers => ['Content-Type' => 'application/json'], body => $t->encode({
    model => 'waits', stream => JSON::PP::true, messages => [{ role => 'user',
    content => 'hi' }] }));
$c->event;
is(sample(page(), 'nodetool_requests_in_flight'), 1, 'a request runs');
$c->close;
$page = $t->wait_for('its end', sub {
    my $p = page();
    return sample($p, 'nodetool_requests_in_flight') == 0 ? $p : undef;
});
is(sample($page, "${duration}_count", 'error_type="client_left"'), 1,
    'its client left');

# --- a worker that is killed, and a reload -----------------------------------

$c = NodeTool::HTTP->open($ng->{port}, 'POST', '/v1/chat/completions',
    headers => ['Content-Type' => 'application/json'], body => $t->encode({
    model => 'waits', stream => JSON::PP::true, messages => [{ role => 'user',
    content => 'hi' }] }));
$c->event;
my @workers = split ' ', `pgrep -P $ng->{pid}`;
$t->expect_log(qr/exited on signal 9/);
kill 'KILL', @workers;
$t->wait_for('new workers', sub {
    my @now = split ' ', `pgrep -P $ng->{pid}`;
    return @now == 2 && !grep { my $pid = $_; grep { $_ == $pid } @workers } @now;
});
$c->close;
$page = page();
is(sample($page, 'nodetool_requests_in_flight'), 0,
    'what a worker had when it was killed does not count');
is(sample($page, "${duration}_count", @m), 3, 'what it had counted does');

kill 'HUP', $ng->{pid};
$t->wait_for('a reload', sub { $t->read_file($ng->{errorlog}) =~ /gracefully shutting down/ });
$page = page();
is(sample($page, "${duration}_count", @m), 3, 'it outlives a reload');
is(ask('m'), 200, 'a request after it');
$t->wait_for('it', sub { sample(page(), "${duration}_count", @m) == 4 });

# --- bounds ------------------------------------------------------------------

is(ask("error-404"), 404, 'a model that the provider does not know');
$page = $t->wait_for('it', sub {
    my $p = page();
    return sample($p, "${duration}_count", 'model="other"',
        'error_type="not_found"') ? $p : undef;
});
is(sample($page, "${duration}_count", 'model="error-404"'), undef,
    'gets no label of its own');

ask("many-$_") for 1 .. 10;
my $known = sub { my ($p) = @_; my %seen = map { $_ => 1 }
    $p->{body} =~ /request_model="([^"]*)"/g; return \%seen };
$page = $t->wait_for('all of them', sub {
    my $p = page();
    my $n = 0;
    $n += $1 while $p->{body} =~ /^${duration}_count\{[^}]*model="(?:many-\d+|other)"\} (\d+)$/mg;
    return $n >= 10 ? $p : undef;
});
my $seen = $known->($page);
ok($seen->{other}, 'names beyond the bound are "other"');
is(scalar(grep { $_ ne 'other' } keys %$seen), 8, 'and none is more');

$page = page(headers => [Accept => 'application/openmetrics-text; version=1.0.0,'
    . 'text/plain;version=0.0.4;q=0.5']);
is($page->{headers}{'content-type'},
    'application/openmetrics-text; version=1.0.0; charset=utf-8', 'OpenMetrics');
like($page->{body}, qr/# EOF\n\z/, 'ends as it should');
like($page->{body}, qr/^# TYPE nodetool_tokens counter$/m,
    'and names counters without _total');

# --- methods, and off --------------------------------------------------------

my $r = $t->request($ng, 'HEAD', '/metrics');
is($r->{status}, 200, 'HEAD');
cmp_ok($r->{headers}{'content-length'}, '>', 1000, 'has the length');
$r = $t->request($ng, 'POST', '/metrics', body => 'x');
is($r->{status}, 405, 'POST is refused');
is($r->{headers}{allow}, 'GET, HEAD', 'with what is allowed');

my $off = $t->nginx($server, http => $http =~ s/256k[^;]*/off/r, name => 'off',
    modules => ['base', 'chat']);
is($t->get($off, '/metrics')->{status}, 404, 'off');
is($t->request($off, 'POST', '/v1/chat/completions', json => { model => 'm',
    messages => [{ role => 'user', content => 'hi' }] })->{status}, 200,
    'and chats go on');

for (['4k', 'too small'], ['1m models=0', 'takes a size'], ['1m x=1',
    'takes a size'], ['off users=1', 'invalid'])
{
    my ($args, $why) = @$_;
    my (undef, $out) = $t->nginx_check($server, http => $http =~ s/256k[^;]*/$args/r,
        modules => ['base', 'chat']);
    like($out, qr/$why/, "nodetool_metrics_zone $args");
}

$t->done;
