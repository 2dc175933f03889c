#!/usr/bin/perl

# ngx_http_nodetool_workflow_module: routes, bodies, errors.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use NodeTool::Test;
use NodeTool::Workflows;

my $t = NodeTool::Test->new;
my @modules = (modules => ['base', 'auth', 'workflow']);
my $e = $t->engine;

my $ng = $t->nginx(<<'CONF', @modules, http => <<'HTTP');
    nodetool_errors on;
    nodetool_engine engine;
    client_body_buffer_size 8k;
    client_max_body_size 4m;
    access_log %%DIR%%/jobs.log job;
    location /workflows { nodetool_workflow; }
    location /jobs { nodetool_workflow; }
    location /api/ { nodetool_workflow; }
    location /health/ready { nodetool_engine_health; }
    location /small { rewrite ^/small(.*) $1 break; nodetool_workflow;
                      client_max_body_size 1k; }
    location /user2/ { nodetool_auth static;
                       nodetool_auth_token token; rewrite ^/user2(.*) $1 break;
                       nodetool_workflow; }
    location /down { nodetool_engine unix:%%DIR%%/nobody.sock;
                     rewrite ^/down(.*) $1 break; nodetool_workflow; }
CONF
    upstream engine { server unix:%%ENGINE%%; keepalive 4; }
    log_format job '$request_method $uri $status [$nodetool_job_id]';
HTTP

sub message { my ($r) = @_; return $r->{json}{error}{message} }

# --- workflows -----------------------------------------------------------------

my $r = $t->get($ng, '/workflows');
is($r->{status}, 200, 'no workflows yet');
is_deeply($r->{json}, { workflows => [], next => undef }, ' an empty list');

$r = $t->request($ng, 'PUT', '/workflows/echo',
    json => NodeTool::Workflows::echo());
is($r->{status}, 201, 'PUT creates');
is($r->{json}{id}, 'echo', ' with the id of the path');
$r = $t->request($ng, 'PUT', '/workflows/echo/',
    json => { %{ NodeTool::Workflows::echo() }, extra => { a => [1] } });
is($r->{status}, 200, 'PUT with a trailing slash replaces');
$r = $t->get($ng, '/workflows/echo');
is_deeply($r->{json}{extra}, { a => [1] }, 'unknown fields survive');
is($r->{headers}{'content-type'}, 'application/json', 'JSON');
is($r->{json}{input_schema}{properties}{text}{type}, 'string',
    'input_schema is derived');
ok($r->{json}{output_schema}{properties}{output}, 'so is output_schema');

for my $path ('/workflows', '/workflows/', '/workflows/?limit=5') {
    my $list = $t->get($ng, $path);
    is($list->{json}{workflows}[0]{id}, 'echo', "GET $path");
}
$r = $t->request($ng, 'HEAD', '/workflows/echo');
is($r->{status}, 200, 'HEAD');
is($r->{body}, '', ' has no body');
ok($r->{headers}{'content-length'} > 100, ' but its length');

is($t->get($ng, '/workflows/nope')->{status}, 404, 'no such workflow');
is(message($t->get($ng, '/workflows/nope')), 'Workflow not found: nope',
    ' by name');

is($t->get($ng, $_)->{status}, 404, "$_ is nothing here")
    for '/api/nodes/metadata', '/api/jobs', '/api/workflows', '/jobs/running/all';

# --- ids -----------------------------------------------------------------------

$r = $t->request($ng, 'PUT', '/workflows/%65cho-%32',
    json => NodeTool::Workflows::echo());
is($r->{json}{id}, 'echo-2', 'ids are percent-decoded');
ok(-f "$e->{home}/workflows/echo-2.json", ' and name a file');

for my $id ('%2e%2e', '..%2f..%2fetc%2fpasswd', '%2fetc%2fpasswd', 'a%00b',
    '.hidden', 'a%5cb', 'x' x 129, '%c3%a9', '%20a', 'a"b', '%f0%28')
{
    for my $method ('GET', 'PUT', 'DELETE') {
        my $got = $t->request($ng, $method, "/workflows/$id",
            $method eq 'PUT' ? (json => NodeTool::Workflows::echo()) : ());
        ok($got->{status} >= 400 && $got->{status} < 500,
            "$method of the id $id: $got->{status}");
    }
}
opendir my $dir, "$e->{home}/workflows" or die;
is_deeply([sort grep { !/^\.\.?$/ } readdir $dir],
    ['echo-2.json', 'echo.json'], 'and nothing was written');
closedir $dir;

# --- run -----------------------------------------------------------------------

$r = $t->request($ng, 'POST', '/workflows/echo/run',
    json => { params => { text => 'hi' } });
is($r->{status}, 200, 'run');
is($r->{json}{output}, 'hi', ' its output');
is($r->{json}{status}, 'completed', ' its status');
my $job = $r->{json}{job_id};
is($r->{headers}{'x-job-id'}, $job, ' X-Job-Id');
$t->wait_for('the log', sub { $t->read_file('jobs.log') =~ /^POST \S+ 200/m });
like($t->read_file('jobs.log'), qr/^POST \S+ 200 \[$job\]$/m,
    ' $nodetool_job_id');

