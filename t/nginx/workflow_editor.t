#!/usr/bin/perl

# ngx_http_nodetool_workflow_module: the paths of the editor, and what the
# engine is asked for each. An engine that answers with what it was asked
# stands in for the real one; JSON lines come of the real one.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Time::HiRes qw(time);
use NodeTool::Test;
use NodeTool::Workflows;

my $t = NodeTool::Test->new;

my $fake = $t->mock('fake', sub {
    my ($sock) = @_;

    while (defined(my $line = readline $sock)) {
        my $head = $t->decode($line);
        my $body = '';
        read $sock, $body, $head->{length} if $head->{length};
        my $reply = $t->encode({ head => $head, body => $body });
        print {$sock} $t->encode({ status => 200, length => length $reply }),
            "\n$reply";
        $sock->flush;
    }
});

my $nodes = NodeTool::Workflows::slow_nodes($t);
my $e = $t->engine(args => ['--nodes', $nodes]);
NodeTool::Workflows::store($t, $e, 'echo', NodeTool::Workflows::echo());
NodeTool::Workflows::store($t, $e, 'slow', NodeTool::Workflows::slow(300));
NodeTool::Workflows::store($t, $e, 'long', NodeTool::Workflows::slow(60000));
NodeTool::Workflows::store($t, $e, 'fail',
    NodeTool::Workflows::ticks(count => 1, fail => \1));
NodeTool::Workflows::store($t, $e, 'ticks',
    NodeTool::Workflows::ticks(count => 20, ms => 10));
NodeTool::Workflows::store($t, $e, 'big',
    NodeTool::Workflows::ticks(count => 5, size => 300_000));

my $ng = $t->nginx(<<'CONF', http => <<'HTTP', modules => [qw(base auth workflow)]);
    nodetool_errors on;
    nodetool_engine fake;
    location / { nodetool_workflow editor; }
    location /worker/ { rewrite ^/worker(.*) $1 break; nodetool_workflow; }
    location /static/ { rewrite ^/static(.*) $1 break;
                        nodetool_auth static; nodetool_auth_token secret;
                        nodetool_workflow editor; }
    location /real/ { rewrite ^/real(.*) $1 break; nodetool_engine real;
                      nodetool_workflow editor; }
    location /tiny/ { rewrite ^/tiny(.*) $1 break; nodetool_engine real;
                      nodetool_workflow_buffer_size 1k;
                      nodetool_workflow_keepalive_comment 50ms;
                      nodetool_workflow editor; }
CONF
    upstream fake { server 127.0.0.1:%%PORT_fake%%; keepalive 4; }
    upstream real { server unix:%%ENGINE%%; keepalive 4; }
HTTP

sub message { my ($r) = @_; return $r->{json}{error}{message} }

# The head that a request makes, without what is in all of them.
sub asked {
    my ($method, $path, @args) = @_;

    my $r = $t->request($ng, $method, $path, @args);
    return $r->{status} if $r->{status} != 200;
    my $head = $r->{json}{head};
    delete @$head{qw(base request_id length)};
    return $head;
}

# --- routes --------------------------------------------------------------------

