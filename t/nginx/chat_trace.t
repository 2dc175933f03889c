#!/usr/bin/perl

# traceparent and tracestate of the client: passed on when they are good.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use NodeTool::MockOpenAI;
use NodeTool::Test;

my $t = NodeTool::Test->new;
my $mock = NodeTool::MockOpenAI->start($t, 'mock');

my $ng = $t->nginx('location /v1/ { nodetool_chat; }', modules => ['base',
    'chat'], http => <<"HTTP");
log_format trace 'trace=\$nodetool_trace_id';
access_log %%DIR%%/trace.log trace;
nodetool_provider mock { url http://127.0.0.1:$mock->{port}/v1; models m; }
nodetool_provider own {
    url http://127.0.0.1:$mock->{port}/v1;
    models own;
    header Traceparent \$http_x_trace;
}
HTTP

my $id = '0af7651916cd43dd8448eb211c80319c';
my $good = "00-$id-b7ad6b7169203331-01";

# The headers that the provider got.
sub passed {
    my ($model, @headers) = @_;

    my $r = $t->request($ng, 'POST', '/v1/chat/completions', headers =>
        \@headers, json => { model => $model, messages => [{ role => 'user',
        content => 'hi' }] });
    is($r->{status}, 200, 'answered');
    my $h = ($mock->requests)[-1]{headers};
    return [@$h{qw(traceparent tracestate)}];
}

my @rows = (
    ['none', [], undef, undef],
    ['a good one', [traceparent => $good], $good, undef],
    ['with state', [traceparent => $good, Tracestate => 'a=1,b=2'], $good,
        'a=1,b=2'],
    ['state of several lines', [Traceparent => $good, tracestate => 'a=1',
        tracestate => 'b=2, c=3'], $good, 'a=1,b=2, c=3'],
    ['state alone', [tracestate => 'a=1'], undef, undef],
    ['state that is not good', [traceparent => $good, tracestate => 'A'],
        $good, undef],
    ['one that is not good', [traceparent => 'x', tracestate => 'a=1'], undef,
        undef],
    ['two of them', [traceparent => $good, traceparent => $good], undef,
        undef],
);
for (@rows) {
    my ($name, $headers, $parent, $state) = @$_;
    is_deeply(passed('m', @$headers), [$parent, $state], $name);
}
is_deeply(passed('own', traceparent => $good, 'X-Trace' => 'mine'),
    ['mine', undef], 'one of the configuration takes its place');

my $log = sub { my @lines = split /\n/, $t->read_file('trace.log');
    return @lines >= @rows + 1 ? \@lines : undef };
my $lines = $t->wait_for('the access log', $log);
is($lines->[1], "trace=$id", 'the id is known to logs');
is($lines->[0], 'trace=-', 'and no id where there is none');
is($lines->[6], 'trace=-', 'nor one of a header that is not good');

$t->done;
