#!/usr/bin/perl

# A conversation by the npm package ws, in JSON and in MessagePack, through
# nginx.

use strict;
use warnings;

use lib 't/lib';

use NodeTool::MockModels;
use NodeTool::Sdk;
use NodeTool::Test;

my @command = NodeTool::Sdk::node('ws_chat.mjs');
my $t = NodeTool::Test->new;
my $mock = NodeTool::MockModels->start($t, 'models');
{
    local %ENV = (%ENV, $mock->env);
    $t->engine;
}
my $ng = $t->nginx(<<'CONF', modules => [qw(base auth workflow)], http => <<'HTTP');
    nodetool_errors on;
    nodetool_engine engine;
    location = /chat { nodetool_websocket chat; }
    location = /ws { nodetool_websocket all; }
    location /api/ { nodetool_workflow editor; }
CONF
    upstream engine { server unix:%%ENGINE%%; keepalive 4; }
HTTP

my @calls = { name => 'calculator', arguments => { expression => '6 * 7' } };
my @asks = { name => 'pick', arguments => { of => ['a', 'b'] } };
my @script = ({ text => 'Hello, Ada.', usage => [9, 4] },
    { text => 'Wait. ', tool_calls => \@calls }, { text => 'It is 42.' },
    { tool_calls => \@asks }, { text => 'You picked b.' },
    { text => join(' ', 1 .. 500), pause => 0.02 },
    { text => 'Another answer.' });
$mock->script(@script, @script, @script);
$ENV{NODETOOL_URL} = "127.0.0.1:$ng->{port}";
NodeTool::Sdk::checks(40, @command);
$t->done;
