#!/usr/bin/perl

# nodetool.code.*: code in the sandbox.

use strict;
use warnings;

use lib 't/lib';

use File::Temp;
use JSON::PP ();
use Test::More;

use NodeTool::Graph qw(graph node);

# The workspace is in a home that only its owner may enter.
my $home = File::Temp->newdir('nodetool-code-XXXXXX', TMPDIR => 1);
my $ws = "$home/workspace";
mkdir $ws or die $!;
umask 077;
my $g = NodeTool::Graph->new;
my @run = (workspace => $ws, workspace_name => 'user/flow');

# Runs a node of the namespace: ({stdout => [...], stderr => [...]}, error,
# events).  "-stream" are values that come to stdin.
sub code {
    my ($type, %data) = @_;

    my $allow = exists $data{-allow} ? delete $data{-allow} : 1;
    my $stream = delete $data{-stream};
    my @nodes = (node(n => "nodetool.code.$type", %data),
        (map { node("c$_" => 'nodetool.control.Collect') } 'out', 'err'),
        node(out => 'nodetool.output.Output', name => 'stdout'),
        node(err => 'nodetool.output.Output', name => 'stderr'));
    my @edges = ('n.stdout>cout.input_item', 'n.stderr>cerr.input_item',
        'cout.output>out.value', 'cerr.output>err.value');
    if ($stream) {
        push @nodes, node(l => 'nodetool.constant.List', value => $stream),
            node(f => 'nodetool.control.ForEach');
        push @edges, 'l.output>f.input_list', 'f.output>n.stdin';
    }
    my $r = $g->run(graph(\@nodes, @edges), @run, allow => $allow);
    my $error = $r->{failure}{message} // '';
    $error = NodeTool::Graph::text($r->{errors}) if @{ $r->{errors} || [] };
    return ($r->{results}, $error, $r->{events});
}

my ($r, $e, $events) = code('ExecutePython', code => 'print(1)', -allow => 0);
like($e, qr/^code of workflows is not run here; the option --allow-code/,
    'off unless the operator allows it');

($r, $e) = code('ExecuteBash', code => 'true');
my $nobody = $> == 0
    ? 'setpriv --reuid=65534 --regid=65534 --clear-groups' : '';
if ($e =~ /not installed|cannot be set up/
    && system("$nobody bwrap --unshare-user --ro-bind / / true 2> /dev/null"))
{
    SKIP: { skip "no sandbox here: $e", 1 }
    $g->done;
    done_testing;
    exit;
}
is($e, '', 'a script that says nothing');

# --- each language -----------------------------------------------------------

my %values = (text => "it's \"x\"\n\\ \$HOME \x{e9}", n => 3, x => 0.5,
    list => [1, 'two', { three => JSON::PP::null }], yes => JSON::PP::true);
my $text = "it's \"x\"\n\\ \$HOME \x{e9}";
my $said = '1 two 3 0.5 6';

