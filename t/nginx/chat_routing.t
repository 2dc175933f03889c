#!/usr/bin/perl

# Which target a request goes to: patterns, aliases, conditions, weights; and
# how routes are written.

use strict;
use warnings;

use lib 't/lib';

use JSON::PP ();
use Test::More;

use NodeTool::MockOpenAI;
use NodeTool::Test;

my $t = NodeTool::Test->new;
my %mock = map { $_ => NodeTool::MockOpenAI->start($t, $_) } qw(a b c);

my $http = join('', map {
    "nodetool_provider $_ { url http://127.0.0.1:$mock{$_}{port}/v1; models m-$_; }\n"
} sort keys %mock) . <<'HTTP';
nodetool_provider claude { url http://127.0.0.1:1/v1; dialect anthropic; models c; }
nodetool_provider parrot { dialect echo; models parrot; }
map $http_x_user $staff { default 0; ~@example\.com$ 1; }
map $http_x_beta $beta { default ""; ~. yes; }
log_format chat '$nodetool_provider|$nodetool_upstream_model|$nodetool_attempts|$nodetool_fallback';
HTTP
my $ng = $t->nginx(<<'SERVER', http => $http, modules => ['base', 'chat']);
    nodetool_errors on;
    access_log %%DIR%%/chat.log chat;
    location /v1/ {
        nodetool_chat;
        nodetool_model best a staff-model if=$staff;
        nodetool_route best if=$beta { to b beta-model; }
        nodetool_model best c;
        nodetool_route gpt-* o?-* smart { to a; }
        nodetool_route both if=$staff$beta { to a both; }
        nodetool_route named { to a x-$http_x_model; }
        nodetool_model hidden a if=$http_x_never;
        nodetool_route split { to a weight=5; to b weight=2; to c; }
        nodetool_route even { to a; to b; }
        nodetool_route parrots { to parrot; fallback a; }
        nodetool_route dumb { to claude; fallback b; }
        nodetool_route dumber { to claude; }
    }
    location /inherit/ { nodetool_chat; }
    nodetool_route * { to c all; }
SERVER

sub chat {
    my ($model, %opt) = @_;

    return $t->request($ng, 'POST', ($opt{path} || '/v1/') . 'chat/completions',
        headers => $opt{headers} || [], json => { model => $model, messages =>
        [{ role => 'user', content => 'x' }], %{ $opt{json} || {} } });
}

my $lines = 0;
sub logged {
    $lines++;
    return $t->wait_for('the access log', sub {
        my @lines = split /\n/, $t->read_file('chat.log');
        return @lines >= $lines ? $lines[$lines - 1] : undef;
    });
}

for my $case (
    ['best', [], 'c|best|1|0', 'neither condition is true'],
    ['best', ['X-User', 'eve@example.org'], 'c|best|1|0', '"0" is false'],
    ['best', ['X-User', 'ann@example.com'], 'a|staff-model|1|0', 'by user'],
    ['best', ['X-Beta', '0'], 'b|beta-model|1|0', 'by header'],
    ['best', ['X-User', 'ann@example.com', 'X-Beta', 1], 'a|staff-model|1|0',
        'the first one that is true'],
    ['gpt-5', [], 'a|gpt-5|1|0', 'a pattern'],
    ['smart', [], 'a|smart|1|0', 'an alias in the same route'],
    ['both', ['X-Beta', 1], 'a|both|1|0', 'a condition of two variables'],
    ['named', ['X-Model', 'y'], 'a|x-y|1|0', 'a model with a variable'],
    ['b/m', [], 'b|m|1|0', 'a provider by name'],
    ['m-b', [], 'b|m-b|1|0', 'a model that is listed'],
    ['parrots', [], 'parrot|parrots|1|0', 'echo first'])
{
    my ($model, $headers, $expected, $name) = @$case;
    is(chat($model, headers => $headers)->{status}, 200, $name);
    is(logged(), $expected, 'goes there');
}
is(chat('anything', path => '/inherit/')->{status}, 200, 'rules of the server');
is(logged(), 'c|all|1|0', 'are inherited');

is(chat('hidden')->{status}, 404, 'no rule that applies, and nobody lists it');
logged();
my %listed = map { $_->{id} => 1 } @{ $t->get($ng, '/v1/models')->{json}{data} };
logged();
ok($listed{best} && $listed{smart} && $listed{split}, 'names of rules are models');
ok(!$listed{hidden} && !$listed{'gpt-*'}, 'without those for others, and patterns');

# --- weights -------------------------------------------------------------------

chat('split') for 1 .. 16;
my @order = map { (split /\|/, logged())[0] } 1 .. 16;
is(join('', @order), 'abaacaba' x 2, 'weights, spread out')
    or diag("@order");
chat('even') for 1 .. 4;
is(join('', map { (split /\|/, logged())[0] } 1 .. 4), 'abab', 'by turns');

# --- dialects ------------------------------------------------------------------

my %many = (n => 2, logit_bias => { 50256 => -100 });
is(chat('dumb', json => \%many)->{status}, 200, 'a target that cannot say it');
is(logged(), 'b|dumb|1|1', 'leaves it to the next one');
is(chat('dumber', json => \%many)->{status}, 400, 'if there is one');
logged();

# --- configurations --------------------------------------------------------------

for my $case (
    ['nodetool_route x { fallback a; }', qr/nodetool_route "x" has no "to" before its fallbacks in/],
    ['nodetool_route x { }', qr/has no "to"/],
    ['nodetool_route { to a; }', qr/invalid number of arguments in "nodetool_route"/],
    ['nodetool_route x { to a; fallback b; to c; }', qr/"to" behind a "fallback"/],
    ['nodetool_route x { to; }', qr/invalid arguments in "to" directive, expected a provider, a model and weight=N/],
    ['nodetool_route x { to a m 5; }', qr/invalid arguments in "to"/],
    ['nodetool_route x { to a weight=0; }', qr/invalid arguments in "to"/],
    ['nodetool_route x { to a weight=x; }', qr/invalid arguments in "to"/],
    ['nodetool_route x { fallback a m weight=2; }', qr/invalid arguments|"to"/],
    ['nodetool_route x { too a; }', qr/unknown directive "too" in nodetool_route/],
    ['nodetool_route x { to nobody; }', qr/no nodetool_provider "nobody" for the models "x" in .*check\.conf:\d+/],
    ['nodetool_route x { to a; fallback nobody; }', qr/no nodetool_provider "nobody"/],
    ['nodetool_route x if=$nothing { to a; }', qr/unknown "nothing" variable/],
    ['nodetool_model x if=1;', qr/takes a pattern, a provider|invalid number/],
    ['nodetool_model x a b c;', qr/takes a pattern, a provider, a model and if=CONDITION/],
    ['nodetool_retry 0;', qr/takes "on", "off" or a number of tries first/],
    ['nodetool_retry often;', qr/takes "on", "off"/],
    ['nodetool_retry 2 wait=x;', qr/invalid parameter "wait=x"/],
    ['nodetool_retry 2 weight=2;', qr/invalid parameter "weight=2"/],
    ['nodetool_retry on; nodetool_retry off;', qr/"nodetool_retry" directive is duplicate/],
    ['nodetool_retry_on 200;', qr/invalid value "200", expected "error", "timeout", "5xx" or a status from 400 to 599/],
    ['nodetool_retry_on 500; nodetool_retry_on 501;', qr/"nodetool_retry_on" directive is duplicate/])
{
    my ($text, $expected) = @$case;
    my ($status, $output) = $t->nginx_check("location / { nodetool_chat; $text }",
        http => $http, modules => ['base', 'chat']);
    isnt($status, 0, "refused: $text");
    like($output, $expected, 'says why');
}
for my $text ('nodetool_route a b-* if=$http_x { to a m weight=3; to b; fallback c m; }',
    'nodetool_retry on;', 'nodetool_retry off;', 'nodetool_retry_on error timeout 409 5xx;',
    'nodetool_retry 5 timeout=1m wait=500ms backoff=0;', 'nodetool_model a b if=$http_x;')
{
    my ($status, $output) = $t->nginx_check("location / { nodetool_chat; $text }",
        http => $http, modules => ['base', 'chat']);
    is($status, 0, "taken: $text") or diag($output);
}

$t->done;
