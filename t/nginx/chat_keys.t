#!/usr/bin/perl

# A provider's keys: where they are from, whose turn it is, which ones are
# left out; and that nobody reads them anywhere.

use strict;
use warnings;

use lib 't/lib';

use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep time);

use NodeTool::MockOpenAI;
use NodeTool::Test;

my $t = NodeTool::Test->new;

# A key's text says what it is good for; the model may say more.
my $mock = NodeTool::MockOpenAI->start($t, 'mock', sub {
    my ($c, $req) = @_;

    my ($key) = ($req->{headers}{authorization} // '') =~ /^Bearer (.*)/;
    $key //= 'none';
    my ($status, $after) = $key =~ /-(401|403|429)(?:-(\d+))?-/;
    $status = 0 if ($status // 0) == 403 && $req->{json}{model} ne 'm';
    return $c->json($status, { error => { message => $status == 429 ? 'Slow down'
        : "Incorrect API key: $key" } }, defined $after
        ? ('Retry-After' => $after) : ()) if $status;
    return NodeTool::MockOpenAI::answer($c, $req);
});
my $other = NodeTool::MockOpenAI->start($t, 'other');

$t->write_file('three.keys', "# ours\nsecret-f1-\n\n  secret-f2-\nsecret-f3-\n");
my $provider = sub {
    my ($name, @lines) = @_;
    return "nodetool_provider $name { url http://127.0.0.1:$mock->{port}/v1; models m; "
        . join(' ', @lines) . " }\n";
};
my $http = join '',
    $provider->('file', 'key file:%%DIR%%/three.keys;'),
    $provider->('mixed', 'key secret-a-;', 'key env:NT_TEST_KEY;', 'key file:%%DIR%%/three.keys;'),
    $provider->('still', 'key secret-a-;', 'key secret-b-;', 'key_rotation off;'),
    $provider->('refused', 'key secret-x-401-;', 'key secret-b-;', 'key_rotation off;', 'key_timeout 1s;'),
    $provider->('forbidden', 'key secret-x-403-;', 'key secret-b-;', 'key_rotation off;'),
    $provider->('limited', 'key secret-x-429-1-;', 'key secret-b-;', 'key_rotation off;'),
    $provider->('spent', 'key secret-y-429-30-;', 'key secret-z-429-20-;'),
    $provider->('bad', 'key secret-v-401-;', 'key secret-w-401-;'),
    $provider->('single', 'key secret-u-401-;', 'key_timeout 30s;'),
    $provider->('client', 'key $http_x_key;', 'key secret-b-;', 'key_rotation off;'),
    $provider->('twice', 'key secret-q-429-1-;'),
    "nodetool_provider other { url http://127.0.0.1:$other->{port}/v1; models m; key secret-other-; }\n",
    "log_format chat '\$nodetool_provider|\$nodetool_attempts|\$nodetool_fallback';\n";
my $ng = $t->nginx(<<'SERVER', http => $http, modules => ['base', 'chat'], workers => 2, env => { NT_TEST_KEY => 'secret-env-' });
    nodetool_errors on;
    access_log %%DIR%%/chat.log chat;
    nodetool_route bad-other { to bad m; fallback other; }
    nodetool_route spent-other { to spent m; fallback other; }
    location /v1/ { nodetool_chat; }
    location /again/ { nodetool_chat; nodetool_retry 3 wait=3s; }
SERVER

my $bodies = '';

sub chat {
    my ($model, %opt) = @_;

    my $r = $t->request($ng, 'POST', ($opt{path} || '/v1/') . 'chat/completions',
        headers => $opt{headers} || [], json => { model => $model, stream =>
        $opt{stream} ? JSON::PP::true : JSON::PP::false, messages => [{ role =>
        'user', content => 'x' }] });
    $bodies .= join "\n", %{ $r->{headers} }, $r->{body};
    return $r;
}

# The keys that $code was asked with.
sub keys_of {
    my ($code) = @_;

    my $seen = $mock->requests;
    $code->();
    my @requests = $mock->requests;
    return map { s/^Bearer secret-//r =~ s/-$//r } map {
        $_->{headers}{authorization} // '' } @requests[$seen .. $#requests];
}

sub used { my ($model, $n, %opt) = @_; return join ' ', keys_of(sub {
    chat($model, %opt) for 1 .. $n }) }

# Each worker has turns of its own.
my %seen = map { $_ => 1 } keys_of(sub { chat('file/m') for 1 .. 12 });
is(join(' ', sort keys %seen), 'f1 f2 f3', 'all lines of a file, by turns');
%seen = map { $_ => 1 } keys_of(sub { chat('mixed/m') for 1 .. 20 });
is(join(' ', sort keys %seen), 'a env f1 f2 f3', 'values, environment and files');
is(used('still/m', 4), 'a a a a', 'key_rotation off: the first one');

# --- refused ---------------------------------------------------------------------

is(used('refused/m', 3), 'x-401 b b b', '401: the next key, which stays');
is(chat('refused/m')->{status}, 200, 'and the client sees nothing of it');
sleep 1.1;
is(used('refused/m', 2), 'x-401 b b', 'for key_timeout');
is(used('forbidden/m', 3), 'x-403 b b b', '403: the next key');
is(used('forbidden/other', 2), 'x-403 x-403', 'for that model only');

my $r;
my @keys = keys_of(sub { $r = chat('bad/m') });
is(join(' ', sort @keys), 'v-401 w-401', 'all keys are refused: each is asked once');
is($r->{status}, 502, 'the client gets 502');
is($r->{headers}{'x-should-retry'}, 'false', 'that is final');
is(scalar(keys_of(sub { chat('bad/m') })), 2, 'and the next request tries again');
is(scalar(keys_of(sub { $r = chat('bad-other') })), 0, 'with another provider, they are left out');
is($r->{status}, 200, 'which answers');
is(used('single/m', 3), 'u-401 u-401 u-401', 'an only key is asked with always');

# --- limited ----------------------------------------------------------------------

is(used('limited/m', 3), 'x-429-1 b b b', '429: the next key, until Retry-After');
is(used('limited/n', 1), 'x-429-1 b', 'of that model');
sleep 1.1;
is(used('limited/m', 2), 'x-429-1 b b', 'which has passed');
@keys = keys_of(sub { $r = chat('spent/m') });
is(join(' ', sort @keys), 'y-429-30 z-429-20', 'all keys are limited: each is asked once');
is($r->{status}, 429, 'the client gets 429');
like($r->{headers}{'retry-after'}, qr/^(?:20|30)$/, 'with the last one\'s Retry-After');
is(scalar(keys_of(sub { $r = chat('spent/m') })), 0, 'the next request does not ask');
is($r->{status}, 429, 'it gets 429');
like($r->{headers}{'retry-after'}, qr/^(?:1\d|20)$/, 'with the shortest Retry-After');
is($r->{json}{error}{code}, 429, 'as JSON');
is(scalar(keys_of(sub { $r = chat('spent-other') })), 0, 'with another provider, neither');
is($r->{status}, 200, 'which answers');

my $start = time;
@keys = keys_of(sub { $r = chat('twice/m', path => '/again/') });
cmp_ok(time - $start, '>=', 1.9, 'waits for the only key');
is(join(' ', @keys), 'q-429-1 q-429-1 q-429-1', 'and asks with it again');

# --- keys of clients ----------------------------------------------------------------

is(used('client/m', 1, headers => ['X-Key', 'secret-c1-']), 'c1', 'a key of the client');
is(used('client/m', 2, headers => ['X-Key', 'secret-c2-401-']), 'c2-401 b c2-401 b',
    'is not known to others');
is(used('client/m', 1), '', 'a key that is empty is not sent');

# --- reloads --------------------------------------------------------------------------

$t->write_file('three.keys', "secret-g1-\nsecret-g2-\n");
$t->reload($ng);
%seen = map { $_ => 1 } keys_of(sub { chat('file/m') for 1 .. 12 });
is(join(' ', sort keys %seen), 'g1 g2', 'a reload reads the file again');
is(scalar(keys_of(sub { chat('spent/m') })), 0, 'and what was said of keys stays');

# --- configurations -------------------------------------------------------------------

$t->write_file('no.keys', "# none\n");
$t->write_file('many.keys', join '', map { "secret-many-$_\n" } 1 .. 65);
$t->write_file('long.keys', 'secret-' . 'x' x 70_000);
for my $case (
    ['key file:%%DIR%%/no.keys;', qr/no key in ".*no\.keys"/],
    ['key file:%%DIR%%/many.keys;', qr/nodetool_provider "p" has more than 64 keys/],
    ['key file:%%DIR%%/long.keys;', qr/has more than 65535 bytes of keys/],
    ['key file:%%DIR%%/nothing;', qr/open\(\) ".*nothing" failed/],
    ['key env:NT_NOT_SET;', qr/environment variable "NT_NOT_SET" is not set/],
    ['key_rotation maybe;', qr/invalid value "maybe"/],
    ['max_fails x;', qr/invalid number/], ['fail_timeout x;', qr/invalid value/],
    ['key_timeout x;', qr/invalid value/], ['first_token_timeout x;', qr/invalid value/])
{
    my ($line, $expected) = @$case;
    my ($status, $output) = $t->nginx_check('location / { nodetool_chat; }',
        http => $provider->('p', $line), modules => ['base', 'chat']);
    isnt($status, 0, "refused: $line");
    like($output, $expected, 'says why');
    $bodies .= $output;
}

# --- secrets ----------------------------------------------------------------------------

chat($_, stream => 1) for qw(bad/m single/m spent/m bad-other);
unlike($bodies, qr/secret-/, 'no key in a reply, or in what a check says');
for my $log (glob "$t->{dir}/*.log") {
    next if $log =~ /mock/;
    unlike($t->read_file($log), qr/secret-/, 'no key in ' . $log =~ s{.*/}{}r);
}

$t->done;
