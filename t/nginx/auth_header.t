#!/usr/bin/perl

# nodetool_auth_header: tokens in headers that other clients know.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use NodeTool::Test;

my $t = NodeTool::Test->new;
my @modules = (modules => ['base', 'auth', 'chat']);

my $ng = $t->nginx(<<'SERVER', @modules);
    nodetool_errors on;
    nodetool_auth static;
    nodetool_auth_token secret-1;
    nodetool_auth_token secret-2;
    nodetool_auth_header X-API-Key x-goog-api-key;
    location /in/ { try_files /none =204; }
    location /off/ { nodetool_auth_header off; try_files /none =204; }
    location /v1/ { nodetool_chat; }
SERVER

my @rows = (
    ['no token', [], 401],
    ['x-api-key', ['x-api-key' => 'secret-1'], 204],
    ['x-goog-api-key', ['X-Goog-Api-Key' => 'secret-1'], 204],
    ['a wrong one', ['x-api-key' => 'secret-3'], 401],
    ['an empty one', ['x-api-key' => ''], 401],
    ['what can be no token', ['x-api-key' => 'secret 1'], 401],
    ['with Bearer', ['x-api-key' => 'Bearer secret-1'], 401],
    ['Authorization alone', [Authorization => 'Bearer secret-1'], 204],
    ['the same in both', [Authorization => 'Bearer secret-1',
        'x-api-key' => 'secret-1'], 204],
    ['different ones, both right', [Authorization => 'Bearer secret-1',
        'x-api-key' => 'secret-2'], 400],
    ['different ones in two others', ['x-api-key' => 'secret-2',
        'x-goog-api-key' => 'secret-1'], 400],
    ['a header twice', ['x-api-key' => 'secret-1', 'x-api-key' => 'secret-1'],
        400],
    ['a bad Authorization beside', [Authorization => 'Basic eDp5',
        'x-api-key' => 'secret-1'], 401],
);
for (@rows) {
    my ($name, $headers, $status) = @$_;
    is($t->get($ng, '/in/', headers => $headers)->{status}, $status, $name);
}
is($t->get($ng, '/off/', headers => ['x-api-key' => 'secret-1'])->{status},
    401, 'not where it is off');

my $r = $t->request($ng, 'POST', '/v1/messages', json => {});
is($r->{status}, 401, 'a client of Anthropic without a token');
is($r->{json}{type}, 'error', 'reads an error as it knows it');
is($r->{json}{error}{type}, 'authentication_error', ' with its type');
is($r->{json}{request_id}, $r->{headers}{'request-id'}, ' and its id');
$r = $t->request($ng, 'POST', '/v1/chat/completions', json => {});
is($r->{json}{error}{type}, 'unauthorized', 'one of OpenAI as that does');

unlike($t->read_file("$t->{dir}/nginx-error.log"), qr/secret-/,
    'no token is logged');

my ($status, $output) = $t->nginx_check(
    'location / { nodetool_auth_header X-A authorization; }', @modules);
is($status, 1, 'Authorization is no other header');
like($output, qr/"nodetool_auth_header" directive has Authorization/,
    'and nginx says so');
($status, $output) = $t->nginx_check('location / { nodetool_auth_header a; '
    . 'nodetool_auth_header b; }', @modules);
like($output, qr/"nodetool_auth_header" directive is duplicate/, 'twice');

$t->done;
