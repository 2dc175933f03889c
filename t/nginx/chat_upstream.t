#!/usr/bin/perl

# How providers are reached: connections kept alive, upstream blocks, TLS,
# time-outs; and the merged list of their models.

use strict;
use warnings;

use lib 't/lib';

use JSON::PP ();
use Test::More;
use Time::HiRes qw(time);

use NodeTool::MockOpenAI;
use NodeTool::Test;

my $t = NodeTool::Test->new;
my $mock = NodeTool::MockOpenAI->start($t, 'mock');
my $second = NodeTool::MockOpenAI->start($t, 'second', sub {
    my ($c, $req) = @_;

    return $c->json(200, { data => [{ id => 'mock-2', owned_by => 'second' },
        { id => 'only"here' }, { id => '' }, {}, 5] }) if $req->{path} =~ /models$/;
    return $c->json(503, { error => { message => 'busy' } })
        if $req->{json}{model} eq 'busy';
    return NodeTool::MockOpenAI::answer($c, $req);
});
my $silent = $t->mock('silent', sub { sleep 20 });

# --- TLS ---------------------------------------------------------------------

system("cd $t->{dir} && openssl req -x509 -newkey rsa:2048 -nodes -days 2 "
    . "-keyout ca.key -out ca.pem -subj /CN=test-ca > openssl.log 2>&1 && "
    . "openssl req -newkey rsa:2048 -nodes -keyout tls.key -out tls.csr "
    . "-subj /CN=provider.test >> openssl.log 2>&1 && "
    . "printf 'subjectAltName=DNS:provider.test,DNS:localhost' > ext && "
    . "openssl x509 -req -in tls.csr -CA ca.pem -CAkey ca.key -CAcreateserial "
    . "-days 2 -extfile ext -out tls.pem >> openssl.log 2>&1") == 0
    or die $t->read_file('openssl.log');