my %JSON = (json => {});
my @ROUTES = (
    [GET => '/api/workflows', 'workflow.list'],
    [POST => '/api/workflows', 'workflow.create'],
    [GET => '/api/workflows/public', 'workflow.list', scope => 'public'],
    [GET => '/api/workflows/tools', 'workflow.list', scope => 'tools'],
    [GET => '/api/workflows/examples', 'workflow.list', scope => 'examples'],
    [GET => '/api/workflows/examples/search', 'workflow.list',
        scope => 'examples'],
    [GET => '/api/workflows/public/w1', 'workflow.get', scope => 'public',
        workflow_id => 'w1'],
    [GET => '/api/workflows/examples/p/A%20B', 'workflow.get',
        scope => 'examples', workflow_id => 'p/A B'],
    [GET => '/api/workflows/examples/p/a%2Fb', 'workflow.get',
        scope => 'examples', workflow_id => 'p/a/b'],
    [GET => '/api/workflows/w1', 'workflow.get', workflow_id => 'w1'],
    [PUT => '/api/workflows/w1', 'workflow.put', workflow_id => 'w1'],
    [DELETE => '/api/workflows/w1', 'workflow.delete', workflow_id => 'w1'],
    [POST => '/api/workflows/w1/run', 'job.run', workflow_id => 'w1'],
    [POST => '/api/workflows/w1/run/stream', 'job.run', workflow_id => 'w1',
        events => JSON::PP::true],
    (map {
        [GET => "$_/jobs", 'job.list'],
        [GET => "$_/jobs/running/all", 'job.list', running => JSON::PP::true],
        [GET => "$_/jobs/j1", 'job.get', job_id => 'j1'],
        [GET => "$_/jobs/j1/events", 'job.events', job_id => 'j1'],
        [POST => "$_/jobs/j1/cancel", 'job.cancel', job_id => 'j1'],
    } '', '/api'),
    [GET => '/api/nodes/metadata', 'node.list'],
    [GET => '/api/assets', 'asset.list'],
    [POST => '/api/assets', 'asset.create'],
    [GET => '/api/assets/search', 'asset.search'],
    [GET => '/api/assets/by-filename/a1.png', 'asset.get',
        asset_id => 'a1.png'],
    [GET => '/api/assets/a1/recursive', 'asset.tree', asset_id => 'a1'],
    [GET => '/api/assets/a1', 'asset.get', asset_id => 'a1'],
    [PUT => '/api/assets/a1', 'asset.put', asset_id => 'a1'],
    [DELETE => '/api/assets/a1', 'asset.delete', asset_id => 'a1'],
    [GET => '/api/settings', 'setting.list'],
    [PUT => '/api/settings', 'setting.put'],
    [GET => '/api/settings/secrets', 'secret.list'],
    [GET => '/api/settings/secrets/K', 'secret.get', key => 'K'],
    [PUT => '/api/settings/secrets/K', 'secret.put', key => 'K'],
    [DELETE => '/api/settings/secrets/K', 'secret.delete', key => 'K'],
    [GET => '/api/threads', 'thread.list'],
    [POST => '/api/threads', 'thread.create'],
    [GET => '/api/threads/t1', 'thread.get', thread_id => 't1'],
    [PUT => '/api/threads/t1', 'thread.put', thread_id => 't1'],
    [DELETE => '/api/threads/t1', 'thread.delete', thread_id => 't1'],
    [GET => '/api/messages', 'message.list'],
    [POST => '/api/messages', 'message.create'],
    [GET => '/api/messages/m1', 'message.get', message_id => 'm1'],
);
for (@ROUTES) {
    my ($method, $path, $op, @fields) = @$_;
    is_deeply(asked($method, $path), { op => $op, @fields },
        "$method $path: $op");
    is_deeply(asked($method, "$path/"), { op => $op, @fields },
        " with a trailing slash");
}

for (['PUT', '/api/workflows', 'GET, HEAD, POST'],
     ['PUT', '/api/workflows/public', 'GET, HEAD'],
     ['DELETE', '/api/workflows/examples', 'GET, HEAD'],
     ['PUT', '/api/workflows/examples/p/x', 'GET, HEAD'],
     ['PUT', '/api/workflows/public/w1', 'GET, HEAD'],
     ['POST', '/api/workflows/w1', 'GET, HEAD, PUT, DELETE'],
     ['GET', '/api/workflows/w1/run', 'POST'],
     ['DELETE', '/api/jobs/j1', 'GET, HEAD'],
     ['POST', '/api/settings/secrets', 'GET, HEAD'],
     ['POST', '/api/nodes/metadata', 'GET, HEAD'])
{
    my ($method, $path, $allow) = @$_;
    my $r = $t->request($ng, $method, $path);
    is($r->{status}, 405, "$method $path: 405");
    is($r->{headers}{allow}, $allow, " with $allow");
}
is($t->get($ng, $_)->{status}, 404, "$_: 404")
    for '/', '/api', '/api/workflow', '/workflows', '/api/workflowsx',
        '/api/workflows/w1/x', '/api/workflows/public/w1/x', '/api/assets/a/b',
        '/worker/api/workflows', '/worker/api/jobs', '/worker/api/nodes/metadata',
        '/worker/jobs/running/all', '/worker/api/messages/m1',
        '/api/messages/m1/x';
