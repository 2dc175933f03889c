#!/usr/bin/perl

# The engine as a provider: workflows that are models, workflows that models
# call, on one engine or several with Redis.

use strict;
use warnings;

use lib 't/lib';

use Digest::SHA qw(sha256_hex);
use IO::Socket::UNIX;
use Test::More;
use Time::HiRes qw(sleep time);

use NodeTool::Completion qw(chunks message finish);
use NodeTool::MockModels;
use NodeTool::Test;
use NodeTool::Workflows;

my $t = NodeTool::Test->new;
my $nodes = NodeTool::Workflows::slow_nodes($t);
my $mock = NodeTool::MockModels->start($t, 'models');
my $e = $t->engine(store => 'redis', args => ['--nodes', $nodes]);

$t->write_file('keys', join '', map { 'sha256:' . sha256_hex("sk-nt-$_-secret")
    . " name=key$_ user=$_\n" } 2, 3);
my $ng = $t->nginx(<<'CONF', http => <<"HTTP");
    nodetool_errors on;
    nodetool_engine unix:%%ENGINE%%;
    location /v1 { nodetool_chat; }
    location /tools { nodetool_chat; nodetool_chat_tools shout;
        location /tools/none { nodetool_chat; nodetool_chat_tools off; } }
    location /named { nodetool_chat; nodetool_model my-bot flows workflow/echo; }
    location /down { nodetool_chat; nodetool_model * away; }
    location /garbage { nodetool_chat; nodetool_model * garbage; }
    location /quiet { nodetool_chat; nodetool_chat_keepalive_comment 100ms; }
    location /as/ { nodetool_auth static; nodetool_auth_keys keys; nodetool_chat; }
    location /as2/ { nodetool_auth static; nodetool_auth_keys keys;
                     rewrite ^/as2(.*) $1 break; nodetool_workflow; }
    location /jobs { nodetool_workflow; }
CONF
    nodetool_provider flows { dialect engine; url unix:%%ENGINE%%; }
    nodetool_provider away { dialect engine; url unix:%%DIR%%/nobody.sock; }
    nodetool_provider garbage { dialect engine; url unix:%%DIR%%/garbage.sock; }
    nodetool_provider mock { url http://127.0.0.1:%%PORT_models%%/openai/v1;
                             key secret-key; header X-More \$uri;
                             models gpt-4o-mini; }
    nodetool_provider one { url http://127.0.0.1:%%PORT_models%%/openai/v1;
                            key key-a; key key-b; key_rotation off; models none-one; }
    nodetool_provider two { url http://127.0.0.1:%%PORT_models%%/openai/v1;
                            key key-c; models none-two; }
    nodetool_provider own { url http://127.0.0.1:%%PORT_models%%/openai/v1;
                            key key-d; header Authorization "Basic own";
                            header X-A a; header X-B b; header X-C c; header X-D d;
                            models none-own; }
    nodetool_route many { to one one; fallback two two; }
HTTP

sub store {
    my ($id, $workflow, %more) = @_;

    NodeTool::Workflows::store($t, $e, $id,
        { %$workflow, run_mode => 'chat', %more });
    return;
}

store(echo => NodeTool::Workflows::echo());
store(theirs => NodeTool::Workflows::echo(), user_id => '2');
store(shout => NodeTool::Workflows::chain('Shout',
    ['nodetool.input.StringInput', { name => 'text', value => '' }],
    ['nodetool.text.ToUppercase', {}, 'text'],
    ['nodetool.output.Output', { name => 'output' }, 'value']),
    run_mode => 'tool', tool_name => 'shout');
store(slow => NodeTool::Workflows::slow(60000));

sub request {
    my (%request) = @_;

    my $path = delete $request{path} || '/v1/chat/completions';
    $request{messages} ||= [{ role => 'user', content => 'Hello there' }];
    return ('POST', $path, json => \%request);
}

sub ask { return $t->request($ng, request(@_)) }

sub stream {
    my $r = ask(@_, stream => \1);
    my @chunks = chunks($r->{body});
    return { %$r, chunks => \@chunks, message => message(@chunks),
        finish => scalar finish(@chunks) };
}