my $tls = $t->nginx(<<"SERVER", name => 'nginx-tls', modules => [],
    ssl_certificate %%DIR%%/tls.pem;
    ssl_certificate_key %%DIR%%/tls.key;
    location / { proxy_pass http://127.0.0.1:$mock->{port}; proxy_set_header X-Sni \$ssl_server_name; }
SERVER
    listen => '127.0.0.1:' . $t->port('nginx-tls') . ' ssl');

my $dead = $t->port('dead');
my $http = <<"HTTP";
upstream block { server 127.0.0.1:$dead; server 127.0.0.1:$mock->{port}; keepalive 4; }
upstream pair { server 127.0.0.1:$second->{port}; server 127.0.0.1:$mock->{port} backup; }
upstream tls { server 127.0.0.1:$tls->{port}; }
nodetool_provider alive { url http://127.0.0.1:$mock->{port}/v1; models m; }
nodetool_provider closing { url http://127.0.0.1:$mock->{port}/v1; models m; keepalive 0; }
nodetool_provider block { url http://block/v1; models m; }
nodetool_provider pair { url http://pair/v1; models m; next_upstream error http_503; }
nodetool_provider repeat { url http://pair/v1; models m; next_upstream error http_503 non_idempotent; }
nodetool_provider secure { url https://localhost:$tls->{port}/v1; models m; ssl_trusted_certificate %%DIR%%/ca.pem; }
nodetool_provider named { url https://tls/v1; models m; ssl_trusted_certificate %%DIR%%/ca.pem; ssl_name provider.test; }
nodetool_provider misnamed { url https://tls/v1; models m; ssl_trusted_certificate %%DIR%%/ca.pem; }
nodetool_provider bundle { url https://localhost:$tls->{port}/v1; models m; }
nodetool_provider trusting { url https://localhost:$tls->{port}/v1; models m; ssl_verify off; }
nodetool_provider lost { url https://nonexistent.invalid/v1; models m; }
nodetool_provider dead { url http://127.0.0.1:$dead/v1; models m; }
nodetool_provider silent { url http://127.0.0.1:$silent->{port}/v1; models m; read_timeout 200ms; }
HTTP
my $server = 'nodetool_errors on; location /v1/ { nodetool_chat; }';
my $ng = $t->nginx($server, http => $http, modules => ['base', 'chat']);

sub chat {
    my ($model, %opt) = @_;

    return $t->request($ng, 'POST', '/v1/chat/completions', json => { model =>
        $model, messages => [{ role => 'user', content => 'x' }], %opt });
}

sub connections {
    my ($server) = @_;

    my %seen = map { $_->{connection} => 1 } $server->requests;
    return scalar keys %seen;
}

my $before = connections($mock);
for my $stream (JSON::PP::false, JSON::PP::true) {
    is(chat('alive/mock-1', stream => $stream)->{status}, 200, 'a request') for 1 .. 5;
}
is(chat('alive/error-429')->{status}, 429, 'an error');
is(chat('alive/mock-1')->{status}, 200, 'and one more');
is(connections($mock), $before + 1, 'share one connection');
$before = connections($mock);
chat('closing/mock-1') for 1 .. 3;
is(connections($mock), $before + 3, 'keepalive 0: one each');
$before = connections($mock);
is(chat('block/mock-1')->{status}, 200, 'an upstream block: the next server') for 1 .. 3;
is(connections($mock), $before + 1, 'with its own keepalive');

is(chat('pair/busy')->{status}, 503, 'a POST that was sent is not repeated');
is(chat('repeat/busy')->{status}, 200, 'unless the configuration says so');

is(chat('secure/mock-1')->{status}, 200, 'TLS with a certificate that is good');
is(($mock->requests)[-1]{headers}{'x-sni'}, 'localhost', 'SNI');
is(chat('named/mock-1')->{status}, 200, 'with a name of the configuration');
is(($mock->requests)[-1]{headers}{'x-sni'}, 'provider.test', 'which SNI says too');
my $seen = $mock->requests;
is(chat('misnamed/mock-1')->{status}, 502, 'a certificate of another name');
is(chat('bundle/mock-1')->{status}, 502, 'a certificate of an unknown authority');
is(scalar $mock->requests, $seen, 'neither gets the request');
is(chat('trusting/mock-1')->{status}, 200, 'ssl_verify off');

my $r = chat('lost/mock-1');
is($r->{status}, 502, 'a host that is not found');
is($r->{json}{error}{type}, 'bad_gateway', 'in JSON');
is(chat('dead/mock-1')->{status}, 502, 'nobody listens');
$r = chat('silent/mock-1');
is($r->{status}, 504, 'nobody answers');
is($r->{json}{error}{type}, 'timeout', 'in JSON');
is($t->get($ng, '/v1/models')->{json}{data}[0]{id}, 'm', 'lists of the configuration');

# --- models ------------------------------------------------------------------

my $models = <<"HTTP";
nodetool_models_cache 1s;
nodetool_provider first { url http://127.0.0.1:$mock->{port}/v1; key k; }
nodetool_provider second { url http://127.0.0.1:%%PORT_nginx_late%%/v1; }
nodetool_provider silent { url http://127.0.0.1:$silent->{port}/v1; models_timeout 300ms; }
nodetool_provider fixed { url http://127.0.0.1:1/v1; models mock-1 fixed-1; }
HTTP
my $late = $t->nginx("location / { proxy_pass http://127.0.0.1:$second->{port}; }",
    name => 'nginx_late', modules => []);
my $ml = $t->nginx(<<'SERVER', http => $models, name => 'nginx-models', modules => ['base', 'chat'], workers => 2);
    nodetool_errors on;
    location /v1/ { nodetool_chat; nodetool_model fast first mock-1; nodetool_model x-* first; }
    location /two/ { nodetool_chat; nodetool_echo off; }
SERVER

# A model that nobody is known to have is looked for first.
is($t->request($ml, 'POST', '/two/chat/completions', json => { model => 'only"here',
    messages => [{ role => 'user', content => 'x' }] })->{status}, 200,
    'a model that is not known yet');
is(($second->requests)[-1]{json}{model}, 'only"here', 'is found');

sub list { return join ' ', map { "$_->{id}:$_->{owned_by}" } @{ $t->get($ml, $_[0] || '/v1/models')->{json}{data} } }

my $want = 'fast:first mock-1:mock mock-2:mock only"here:second fixed-1:fixed echo:echo';
is(list(), $want, 'the lists of all, each id once, in order');
is(list('/two/models'), 'mock-1:mock mock-2:mock only"here:second fixed-1:fixed', 'without rules and echo');
$r = $t->get($ml, '/v1/models');
is($r->{json}{object}, 'list', 'a list');
is_deeply($r->{json}{data}[1], { id => 'mock-1', object => 'model', created => 1700000000, owned_by => 'mock' }, 'of models');
is($t->request($ml, 'HEAD', '/v1/models')->{status}, 200, 'HEAD');
for (['fast', 'first'], ['mock-1', 'mock'], ['first/mock-2', 'mock'], ['fixed/fixed-1', 'fixed'], ['echo', 'echo'], ['only%22here', 'second']) {
    my ($id, $owner) = @$_;
    $r = $t->get($ml, "/v1/models/$id");
    is($r->{status}, 200, "one model: $id");
    is($r->{json}{id}, $id =~ s/%22/"/r, 'its id');
    is($r->{json}{owned_by}, $owner, 'its owner');
}
for my $id (qw(nope first/nope nobody/mock-1 x-1)) {
    $r = $t->get($ml, "/v1/models/$id");
    is($r->{status}, 404, "no such model: $id");
    is($r->{json}{error}{type}, 'not_found', 'in JSON');
}
is(($mock->requests)[-1]{headers}{authorization}, 'Bearer k', 'the key is sent');

my $asked = grep { $_->{path} =~ /models/ } $second->requests;
list() for 1 .. 5;
cmp_ok(scalar(grep { $_->{path} =~ /models/ } $second->requests), '<=', $asked + 2, 'lists are kept for a while');

# A provider that is down.
$t->stop($late, 'QUIT');
$t->wait_for('the list to be old', sub {
    list();
    return $t->read_file('nginx-models-error.log') =~ /"second" did not list its models/;
});
is(list(), $want, 'a provider that is down keeps its models') for 1 .. 4;
my $start = time;
list();
cmp_ok(time - $start, '<', 0.25, 'and is not asked all the time');
kill 'HUP', $ml->{pid};
$t->wait_for('the new worker', sub { return $t->read_file('nginx-models-error.log') =~ /gracefully shutting down/ });
is(list(), $want, 'the lists outlive a reload') for 1 .. 4;

my $body = `curl -s --http1.1 http://127.0.0.1:$ml->{port}/v1/models`;
is(scalar @{ $t->decode($body)->{data} }, 6, 'curl gets it');

$t->done;
