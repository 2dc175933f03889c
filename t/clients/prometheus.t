#!/usr/bin/perl

# The page of metrics is read by Prometheus' parsers: those of its client for
# Python, and promtool where it is installed.

use strict;
use warnings;

use lib 't/lib';

use File::Temp;
use JSON::PP ();
use Test::More;

use NodeTool::Files;
use NodeTool::MockOpenAI;
use NodeTool::Sdk;
use NodeTool::Test;
use NodeTool::Venv;

my $python = NodeTool::Venv::python('prometheus_client')
    or plan skip_all => 'prometheus_client is not there and cannot be installed';

my $t = NodeTool::Test->new;
my $mock = NodeTool::MockOpenAI->start($t, 'mock');
my $ng = $t->nginx(<<'SERVER', modules => ['base', 'chat'], http => <<"HTTP");
set $nodetool_user 'we"ird\\';
location /v1/ { nodetool_chat; }
location = /metrics { nodetool_metrics; }
SERVER
nodetool_errors on;
nodetool_provider mock { url http://127.0.0.1:$mock->{port}/v1; }
HTTP

for my $model ('mock-1', 'mock-2', 'error-500', 'mock/a"b\\c', 'nobody') {
    for my $stream (JSON::PP::true, JSON::PP::false) {
        $t->request($ng, 'POST', '/v1/chat/completions', json => {
            model => $model, stream => $stream, messages => [{ role => 'user',
            content => 'hi' }] });
    }
}

# the log phase comes after the answer
$t->wait_for('all to be counted', sub {
    $t->get($ng, '/metrics')->{body} =~ /^nodetool_requests_in_flight 0$/m });

$ENV{METRICS_URL} = "http://127.0.0.1:$ng->{port}/metrics";
NodeTool::Sdk::checks(20, $python, "$NodeTool::Test::ROOT/t/clients/prometheus.py");

SKIP: {
    skip 'promtool is not there', 1 if system('command -v promtool >/dev/null') != 0;
    my $page = $t->write_file('page', $t->get($ng, '/metrics')->{body});
    my $said = `promtool check metrics < $page 2>&1`;
    is($?, 0, 'promtool finds nothing') or diag($said);
}

$t->done;