sub answer { return $_[0]{json}{choices}[0]{message}{content} }

# --- models ------------------------------------------------------------------

my $r = ask(model => 'workflow/echo');
is($r->{status}, 200, 'a workflow answers') or diag explain $r;
is(answer($r), 'Hello there', '... the message');
is($r->{json}{model}, 'workflow/echo', '... as the model that was asked for');
like($r->{headers}{'x-job-id'}, qr/^[0-9a-f]{32}$/, '... tells its job');
is($t->get($ng, "/jobs/$r->{headers}{'x-job-id'}")->{json}{workflow_id}, 'echo',
    '... which is among the jobs');

$r = stream(model => 'workflow/echo', stream_options => { include_usage => \0 });
is($r->{headers}{'content-type'}, 'text/event-stream', 'a stream');
is($r->{message}{content}, 'Hello there', '... of the message');
is($r->{finish}, 'stop', '... its end');
is($r->{chunks}[-1], '[DONE]', '... and the last word');

is(answer(ask(model => 'flows/workflow/echo')), 'Hello there',
    'by the name of the provider');
is(answer(ask(model => 'my-bot', path => '/named/chat/completions')),
    'Hello there', 'by a rule');
for my $fault (['none', 404], ['theirs', 403], ['shout', 404]) {
    $r = ask(model => "workflow/$fault->[0]");
    is($r->{status}, $fault->[1], "workflow/$fault->[0]: $fault->[1]");
    ok($r->{json}{error}{message}, '... with the engine\'s words');
}
is(ask(model => 'workflow/echo', n => 2)->{status}, 400, 'a wrong request');

# kept alive: many requests, few connections
is(answer(ask(model => 'workflow/echo')), 'Hello there', "again $_") for 1 .. 5;

$r = $t->get($ng, '/v1/models');
my @ids = map { $_->{id} } @{ $r->{json}{data} };
is_deeply([grep { m{^workflow/} } @ids], ['workflow/echo', 'workflow/slow'],
    'they are among the models');
ok((grep { $_ eq 'gpt-4o-mini' } @ids), '... beside the others');
$r = $t->get($ng, '/v1/models/workflow/echo');
is_deeply([@{ $r->{json} }{qw(id object owned_by)}],
    ['workflow/echo', 'model', 'nodetool'], '... and one by one');
is($t->get($ng, '/v1/models/workflow/theirs')->{status}, 404,
    '... those of others are not');
store(new => NodeTool::Workflows::echo());
is($t->get($ng, '/v1/models/workflow/new')->{status}, 200,
    'a new one is there at once');

# --- tools -------------------------------------------------------------------

sub script { $mock->forget; $mock->script(@_); return }
sub call { return { name => $_[0], arguments => $_[1] || {} } }

my @shout = ({ type => 'workflow', tool_name => 'shout' });
my $function = { type => 'function', function => { name => 'f',
    parameters => { type => 'object', properties => {
        workflow => { type => 'string' } } } } };
my @called = ({ tool_calls => [call('workflow_shout', { text => 'hi' })] },
    { text => 'It is HI.' });

script(@called);
$r = stream(model => 'gpt-4o-mini', tools => [$function, @shout]);
is($r->{message}{content}, 'It is HI.', 'a model calls a workflow')
    or diag explain $r;
is($r->{chunks}[0]{model}, 'gpt-4o-mini', '... under its own name');
my @asked = $mock->requests;
is(@asked, 2, '... asked twice');
is($asked[0]{headers}{authorization}, 'Bearer secret-key', '... with the key');
is($asked[0]{headers}{'x-more'}, '/v1/chat/completions', '... and headers');

script(@called);
$r = ask(model => 'mock/gpt-4o-mini', tools => \@shout);
is(answer($r), 'It is HI.', 'a whole reply, by provider and model');
is($r->{json}{model}, 'mock/gpt-4o-mini', '... as asked');

script(@called);
is(answer(ask(model => 'gpt-4o-mini', path => '/tools/chat/completions')),
    'It is HI.', 'a location adds it');
script(@called);
is_deeply([map { $_->{function}{name} } @{ ask(model => 'gpt-4o-mini', path =>
    '/tools/none/chat/completions')->{json}{choices}[0]{message}{tool_calls} }],
    ['workflow_shout'], '... or not');
