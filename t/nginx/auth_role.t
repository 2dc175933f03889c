#!/usr/bin/perl

# nodetool_auth_role: places for administrators.

use strict;
use warnings;

use Test::More;

use lib 't/lib';

use NodeTool::JWT;
use NodeTool::MockIssuer;
use NodeTool::Test;
use NodeTool::WebSocket;

my $t = NodeTool::Test->new;
my $issuer = NodeTool::MockIssuer->start($t, 'issuer');
my $key = NodeTool::JWT->ec($t, 'key-1');
$issuer->set(keys => [$key->jwk], users => { opaque => { id => 'o', sub => 'o' } });
mkdir $t->dir . '/store';

my $url = $issuer->url;
my $ng = $t->nginx(<<"CONF", modules => [qw(base auth storage)]);
    nodetool_errors on;
    nodetool_auth supabase;
    nodetool_auth_issuer $url;
    nodetool_auth_userinfo on;
    nodetool_auth_token fixed;
    add_header X-User "\$nodetool_user" always;
    location /admin/ {
        nodetool_auth_role admin;
        nodetool_storage %%DIR%%/store;
        location /admin/any/  { nodetool_auth_role any; nodetool_storage %%DIR%%/store; }
        location /admin/deep/ { nodetool_storage %%DIR%%/store; }
        location /admin/none/ { nodetool_auth none; nodetool_storage %%DIR%%/store; }
    }
    location /either/ {
        satisfy any;
        allow 127.0.0.1;
        deny all;
        nodetool_auth_role admin;
        nodetool_storage %%DIR%%/store;
    }
    location /store/ {
        nodetool_storage %%DIR%%/store read-write;
        limit_except GET { nodetool_auth_role admin; }
    }
CONF

my %from = (iss => "$url/auth/v1");
my %token = (user => $key->sign({ %from }), opaque => 'opaque', static => 'fixed',
    service => $key->sign({ %from, role => 'service_role' }), wrong => 'x.y.z');

sub as {
    my ($who, $method, $path, %opt) = @_;
    return $t->request($ng, $method, $path, %opt, headers =>
        [defined $who ? (Authorization => "Bearer $token{$who}") : ()]);
}

# 404: let in, there is nothing
for my $row ([undef, 401], ['wrong', 401], ['user', 403], ['opaque', 403],
             ['static', 404], ['service', 404]) {
    my ($who, $status) = @$row;
    my $name = $who // 'nobody';
    is(as($who, 'GET', '/admin/x')->{status}, $status, "$name");
    is(as($who, 'GET', '/admin/deep/x')->{status}, $status, "$name: inherited");
    is(as($who, 'GET', '/admin/any/x')->{status}, $status == 403 ? 404 : $status,
        "$name: any");
    is(as($who, 'GET', '/admin/none/x')->{status}, 404, "$name: none");
    is(as($who, 'GET', '/either/x')->{status}, 404, "$name: satisfy any");
    is(as($who, 'GET', '/store/x')->{status}, $status == 403 ? 404 : $status,
        "$name: GET");
    is(as($who, 'DELETE', '/store/x')->{status}, $status,
        "$name: limit_except");
}

my $r = as('user', 'GET', '/admin/x');
is_deeply($r->{json}{error}, { code => 403, type => 'forbidden',
    message => 'Only an administrator may do this.' }, 'the reason');
is($r->{headers}{'www-authenticate'}, undef, 'another token would not help');
is($r->{headers}{'x-user'}, 'user-a', 'who it was is known to logs');
my $ws = NodeTool::WebSocket->open($ng, '/admin/x',
    headers => [Authorization => "Bearer $token{user}"]);
is($ws->{status}, 403, 'a WebSocket, too');

my ($rc, $output) = $t->nginx_check('nodetool_auth_role boss;');
like($output, qr/invalid value "boss"/, 'a role that is none');

$t->done;
