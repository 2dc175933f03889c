#!/usr/bin/perl

# Who may do what with whose workflow, as a table; and that no list, no
# sub-workflow and no tool shows or runs what is another user's.

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
my $folder = "$e->{home}/workflows";
my $echo = NodeTool::Workflows::echo();

# A caller is user:role.
sub as {
    my ($who) = @_;

    my ($user, $role) = split /:/, $who;
    return (user => $user, defined $role ? (role => $role) : ());
}

sub ask {
    my ($who, $op, $id, $body, %head) = @_;

    return $t->wire($e, { op => "workflow.$op", as($who),
        defined $id ? (workflow_id => $id) : (), %head },
        $body && $t->encode($body));
}

sub run {
    my ($who, $id) = @_;

    return $t->wire($e, { op => 'job.run', as($who), workflow_id => $id },
        '{}');
}

sub listed {
    my ($who, $id, %head) = @_;

    my $list = ask($who, 'list', undef, undef, limit => 1000, %head);
    return scalar grep { $_->{id} eq $id } @{ $list->{json}{workflows} };
}

# Whether a workflow of the caller's own may run `id` as a node.
sub runs_as_node {
    my ($who, $id) = @_;

    ask($who, 'put', "node-$who" =~ tr/:/-/r, lone('output',
        type => 'nodetool.workflows.workflow_node.Workflow',
        data => { workflow_id => $id }, dynamic_properties => {},
        dynamic_outputs => { output => { type => 'any' } }));
    my $r = run($who, "node-$who" =~ tr/:/-/r);
    return 1 if $r->{status} == 200;
    like($r->{json}{error}{message}, qr/belongs to another user/,
        " $who, $id as a node: refused by a sentence");
    return 0;
}

# Whether an agent of his finds it by its tool name.
sub runs_as_tool {
    my ($who, $name) = @_;

    ask($who, 'put', "agent-$who" =~ tr/:/-/r, lone('text',
        type => 'test.Caller', data => { calls => [
            { tool => "workflow_$name" }] }));
    my $r = run($who, "agent-$who" =~ tr/:/-/r);
    return exists $r->{json}{output}[0]{output} ? 1 : 0;
}

# owner    access   who      get run put del list public tools node tool
my $table = <<'TABLE';
2          private  2         y   y   y   y   y    n      y     y    y
2          private  3         n   n   n   n   n    n      n     n    n
2          private  1         n   n   n   n   n    n      n     n    n
2          private  3:user    n   n   n   n   n    n      n     n    n
2          private  3:root    n   n   n   n   n    n      n     n    n
2          private  9:admin   y   y   y   y   y    n      y     n    n
2          private  1:admin   y   y   y   y   y    n      y     n    n
2          public   2         y   y   y   y   y    y      y     y    y
2          public   3         y   y   n   n   n    y      n     y    n
2          public   1         y   y   n   n   n    y      n     y    n
2          public   9:admin   y   y   y   y   y    y      y     y    n
2          Public   3         n   n   n   n   n    n      n     n    n
-          -        1         y   y   y   y   y    n      y     y    y
-          -        3         y   y   n   n   y    n      y     y    y
-          -        9:admin   y   y   y   y   y    n      y     y    y
-          public   3         y   y   n   n   y    y      y     y    y
TABLE

my $n = 0;
for my $row (split /\n/, $table) {
    my ($owner, $access, $who, @expected) = split ' ', $row;

    my $id = 'w' . $n++;
    $t->write_file("$folder/$id.json", $t->encode({ %$echo, id => $id,
        $owner ne '-' ? (user_id => $owner) : (),
        $access ne '-' ? (access => $access) : (),
        run_mode => 'tool', tool_name => "tool_$id" }));

    my $stored = $t->read_file("$folder/$id.json");
    my @got = (ask($who, 'get', $id)->{status} == 200,
        run($who, $id)->{status} == 200, undef, undef, listed($who, $id),
        listed($who, $id, scope => 'public'),
        listed($who, $id, scope => 'tools'), runs_as_node($who, $id),
        runs_as_tool($who, "tool_$id"));

    my $put = ask($who, 'put', $id, { %$echo, name => 'Changed' });
    $got[2] = $put->{status} == 200;
    is($t->decode($t->read_file("$folder/$id.json"))->{user_id},
        $owner ne '-' ? $owner : undef, ' it keeps its owner') if $got[2];
    my $delete = ask($who, 'delete', $id);
    $got[3] = $delete->{status} == 204;

    for ([$put, $got[2]], [$delete, $got[3]]) {
        next if $_->[1];
        is($_->[0]{status}, 403, ' refused with 403');
        is($t->read_file("$folder/$id.json"), $stored, ' and not changed');
    }
    is(join(' ', map { $_ ? 'y' : 'n' } @got), "@expected",
        "owner $owner, $access, by $who");
    unlink "$folder/$id.json";
}

# --- lists of an administrator -------------------------------------------------

ask('2', 'put', 'second', $echo);
ask('3', 'put', 'third', $echo);
$t->write_file("$folder/ours.json", $t->encode($echo));
unlink glob "$folder/node-* $folder/agent-*";

sub ids {
    my ($who, %head) = @_;

    my $list = ask($who, 'list', undef, undef, %head);
    return join ' ', map { $_->{id} } @{ $list->{json}{workflows} };
}

is(ids('9:admin'), 'ours second third', 'everybody\'s');
is(ids('9:admin', owner => '2'), 'ours second', 'of one user, as he sees it');
is(ids('2', owner => '3'), 'ours second', 'who is no administrator has his');

# --- names of tools --------------------------------------------------------------

ask('2', 'put', 'a-trap', { %$echo, tool_name => 'search',
    access => 'public', run_mode => 'tool' });
ok(!runs_as_tool('3', 'search'),
    'a public workflow is no tool of others\' agents');
ask('3', 'put', 'z-own', { %$echo, tool_name => 'greet' });
$t->write_file("$folder/b-ours.json", $t->encode({ %{ lone('output',
    type => 'nodetool.constant.String', data => { value => 'everyone\'s' }) },
    tool_name => 'greet' }));
ask('3', 'put', 'agent', lone('text', type => 'test.Caller',
    data => { calls => [{ tool => 'workflow_greet' }] }));
is(run('3', 'agent')->{json}{output}[0]{output}, '',
    'a user\'s own tool goes before one without an owner');

# --- files that are no workflow --------------------------------------------------

for (['3', 403], ['1', 200], ['3:admin', 200]) {
    my ($who, $status) = @$_;
    $t->write_file("$folder/broken.json", '{"graph":');
    is(ask($who, 'put', 'broken', $echo)->{status}, $status,
        "a broken file is replaced by $who: $status");
    $t->write_file("$folder/broken.json", '[]');
    is(ask($who, 'delete', 'broken')->{status}, $status == 200 ? 204 : 403,
        ' or deleted');
}

$t->done;