is_deeply(asked(GET => '/worker/workflows?limit=2&cursor=c&query=x'),
    { op => 'workflow.list', limit => 2, cursor => 'c' },
    'the worker has its own');

# --- arguments -------------------------------------------------------------------

for (['/api/workflows', 'limit=5&cursor=c%2F1&columns=id,name&run_mode=tool',
        limit => 5, cursor => 'c/1', columns => 'id,name', run_mode => 'tool'],
     ['/api/workflows/examples/search', 'query=a%20%22b%22%0A%C3%A9',
        scope => 'examples', query => "a \"b\"\n\x{e9}"],
     ['/api/workflows/examples/search', 'query=q&columns=name&run_mode=tool',
        scope => 'examples', query => 'q', columns => 'name',
        run_mode => 'tool'],
     ['/api/workflows', 'limit=007&scope=public&op=x', limit => 7],
     ['/jobs', 'workflow_id=w&start_key=k&limit=1', workflow_id => 'w',
        start_key => 'k', limit => 1],
     ['/api/assets', 'page_size=9&parent_id=p&content_type=image%2Fpng',
        limit => 9, parent_id => 'p', content_type => 'image/png'],
     ['/api/assets/search', 'query=a%20b&page_size=9&content_type=image&cursor=c'
        . '&parent_id=p', query => 'a b', limit => 9, content_type => 'image',
        cursor => 'c'],
     ['/api/messages', 'thread_id=t&limit=3', thread_id => 't', limit => 3],
     ['/api/messages', 'thread_id=t&reverse=true', thread_id => 't',
        reverse => JSON::PP::true],
     ['/api/messages', 'reverse=False'], ['/api/messages', 'reverse=0'],
     ['/api/settings/secrets', 'start_key=K', cursor => 'K'],
     ['/api/threads', 'limit=&cursor='])
{
    my ($path, $query, %fields) = @$_;
    my $head = asked(GET => "$path?$query");
    delete $head->{op};
    is_deeply($head, \%fields, "$path?$query");
}
is_deeply(asked(POST => '/api/workflows?from_example_package=p&'
    . 'from_example_name=A%20B'), { op => 'workflow.create',
    from_example_package => 'p', from_example_name => 'A B' },
    'a workflow from an example, without a body');
for ('limit=x', 'limit=-1', 'limit=1.5', 'cursor=a%00b', 'cursor=' . 'x' x 1025,
     'limit=' . '9' x 1000)
{
    my $r = $t->get($ng, "/api/workflows?$_");
    is($r->{status}, 422, substr($_, 0, 20) . ': 422');
    like(message($r), qr/"(limit|cursor)"/, ' names it');
}

my $r = $t->get($ng, '/api/messages?reverse=yes');
is($r->{status}, 422, 'reverse=yes: 422');
like(message($r), qr/"reverse" must be "true" or "false", not "yes"/, ' names it');

# --- who asks ----------------------------------------------------------------------

is_deeply(asked(GET => '/api/jobs?user_id=bob'), { op => 'job.list' },
    'user_id is nothing to a plain user');
my @token = (headers => [Authorization => 'Bearer secret']);
is_deeply(asked(GET => '/static/api/jobs?user_id=bob', @token),
    { op => 'job.list', user => '1', role => 'admin', owner => 'bob' },
    'an administrator may list what is others\'');
is_deeply(asked(GET => '/static/api/jobs/j1?user_id=bob', @token),
    { op => 'job.get', user => '1', role => 'admin', job_id => 'j1' },
    ' and has no need of it elsewhere');

# --- bodies --------------------------------------------------------------------------

my $form = "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n\x00\xff\r\n--b--\r\n";
$r = $t->request($ng, 'POST', '/api/assets', body => $form,
    headers => ['Content-Type', 'multipart/form-data; boundary=b']);
is($r->{json}{head}{content_type}, 'multipart/form-data; boundary=b',
    'an upload says what it is');
is($r->{json}{head}{length}, length $form, ' and comes as it was sent');
$r = $t->request($ng, 'POST', '/api/assets', body => $form,
    headers => ['Content-Type', 'x' x 256]);
