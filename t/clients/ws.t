#!/usr/bin/perl

# NodeTool's documented WebSocket clients, on the npm packages `ws` and
# `@msgpack/msgpack` and on Python's `websockets`, through nginx with a token.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use NodeTool::Test;
use NodeTool::Venv;
use NodeTool::Workflows;

my $t = NodeTool::Test->new;
my $e = $t->engine(args => ['--nodes', NodeTool::Workflows::slow_nodes($t)]);
my %workflows = (
    greet => NodeTool::Workflows::greet(),
    slow => NodeTool::Workflows::slow(60_000),
    ticks => NodeTool::Workflows::ticks(count => 20, ms => 20),
    image => NodeTool::Workflows::chain('Image',
        ['nodetool.input.ImageInput', { name => 'picture' }],
        ['nodetool.output.Output', { name => 'output' }, 'value']),
);
NodeTool::Workflows::store($t, $e, $_ => $workflows{$_}) for keys %workflows;

my $ng = $t->nginx(<<'CONF', modules => [qw(base auth workflow)]);
    nodetool_engine unix:%%ENGINE%%;
    nodetool_auth static;
    nodetool_auth_token secret-token;
    nodetool_auth_query on;
    location = /predict { nodetool_websocket predict; }
    location = /ws { nodetool_websocket all; }
CONF
my $url = "ws://127.0.0.1:$ng->{port}";

# Runs a program of checks; each of its lines is a result.
sub checks {
    my ($name, $least, @command) = @_;

    subtest $name => sub {
        open my $out, '-|', @command or die "$command[0]: $!";
        my $results = 0;
        while (my $line = <$out>) {
            if ($line =~ /^(not )?ok - (.*)$/) {
                ok(!$1, $2);
                $results++;
            } else {
                diag($line);
            }
        }
        close $out;
        is($?, 0, 'the program ran to its end');
        cmp_ok($results, '>=', $least, 'and checked what it should');
    };
    return;
}

SKIP: {
    my $modules = "$NodeTool::Test::BUILD/clients/ws";
    system('mkdir', '-p', $modules);
    (-d "$modules/node_modules/ws" && -d "$modules/node_modules/\@msgpack")
        or system("npm install --silent --no-audit --no-fund --prefix $modules "
            . 'ws@8 @msgpack/msgpack@3 >/dev/null 2>&1') == 0
        or skip 'ws is not here, and npm cannot get it', 1;
    checks('Node', 22, 'node', "$NodeTool::Test::ROOT/t/clients/ws.mjs",
        $modules, $url, 'secret-token');
}

SKIP: {
    my $python = NodeTool::Venv::python('websockets', 'msgpack')
        or skip 'websockets is not here, and pip cannot get it', 1;
    checks('Python', 10, $python, "$NodeTool::Test::ROOT/t/clients/ws.py", $url,
        'secret-token');
}

$t->done;
