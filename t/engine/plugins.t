#!/usr/bin/perl

# Node types from shared objects: the example of docs/example-node, and what
# the engine does not take.

use strict;
use warnings;

use lib 't/lib';

use File::Temp;
use Test::More;

use NodeTool::Graph qw(graph node compile_plugin);

my $ROOT = $NodeTool::Graph::ROOT;

my $g = NodeTool::Graph->new(
    plugins => [["$ROOT/docs/example-node/greet.c"]]);

my $r = $g->run(graph(
    [node(i => 'nodetool.input.StringInput', name => 'who'),
     node(g => 'example.Greet'),
     node(o => 'nodetool.output.Output', name => 'output')],
    'i.output>g.name', 'g.output>o.value'), params => { who => 'nginx' });
is($r->{result}{output}, 'Hello, nginx!', 'example.Greet');

$r = $g->run(graph([node(g => 'example.Greet', name => '')]));
is_deeply($r->{failure}, { node_id => 'g', node_type => 'example.Greet',
    message => 'input "name" is empty; give it a name' }, 'it fails');

$r = $g->run(graph(
    [node(d => 'example.Countdown', from => 4),
     node(c => 'nodetool.control.Collect'),
     node(o => 'nodetool.output.Output', name => 'output')],
    'd.output>c.input_item', 'c.output>o.value'));
is_deeply($r->{result}{output}, [4, 3, 2, 1], 'example.Countdown');
is_deeply([map { "$_->{progress} of $_->{total}" }
           grep { $_->{type} eq 'node_progress' } @{ $r->{events} }],
    ['1 of 4', '2 of 4', '3 of 4', '4 of 4'], 'its progress');

my ($greet) = grep { $_->{node_type} eq 'example.Greet' }
    @{ $g->ask({ metadata => 1 })->{metadata} };
my $str = { type => 'str', type_args => [], type_name => undef,
    values => undef, optional => JSON::PP::false };
is_deeply($greet, {
    title => 'Greet', description => 'Says hello to somebody',
    namespace => 'example', node_type => 'example.Greet', layout => 'default',
    properties => [{ name => 'name', type => $str,
        default => 'world', title => 'Name', description => 'Who is greeted',
        min => undef, max => undef, json_schema_extra => undef,
        required => JSON::PP::false }],
    outputs => [{ type => $str, name => 'output', stream => JSON::PP::false }],
    the_model_info => {}, recommended_models => [], basic_fields => ['name'],
    required_settings => [], is_dynamic => JSON::PP::false,
    is_streaming_output => JSON::PP::false, expose_as_tool => JSON::PP::true,
    supports_dynamic_outputs => JSON::PP::false, model_packs => [],
}, 'metadata') or diag(explain($greet));
$g->done;

# --- what is left out --------------------------------------------------------

my $dir = File::Temp->newdir('nodetool-plugin-XXXXXX', TMPDIR => 1);

sub plugin {
    my ($name, $source) = @_;
    open my $fh, '>', "$dir/$name.c" or die $!;
    print {$fh} $source;
    close $fh or die $!;
    return compile_plugin("$dir/$name.so", "$dir/$name.c");
}

sub library {
    my ($abi, $type, $more) = @_;
    return <<"C";
#include "engine/nodetool_node.h"
static nt_node_rc_t run(nt_node_call_t *call)
{ return nt_call_emit(call, "output", json_true()); }
static const nt_output_t outputs[] = { { "output", "bool" }, { NULL, NULL } };
static const nt_node_type_t type = { .type = "$type", .title = "T",
    .outputs = outputs, $more };
static const nt_node_type_t *const types[] = { &type, NULL };
NT_NODE_API const nt_node_library_t nodetool_node_library = {
    $abi, "t", types };
static const void *const keep[] __attribute__((used)) = { (void *) run };
C
}

plugin(a_good => library('NODETOOL_NODE_ABI', 'good.T', '.run = run'));
plugin(b_abi => library('NODETOOL_NODE_ABI + 1', 'abi.T', '.run = run'));
plugin(c_twice => library('NODETOOL_NODE_ABI', 'good.T', '.run = run'));
plugin(d_builtin => library('NODETOOL_NODE_ABI', 'nodetool.control.If',
                            '.run = run'));
plugin(e_empty => library('NODETOOL_NODE_ABI', 'norun.T', '.flags = 0'));
plugin(f_default => library('NODETOOL_NODE_ABI', 'default.T',
    '.run = run, .properties = (const nt_property_t[]) { { .name = "a", '
    . '.type = "str", .default_json = "{" }, { .name = NULL } }'));
plugin(g_type => library('NODETOOL_NODE_ABI', 'type.T',
    '.run = run, .properties = (const nt_property_t[]) { { .name = "a", '
    . '.type = "list[str" }, { .name = NULL } }'));
plugin(h_symbol => "int x;\n");
open my $fh, '>', "$dir/i_text.so" or die $!;
print {$fh} "no shared object\n";
close $fh or die $!;

my $log = "$dir/log";
my $graph = NodeTool::Graph::text({ graph => graph(
    [node(n => 'good.T'), node(o => 'nodetool.output.Output', name => 'o')],
    'n.output>o.value') });
open my $in, '>', "$dir/in" or die $!;
print {$in} "$graph\n";
close $in or die $!;
my $program = "$NodeTool::Graph::BUILD/t/engine/graph-run";
my $out = `"$program" "$dir" < "$dir/in" 2> "$log"`;
is($?, 0, 'the others are loaded');
like($out, qr/"results":\{"o":true\}/, 'the good one runs');

open $fh, '<', $log or die $!;
my @log = <$fh>;
my $version = qr/version \d+ of nodetool_node\.h, this is version \d+/;
my @want = (
    qr/^nodes: b_abi\.so is left out: is built for $version; build it again$/,
    qr/^nodes: c_twice\.so is left out: node type good\.T is there already$/,
    qr/^nodes: d_builtin\.so is left out: node type nodetool\.control\.If is /,
    qr/^nodes: e_empty\.so .* node type norun\.T has neither run nor item$/,
    qr/^nodes: f_default\.so .* default\.T has a property whose default is /,
    qr/^nodes: g_type\.so .* type\.T has a property of a malformed type$/,
    qr/^nodes: h_symbol\.so is left out: has no symbol nodetool_node_library$/,
    qr/^nodes: i_text\.so is left out: /,
);
like($log[$_] || '', $want[$_], "said: $want[$_]") for 0 .. $#want;
is(scalar @log, scalar @want, 'nothing more is said');

system("\"$program\" \"$dir/none\" < /dev/null 2> \"$log\"");
isnt($?, 0, 'a folder that is not there');

done_testing();