is($r->{status}, 415, 'a Content-Type that is too long');
$r = $t->request($ng, 'PUT', '/api/assets/a1', body => $form,
    headers => ['Content-Type', 'multipart/form-data; boundary=b']);
is($r->{status}, 415, 'what is no upload is JSON');
like($t->request($ng, 'POST', '/api/assets')->{json}{head}{base},
    qr{^http://localhost}, 'the engine knows the address of the server');

# --- JSON lines ------------------------------------------------------------------------

sub run {
    my ($path, %o) = @_;

    my $s = $t->open_request($ng, 'POST', $path, %o);
    $s->head;
    return $s;
}

sub lines {
    my ($s) = @_;

    my $body = $s->rest;
    like($body, qr/^(?:\{.*\}\n)+\z/, ' JSON lines and nothing else');
    return map { $t->decode($_) } split /\n/, $body;
}

for my $where ('/real', '/tiny') {
    my $s = run("$where/api/workflows/echo/run?stream=true",
        json => { params => { text => 'hi' } });
    is($s->{headers}{'content-type'}, 'application/x-ndjson', "$where: lines");
    is($s->{headers}{'x-accel-buffering'}, 'no', ' not to be buffered');
    my $job = $s->{headers}{'x-job-id'};
    my @lines = lines($s);
    is($lines[0]{type}, 'job_update', ' the events');
    is((grep { $_->{type} eq 'output_update' } @lines)[0]{value}, 'hi',
        ' with the output');
    is($lines[-2]{status}, 'completed', ' to the last');
    is_deeply($lines[-1], { type => 'job_completed', job_id => $job },
        ' and a line behind it');

    $s = run("$where/api/workflows/fail/run?stream=true");
    @lines = lines($s);
    is($lines[-1]{type}, 'job_failed', 'a job that fails');
    is($lines[-1]{error}, substr($lines[-2]{error}, 0, 256), ' says why');

    $s = run("$where/api/workflows/big/run?stream=1");
    @lines = lines($s);
    is(scalar(grep { $_->{type} eq 'output_update'
        && length $_->{value} >= 300_000 } @lines), 5, 'long lines');
    is($lines[-1]{type}, 'job_completed', ' are seen through');
}

my $s = run('/tiny/api/workflows/slow/run?stream=TRUE');
my $begin = time;
like($s->read_until(qr/\n/), qr/job_update/, 'the first line comes at once');
cmp_ok(time - $begin, '<', 0.25, ' before the job has ended');
is((lines($s))[-1]{type}, 'job_completed', 'no comments between lines');

$s = run('/real/api/workflows/long/run?stream=true');
$s->read_until(qr/\n/);
is($t->request($ng, 'POST', "/real/api/jobs/$s->{headers}{'x-job-id'}/cancel")
    ->{status}, 200, 'a job is cancelled');
is((lines($s))[-1]{type}, 'job_failed', ' and has failed');

is($t->request($ng, 'POST', "/real/api/workflows/echo/run?$_")
    ->{json}{status}, 'completed', "?$_: the result")
    for 'stream=false', 'stream=', 'stream', 'stream=0';
is(run('/real/api/workflows/nope/run?stream=true')->{status}, 404,
    'errors have their status');

$s = run('/real/api/workflows/long/run?stream=true');
$s->read_until(qr/"running"/);
kill 'KILL', $e->{pid};
my @rest = grep { length } split /\n/, $s->rest;
like($t->decode($rest[-1])->{error}{message}, qr/connection .* was lost/,
    'an engine that dies is told of');
$t->wait_exit($e, 5);

# --- the directive ---------------------------------------------------------------------

for (['nodetool_workflow worker;', qr/invalid value "worker"/],
     ['nodetool_workflow editor; nodetool_workflow;', qr/duplicate/],
     ['nodetool_workflow; nodetool_websocket all;', qr/duplicate/])
{
    my ($conf, $re) = @$_;
    my ($status, $output) = $t->nginx_check(
        "location /x { nodetool_engine unix:/x; $conf }");
    isnt($status, 0, "$conf is refused");
    like($output, $re, ' for a reason');
}

$t->done;
