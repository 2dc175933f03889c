#!/usr/bin/perl

# OpenAI's SDKs and Anthropic's: workflows as models, and as tools.

use strict;
use warnings;

use lib 't/lib';

use NodeTool::Sdk;
use NodeTool::Test;
use NodeTool::Workflows;

my @node = NodeTool::Sdk::node('workflow_models.mjs');
my @python = NodeTool::Sdk::python('workflow_models.py');

my $t = NodeTool::Test->new;
my $e = $t->engine;
my $ng = $t->nginx('location /v1 { nodetool_chat; }', http => <<'HTTP');
    nodetool_errors on;
    nodetool_provider workflows { dialect engine; url unix:%%ENGINE%%; }
HTTP

NodeTool::Workflows::store($t, $e, 'parrot',
    { %{ NodeTool::Workflows::echo() }, run_mode => 'chat' });
NodeTool::Workflows::store($t, $e, 'shout', {
    %{ NodeTool::Workflows::chain('Shout',
        ['nodetool.input.StringInput', { name => 'text', value => '' }],
        ['nodetool.text.ToUppercase', {}, 'text'],
        ['nodetool.output.Output', { name => 'output' }, 'value']) },
    run_mode => 'tool', tool_name => 'shout' });

$ENV{NODETOOL_URL} = "http://127.0.0.1:$ng->{port}";
NodeTool::Sdk::checks(15, @node);
NodeTool::Sdk::checks(7, @python);
$t->done;
