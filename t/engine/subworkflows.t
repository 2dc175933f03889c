#!/usr/bin/perl

# Workflows that run other workflows of their user, on an engine.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use NodeTool::Graph qw(compile_plugin);
use NodeTool::Test;
use NodeTool::Workflows qw(lone);

my $t = NodeTool::Test->new;
my $ROOT = $NodeTool::Graph::ROOT;
mkdir $t->dir . '/nodes';
compile_plugin($t->dir . '/nodes/test.so', glob "$ROOT/t/engine/nodes/*.c");
my $e = $t->engine(args => ['--nodes', $t->dir . '/nodes']);

sub put {
    my ($id, $workflow, $user) = @_;

    my $r = $t->wire($e, { op => 'workflow.put', workflow_id => $id,
        user => $user || '1' }, $t->encode($workflow));
    is($r->{status}, 201, "$id is there") or diag($r->{body});
    return;
}

sub run {
    my ($id, $user) = @_;

    return $t->wire($e, { op => 'job.run', workflow_id => $id,
        user => $user || '1' }, '{}');
}

sub runs {
    my ($id) = @_;

    return lone('output',
        type => 'nodetool.workflows.workflow_node.Workflow',
        data => { workflow_id => $id }, dynamic_properties => { name => 'Ann' },
        dynamic_outputs => { output => { type => 'any' } });
}

put(greet => { %{ NodeTool::Workflows::greet() }, tool_name => 'greeter',
    description => 'Says hello' });
put(outer => runs('greet'));
is(run('outer')->{json}{output}, 'Hello, Ann!', 'a workflow as a node');

put(theirs => { %{ NodeTool::Workflows::greet() }, tool_name => 'theirs' },
    '2');
put(thief => runs('theirs'));
like(run('thief')->{json}{error}{message},
    qr/Workflow theirs belongs to another user/, "not another user's");
put(circle => runs('circle'));
like(run('circle')->{json}{error}{message},
    qr/workflow "circle" would run itself/, 'not itself');

put(agent => lone('text', type => 'test.Caller', data => { calls => [
    { tool => 'workflow_greeter', arguments => { name => 'Bob' } },
    { tool => 'workflow_theirs' }] }));
is_deeply(run('agent')->{json}{output}, [{ output => 'Hello, Bob!' },
    { error => 'There is no workflow with the tool name "theirs".' }],
    'as a tool');

put(schema => lone('tools', type => 'test.Caller',
    data => { schema => 'workflow_greeter' }));
is_deeply(run('schema')->{json}{output}, [{ name => 'workflow_greeter',
    description => 'Says hello', parameters => { type => 'object',
        required => [], properties => { name => { type => 'string',
            default => 'World' } } } }], 'its schema');

$t->done;