my %code = (
    Python => 'import sys
print(text)
print(list[0], list[1], n, x, n * 2)
assert list[2]["three"] is None and yes is True
print("oops", file=sys.stderr)',
    JavaScript => 'const fs = require("fs");
console.log(text);
console.log(list[0], list[1], n, x, n * 2);
if (list[2].three !== null || yes !== true) throw new Error("values");
console.error("oops")',
    Ruby => 'puts text
puts [list[0], list[1], n, x, n * 2].join(" ")
raise "values" if list[2]["three"] != nil || yes != true
warn "oops"',
    Lua => 'print(text)
print(table.concat({list[1], list[2], n, x, n * 2}, " "))
assert(list[3].three == nil and yes == true)',
    Bash => 'echo "$text"
echo 1 two $n $x $((n * 2))
[[ $yes == True && $list == \'[1, "two", {"three": null}]\' ]]
echo oops >&2',
);

for my $language (sort keys %code) {
    my @err = $language eq 'Lua' ? () : ("oops\n");

    ($r, $e) = code("Execute$language", code => $code{$language},
        -dynamic_properties => \%values);
    skip_missing($language, $e) && next;
    is($e, '', "$language: runs");
    is_deeply($r->{stdout}, [map { "$_\n" } split(/\n/, $text), $said],
        "$language: its lines") or diag(NodeTool::Graph::text($r));
    is_deeply($r->{stderr}, \@err, "$language: its complaints");

    ($r, $e) = code("Run${language}Command", command => $code{$language},
        -dynamic_properties => \%values);
    is_deeply($r, { stdout => ["$text\n$said\n"],
            stderr => [join '', @err] }, "$language: all at once")
        or diag($e);
}

sub skip_missing {
    my ($language, $error) = @_;

    return 0 if $error !~ /is not installed on this server/;
    return pass("$language is not here: $error");
}

# --- input -------------------------------------------------------------------

my %reads = (
    Python => 'import sys
for line in sys.stdin: print("<" + line.strip() + ">")',
    JavaScript => 'require("fs").readFileSync(0, "utf8").trim().split("\n")
    .forEach(line => console.log("<" + line + ">"))',
    Ruby => 'STDIN.each_line { |line| puts "<" + line.strip + ">" }',
    Lua => 'local line = io.read()
while line do print("<" .. line .. ">") line = io.read() end',
    Bash => 'while read -r line; do echo "<$line>"; done',
);
for my $language (sort keys %reads) {
    ($r, $e) = code("Execute$language", code => $reads{$language},
        -stream => ['a', '2', '[1]'], stdin => "x\ny");
    skip_missing($language, $e) && next;
    is_deeply($r->{stdout}, [map { "<$_>\n" } qw(a 2 [1])],
        "$language: a stream of input") or diag($e);
    ($r, $e) = code("Execute$language", code => $reads{$language},
        stdin => "x\ny");
    is_deeply($r->{stdout}, ["<x>\n", "<y>\n"], "$language: a text");
}

# A dynamic property along an edge.
$r = $g->run(graph([
    node(s => 'nodetool.constant.String', value => 'late'),
    node(n => 'nodetool.code.ExecutePython', code => 'print(word)'),
    node(o => 'nodetool.output.Output', name => 'output')],
    's.output>n.word', 'n.stdout>o.value'), @run, allow => 1);
is($r->{result}{output}, "late\n", 'a value along an edge')
    or diag(NodeTool::Graph::text($r->{errors}), $r->{failure}{message});

# --- commands, images --------------------------------------------------------

($r, $e) = code('RunShellCommand', command => 'echo a b | tr a-z A-Z; false
echo on');
is_deeply($r->{stdout}, ["A B\non\n"], 'a command of the shell') or diag($e);
($r, $e) = code('ExecuteCommand', command => 'printf "1\n2"');
is_deeply($r->{stdout}, ["1\n", "2\n"], '... line by line');
($r, $e, $events) = code('RunPythonCommandDocker', command => 'print(2)');
is_deeply($r->{stdout}, ["2\n"], 'for an image');
like(join("\n", map { $_->{content} // '' } @$events),
    qr/not in python:3.11-slim/, '... which is told');
($r, $e) = code('ExecutePython', code => 'print(2)',
    image => 'jupyter/scipy-notebook:latest');
like($e, qr/runs no Docker images/, 'an image with libraries');
($r, $e) = code('ExecutePython', code => 'print(2)',
    image => 'jupyter/scipy-notebook:latest', execution_mode => 'subprocess');
is_deeply($r->{stdout}, ["2\n"], '... is not asked for in a subprocess');

($r, $e, $events) = code('RunPythonCommand', command => 'print(3)',
    -dynamic_outputs => { more => { type => 'str', type_args => [] } });
is_deeply($r->{stdout}, ["3\n"], 'an output that was added') or diag($e);
like(join("\n", map { $_->{content} // '' } @$events),
    qr/the output "more" stays empty/, '... is said to stay empty');

# --- what goes wrong ---------------------------------------------------------

($r, $e) = code('ExecutePython', code => " \n");
is($e, q('code' must not be empty), 'no code');
($r, $e) = code('ExecutePython', code => "print('first', flush=True)\n1 / 0");
like($e, qr/^the code ended with status 1: ZeroDivisionError/, 'an exception');
($r, $e) = code('RunBashCommand', command => "false\necho no");
is($e, 'the code ended with status 1', 'Bash ends at the first failure');
($r, $e) = code('ExecuteLua', code => 'while true do end',
    timeout_seconds => 1);
like($e, qr/more than 1 seconds/, 'Lua\'s own limit');
($r, $e) = code('RunLuaCommand', executable => 'luajit',
    command => 'print(jit == nil, os == nil, 2^3)');
skip_missing('LuaJIT', $e)
    || is_deeply($r->{stdout}, ["true\ttrue\t8\n"], 'LuaJIT') || diag($e);
($r, $e) = code('ExecuteBash', code => 'echo',
    -dynamic_properties => { 'a b' => 1 });
like($e, qr/the dynamic property "a b" cannot be a variable/, 'a bad name');
($r, $e) = code('RunBashCommand', command => 'printf "\377a"');
is_deeply($r->{stdout}, ["\x{fffd}a"], 'bytes that are no text');

# A value larger than an argument may be.
($r, $e) = code('RunPythonCommand', command => 'print(len(big))',
    -dynamic_properties => { big => 'x' x 1_000_000 });
is_deeply($r->{stdout}, ["1000000\n"], 'a large value') or diag($e);

# --- the workspace -----------------------------------------------------------

($r, $e) = code('RunPythonCommand',
    command => 'open("made.txt", "w").write("kept")');
is($e, '', 'code writes into the workspace');
$r = $g->run(graph([node(n => 'nodetool.workspace.ReadTextFile',
        path => 'made.txt'),
    node(o => 'nodetool.output.Output', name => 'output')],
    'n.output>o.value'), @run);
is($r->{result}{output}, 'kept', '... where other nodes read it');
($r, $e) = code('RunPythonCommand', command => 'import os
print(os.path.exists("/root"), os.path.exists("/home"), os.getcwd())');
is_deeply($r->{stdout}, ["False False /workspace\n"], '... and sees no more');

$r = $g->run(graph([node(n => 'nodetool.workspace.WriteTextFile',
    path => 'there/was.txt', content => 'before')]), @run);
($r, $e) = code('RunPythonCommand', command => 'f = open("there/was.txt", "r+")
print(f.read()); f.write(" and after"); open("there/is.txt", "w")');
is_deeply($r->{stdout}, ["before\n"], 'what other nodes wrote is the code\'s')
    or diag($e);

my @lines = ('x') x 1500;
($r, $e, $events) = code('ExecutePython',
    code => 'for i in range(1500): print("x")');
is(scalar @{ $r->{stdout} }, 1500, 'many lines');
my @logged = grep { $_->{type} eq 'log_update' } @$events;
cmp_ok(scalar @logged, '<', 1100, '... are not all logged');

$g->done;
done_testing();