is(answer(ask(model => 'workflow/echo', path => '/tools/chat/completions')),
    'Hello there', '... which is nothing to a workflow');

script({ tool_calls => [call('f', { workflow => 'workflow' })] });
$r = stream(model => 'gpt-4o-mini', tools => [$function]);
like($r->{body}, qr/"id":"chatcmpl-mock"/,
    'a request without workflows does not go there');
is(($mock->requests)[0]{json}{tools}[0]{function}{name}, 'f', '... as it is');

# the type may be cut by any buffer, and blanks may be in it
my $raw = $t->encode({ model => 'gpt-4o-mini', messages => [{ role => 'user',
    content => 'x' x 40_000 }], tools => [$function, @shout] });
$raw =~ s/"type":"workflow"/"type" : \n "workflow"/;
my $at = index $raw, '"workflow"';
for my $cut ($at - 9 .. $at + 11) {
    script(@called);
    my $http = NodeTool::HTTP->connect_to($ng->{port});
    $http->{method} = 'POST';
    $http->write("POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\n"
        . "Content-Type: application/json\r\nContent-Length: "
        . length($raw) . "\r\n\r\n" . substr $raw, 0, $cut);
    sleep 0.02;
    $http->write(substr $raw, $cut);
    is(answer($http->response), 'It is HI.', "cut at $cut");
}

$r = ask(model => 'echo', tools => \@shout, messages => [{ role => 'user',
    content => 'call workflow_shout {"text":"loud"}' }]);
like(answer($r), qr/LOUD/, 'the echo calls them, too');
is(ask(model => 'gpt-4o-mini', tools => [{ type => 'workflow',
    tool_name => 'none' }])->{status}, 400, 'a workflow that is not there');
script({ status => 401, error => 'Wrong key secret-key' });
$r = ask(model => 'gpt-4o-mini', tools => \@shout);
is($r->{status}, 502, 'a key that is refused');
unlike($r->{body}, qr/secret/, '... is not shown');

# --- several providers and keys ----------------------------------------------

script({ status => 429, error => 'Slow down' },
    { status => 503, error => 'Too busy' }, @called);
$r = ask(model => 'many', tools => \@shout);
is(answer($r), 'It is HI.', 'what a route has is asked, one after the other')
    or diag explain $r;
is_deeply([map { "$_->{json}{model} $_->{headers}{authorization}" }
    $mock->requests], ['one Bearer key-a', 'one Bearer key-b',
    'two Bearer key-c', 'two Bearer key-c'], '... with its keys and models');

script(@called);
ask(model => 'own/m', tools => \@shout);
is_deeply([@{ ($mock->requests)[0]{headers} }{qw(authorization x-a x-b x-c x-d)}],
    ['Basic own', 'a' .. 'd'], 'headers that are configured');

# --- other APIs --------------------------------------------------------------

$r = $t->request($ng, 'POST', '/v1/messages', json => {
    model => 'workflow/echo', max_tokens => 9, messages => [
        { role => 'user', content => 'Hello there' }] });
is($r->{json}{content}[0]{text}, 'Hello there', 'Anthropic\'s messages')
    or diag explain $r;
$r = $t->request($ng, 'POST', '/v1/messages', json => {
    model => 'workflow/none', max_tokens => 9, messages => [
        { role => 'user', content => 'x' }] });
is_deeply([$r->{status}, $r->{json}{type}], [404, 'error'], '... errors');
$r = $t->request($ng, 'POST', '/v1/responses', json => {
    model => 'workflow/echo', input => 'Hello there', stream => \1 });
like($r->{body}, qr/event: response.completed\ndata: .*Hello there/,
    'OpenAI\'s responses');
$r = $t->request($ng, 'POST', '/v1/embeddings', json => {
    model => 'workflow/echo', input => 'x' });
is($r->{status}, 400, 'no embeddings');
like($r->{json}{error}{message}, qr/"flows" has no embeddings/, '... why');

# --- users -------------------------------------------------------------------

$t->request($ng, 'PUT', '/as2/workflows/mine', headers => [Authorization =>
    'Bearer sk-nt-2-secret'], json => { %{ NodeTool::Workflows::echo() },
    run_mode => 'chat' });