for (['no content type', body => '{"text":"x"}'],
     ['a charset', body => '{"text":"x"}', headers =>
         ['Content-Type', 'application/json; charset=utf-8']],
     ['a JSON type of its own', body => '{"text":"x"}', headers =>
         ['Content-Type', 'application/vnd.nodetool+json']])
{
    my ($what, @args) = @$_;
    is($t->request($ng, 'POST', '/workflows/echo/run/', @args)
        ->{json}{output}, 'x', "run with $what");
}
$r = $t->request($ng, 'POST', '/workflows/echo/run', body => 'text=x',
    headers => ['Content-Type', 'application/x-www-form-urlencoded']);
is($r->{status}, 415, 'another content type');
is($t->request($ng, 'POST', '/workflows/echo/run', headers =>
    ['Content-Type', 'text/plain'])->{status}, 200, 'no body, no type needed');
is($t->request($ng, 'POST', '/workflows/echo/run')->{json}{output}, '',
    'run without a body');

for my $size (10, 5000, 9000, 100_000, 2_000_000) {
    my $text = 'x' x ($size - 3) . 'end';
    my $body = $t->encode({ text => $text });
    $r = $t->request($ng, 'POST', '/workflows/echo/run', body => $body);
    is($r->{json}{output}, $text, "a body of $size bytes");

    my $chunked = '';
    for (my $i = 0; $i < length $body; $i += 7000) {
        my $piece = substr $body, $i, 7000;
        $chunked .= sprintf "%x\r\n%s\r\n", length $piece, $piece;
    }
    $r = $t->request($ng, 'POST', '/workflows/echo/run',
        body => "${chunked}0\r\n\r\n",
        headers => ['Transfer-Encoding', 'chunked']);
    is($r->{json}{output}, $text, ' chunked');
}
is($t->request($ng, 'POST', '/small/workflows/echo/run',
    body => 'x' x 2000)->{status}, 413, 'a body over client_max_body_size');

$r = $t->request($ng, 'POST', '/workflows/echo/run', body => '{"text": "x"');
is($r->{status}, 400, 'malformed JSON');
like(message($r), qr/line 1, column \d+/, ' says where');
is($r->{json}{error}{type}, 'bad_request', ' its type');
is($t->request($ng, 'POST', '/workflows/nope/run')->{status}, 404,
    'run of no workflow');
$r = $t->request($ng, 'POST', '/workflows/echo/run', json => { txt => 'x' });
is($r->{status}, 422, 'an unknown parameter');
like(message($r), qr/txt/, ' is named');

$r = $t->request($ng, 'PUT', '/workflows/draft',
    json => NodeTool::Workflows::chain('Draft', ['no.such.Node'],
        ['nodetool.output.Output', { name => 'o' }, 'value']));
is($r->{status}, 201, 'a draft with an unknown node type can be stored');
$r = $t->request($ng, 'POST', '/workflows/draft/run');
is($r->{status}, 422, ' but not run');
like(message($r), qr/n0.*no\.such\.Node/, ' and the node is named');
is($r->{json}{error}{type}, 'validation_error', ' its type');

for ([[], qr/object/], [{}, qr/graph/], [{ graph => { nodes => [] } },
      qr/graph\.edges/], [{ graph => { nodes => [{ id => 1 }], edges => [] } },
      qr/graph\.nodes\[0\]\.id/], [{ %{ NodeTool::Workflows::echo() },
      tags => 'x' }, qr/tags/])
{
    my ($body, $re) = @$_;
    $r = $t->request($ng, 'PUT', '/workflows/bad', json => $body);
    is($r->{status}, 422, 'PUT of what is no workflow');
    like(message($r), $re, " names the field: $re");
}
is($t->get($ng, '/workflows/bad')->{status}, 404, 'nothing was stored');

$r = $t->request($ng, 'POST', '/workflows/echo/run', body => '{"text": "\\u0000"}',
    headers => ['Content-Type', 'application/json']);
is($r->{status}, 400, 'a NUL in a text');
like($r->{json}{error}{message}, qr/NUL character .* line 1, column \d+/,
    ' says so');

$r = $t->request($ng, 'POST', '/workflows/echo/run', json => { params => undef });
is($r->{status}, 200, 'null for no params');

# --- idempotency ---------------------------------------------------------------

my @key = ('Idempotency-Key', 'key-1 "quoted"');
my $first = $t->request($ng, 'POST', '/workflows/echo/run',
    json => { text => 'once' }, headers => [@key]);
my $second = $t->request($ng, 'POST', '/workflows/echo/run',
    json => { text => 'once' }, headers => [@key]);
is($second->{json}{job_id}, $first->{json}{job_id},
    'Idempotency-Key: the same job');
is($second->{json}{output}, 'once', ' and its result');
is($t->request($ng, 'POST', '/workflows/echo/run', headers =>
    ['Idempotency-Key', 'x' x 256])->{status}, 400, 'a key that is too long');

# --- jobs ----------------------------------------------------------------------

