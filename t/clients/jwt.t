#!/usr/bin/perl

# Tokens and keys of real libraries: npm's jose, PyPI's PyJWT.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use NodeTool::MockIssuer;
use NodeTool::Sdk;
use NodeTool::Test;
use NodeTool::Venv;

my $secret = 'a-secret-that-is-long-enough-for-hs512, which wants 64 bytes and more';
my $t = NodeTool::Test->new;
$t->write_file('html/index.html', 'index');

sub check {
    my ($name, $user, @command) = @_;

    my $issuer = NodeTool::MockIssuer->start($t, "issuer-$name");
    my $ng = $t->nginx(<<"CONF", modules => ['auth'], name => "nginx-$name");
        root %%DIR%%/html;
        add_header X-User \$nodetool_user always;
        nodetool_auth supabase;
        nodetool_auth_issuer @{[ $issuer->url ]};
        nodetool_auth_secret "$secret";
CONF
    open my $out, '-|', @command, $issuer->url . '/auth/v1', $secret
        or die "$command[0]: $!";
    my $made = $t->decode(do { local $/; <$out> });
    close $out;
    is($?, 0, "$name: the program ran to its end");
    $issuer->set(keys => $made->{keys});
    cmp_ok(scalar @{ $made->{tokens} }, '>', 10, "$name: tokens");
    for my $token (@{ $made->{tokens} }) {
        my $r = $t->get($ng, '/', headers => [Authorization => "Bearer $token->{token}"]);
        is($r->{status}, $token->{status}, "$name: $token->{name}: $token->{status}");
        is($r->{headers}{'x-user'} // '', $token->{status} == 200 ? $user : '', '... its user');
    }
    return;
}

my $python = NodeTool::Venv::python('pyjwt', 'cryptography');
if ($python) {
    check('PyJWT', 'user-pyjwt', $python, "$NodeTool::Test::ROOT/t/clients/run_jwt.py");
} else {
    pass('skipped: PyJWT cannot be had');
}

subtest jose => sub {
    check('jose', 'user-jose', NodeTool::Sdk::node('jwt.mjs'));
    done_testing();
};

$t->done;