my %listed = map {
    my $user = $_;
    $user => [sort grep { /mine|theirs/ } map { $_->{id} } @{ $t->get($ng,
        '/as/v1/models', headers => [Authorization => "Bearer sk-nt-$user-secret"])
        ->{json}{data} }] } 2, 3;
is_deeply(\%listed, { 2 => ['workflow/mine', 'workflow/theirs'], 3 => [] },
    'each user has his own models') or diag explain \%listed;
for my $user (2, 3) {
    $r = $t->request($ng, 'POST', '/as/v1/chat/completions', headers =>
        [Authorization => "Bearer sk-nt-$user-secret"], json => {
            model => 'workflow/mine', messages => [{ role => 'user',
            content => 'x' }] });
    is($r->{status}, $user == 2 ? 200 : 403, "... and asks those: $user");
}

# --- who leaves, and what dies -----------------------------------------------

sub running {
    return grep { $_->{workflow_id} eq 'slow' }
        @{ $t->get($ng, '/jobs?workflow_id=slow')->{json}{jobs} };
}

for my $stream (\0, \1) {
    my $http = $t->open_request($ng, request(model => 'workflow/slow',
        stream => $stream));
    my $job = $t->wait_for('the job to run', sub {
        (grep { $_->{status} eq 'running' } running())[0] });
    my $left = time;
    $http->close;
    $t->wait_for('the job to be cancelled', sub {
        $t->get($ng, "/jobs/$job->{id}")->{json}{status} eq 'cancelled' });
    cmp_ok(time - $left, '<', 1, 'a client leaves: the job is cancelled');
}

my $quiet = $t->open_request($ng, request(model => 'workflow/slow',
    stream => \1, path => '/quiet/chat/completions'));
like($quiet->read_until(qr/\n\n.*?: .*?\n\n/s), qr/^data: .*^:/ms,
    'comments while a workflow is silent');
$quiet->close;

$r = ask(model => 'x', path => '/down/chat/completions');
is($r->{status}, 502, 'no engine');
ok($r->{json}{error}{message}, '... an error body');
$t->expect_log(qr/nobody\.sock/);
is($t->get($ng, '/v1/models')->{status}, 200, '... lists go on without');
$t->expect_log(qr/did not list its models/);

# a head that is none
my $listener = IO::Socket::UNIX->new(Local => "$t->{dir}/garbage.sock",
    Listen => 8) or die "garbage: $!";
for my $head ('{', 'x', '[]', '{"status":99,"length":0}', '{"status":200}',
    '{"status":200,"length":-1}', '{"status":"200","length":2}',
    '{"status":200,"length":2,"chunked":true}')
{
    my $pending = $t->open_request($ng, request(model => 'x',
        path => '/garbage/chat/completions'));
    my $peer = $listener->accept;
    sysread $peer, my $wire, 65536;
    print {$peer} "$head\n{}";
    close $peer;
    is($pending->response->{status}, 502, "no head: $head");
}
close $listener;
$t->expect_log(qr/no valid head line|garbage\.sock/);

my $http = $t->open_request($ng, request(model => 'workflow/slow',
    stream => \1));
$http->read_until(qr/\n\n/);
kill KILL => $e->{pid};
like($http->rest, qr/data: \{"error":/, 'the engine is killed: an error event');
$t->expect_log(qr/without \[DONE\]|prematurely closed|Connection reset/);
waitpid $e->{pid}, 0;
$e->{pid} = 0;

# --- the configuration -------------------------------------------------------

for my $fault (
    ['location /x { nodetool_chat; nodetool_chat_tools a; }', '',
     qr/needs a nodetool_provider with the "dialect engine"/],
    ['location /x { nodetool_chat_tools a; nodetool_chat_tools b; }', '',
     qr/duplicate/],
    ['', 'nodetool_provider x { dialect engine; }', qr/has no url/])
{
    my ($server, $main, $re) = @$fault;
    my ($status, $text) = $t->nginx_check($server, http => $main);
    isnt($status, 0, "refused: $re");
    like($text, $re, '... why');
}

$t->done;