$r = $t->get($ng, '/jobs?limit=2');
is(scalar @{ $r->{json}{jobs} }, 2, 'jobs, a page');
ok($r->{json}{next_start_key}, ' and there are more');
my $page = $t->get($ng, '/jobs/?limit=2&start_key='
    . $r->{json}{next_start_key});
isnt($page->{json}{jobs}[0]{id}, $r->{json}{jobs}[0]{id}, 'the next page');
is_deeply($t->get($ng, '/jobs?workflow_id=none')->{json}{jobs}, [],
    'jobs of one workflow');
is($t->get($ng, "/$_=%00")->{status}, 422, "a NUL in $_")
    for qw(workflows?cursor jobs?start_key jobs?workflow_id);
for my $limit ('x', '-1', '0', '99999', '1.5') {
    is($t->get($ng, "/jobs?limit=$limit")->{status}, 422, "limit=$limit");
}
$r = $t->get($ng, "/jobs/$job");
is($r->{json}{status}, 'completed', 'one job');
is($r->{json}{result}{output}, 'hi', ' with its result');
is($t->get($ng, '/jobs/nope')->{status}, 404, 'no such job');
is($t->request($ng, 'POST', "/jobs/$job/cancel")->{status}, 409,
    'an ended job cannot be cancelled');
is($t->request($ng, 'POST', '/jobs/nope/cancel')->{status}, 404,
    'nor one that is not there');

# --- methods and paths ----------------------------------------------------------

for (['POST', '/workflows', 'GET, HEAD'],
     ['POST', '/workflows/echo', 'GET, HEAD, PUT, DELETE'],
     ['GET', '/workflows/echo/run', 'POST'],
     ['PUT', '/workflows/echo/run/stream', 'POST'],
     ['DELETE', '/jobs', 'GET, HEAD'], ['DELETE', "/jobs/$job", 'GET, HEAD'],
     ['POST', "/jobs/$job/events", 'GET, HEAD'],
     ['GET', "/jobs/$job/cancel", 'POST'],
     ['POST', '/health/ready', 'GET, HEAD'])
{
    my ($method, $path, $allow) = @$_;
    $r = $t->request($ng, $method, $path, body => '{}');
    is($r->{status}, 405, "$method $path");
    is($r->{headers}{allow}, $allow, " Allow: $allow");
    is($r->{json}{error}{code}, 405, ' as JSON');
}
for my $path ('/workflowsx', '/workflows/echo/walk', '/workflows/a/run/b',
    '/jobs/x/events/y', '/jobs/x/y')
{
    is($t->get($ng, $path)->{status}, 404, "GET $path");
}
is($t->get($ng, '/health/ready')->{json}{status}, 'ready', 'readiness');
is($t->request($ng, 'GET', '/workflows', body => 'ignored')->{status}, 200,
    'the body of a GET is discarded');

# --- users ---------------------------------------------------------------------

is($t->get($ng, '/user2/workflows/echo')->{status}, 401, 'auth is asked first');

$t->write_file("$e->{home}/workflows/hers.json",
    $t->encode({ %{ NodeTool::Workflows::echo() }, user_id => '2' }));
for (['GET', ''], ['DELETE', ''], ['POST', '/run'], ['POST', '/run/stream']) {
    is($t->request($ng, $_->[0], "/workflows/hers$_->[1]")->{status}, 403,
        "$_->[0] /workflows/hers$_->[1] of another user");
}
is($t->request($ng, 'PUT', '/workflows/hers',
    json => NodeTool::Workflows::echo())->{status}, 403, 'PUT, too');
ok(!grep({ $_->{id} eq 'hers' } @{ $t->get($ng, '/workflows')->{json}
    {workflows} }), 'and it is not listed');

# --- delete --------------------------------------------------------------------

$r = $t->request($ng, 'DELETE', '/workflows/echo-2', body => 'ignored');
is($r->{status}, 204, 'DELETE');
is($r->{body}, '', ' without a body');
is($t->request($ng, 'DELETE', '/workflows/echo-2')->{status}, 404, 'once');

# --- without an engine -----------------------------------------------------------

$t->expect_log(qr/nobody\.sock failed/);
$r = $t->get($ng, '/down/workflows');
is($r->{status}, 502, 'no engine');
is($r->{json}{error}{type}, 'bad_gateway', ' as JSON');
$r = $t->request($ng, 'POST', '/down/workflows/echo/run', json => {});
is($r->{status}, 502, 'no engine for a run');

# --- configurations --------------------------------------------------------------

for (['location / { nodetool_workflow; }', qr/needs "nodetool_engine"/],
     ['nodetool_engine unix:/x; nodetool_engine unix:/y;', qr/is duplicate/],
     ['nodetool_engine unix:/x; location / { nodetool_workflow; '
         . 'nodetool_engine_health; }', qr/is duplicate/],
     ['nodetool_engine unix:/x; nodetool_workflow_buffer_size 100;',
      qr/at least 1k/],
     ['nodetool_workflow;', qr/not allowed here/])
{
    my ($conf, $re) = @$_;
    my ($status, $output) = $t->nginx_check($conf, @modules);
    isnt($status, 0, "refused: $conf");
    like($output, $re, " $re");
}

$t->done;
