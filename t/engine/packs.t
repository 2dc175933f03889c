#!/usr/bin/perl

# Packs: loaded when a type of theirs is first asked for, and what is said
# when one is not there.

use strict;
use warnings;

use lib 't/lib';

use File::Temp;
use Test::More;

use NodeTool::Graph qw(graph node compile_plugin);

my $ROOT = $NodeTool::Graph::ROOT;
my $BUILD = $NodeTool::Graph::BUILD;
my $dir = File::Temp->newdir('nodetool-packs-XXXXXX', TMPDIR => 1);

sub graph_of {
    my ($type) = @_;

    return graph([node(n => $type), node(o => 'nodetool.output.Output',
        name => 'o')], 'n.output>o.value');
}

sub message { return $_[0]{errors}[0]{message} }

# --- no pack ------------------------------------------------------------------

my $g = NodeTool::Graph->new(packs => "$dir/none", plugins => []);

for my $type ('nodetool.image.Crop', 'nodetool.lib.pillow.enhance.Sharpen') {
    is(message($g->run(graph_of($type))), qq(Node "n": node type $type needs )
        . 'the image pack: install libvips-dev, and build and install the '
        . 'server again', "$type without its pack");
}
is(message($g->run(graph_of('acme.Crop'))),
    'Node "n": node type acme.Crop is not available on this server',
    'a type of no pack');
is($g->run(graph_of('nodetool.constant.Bool'))->{status}, 'completed',
    'all else runs');
ok(scalar @{ $g->ask({ metadata => 1 })->{metadata} }, 'and is described');
$g->done;

# --- one that says when it is loaded --------------------------------------------

sub pack_of {
    my ($folder, $abi) = @_;

    mkdir $folder or die $!;
    open my $fh, '>', "$folder/image.c" or die $!;
    print {$fh} <<"C";
#include "engine/nodetool_node.h"
#include <stdio.h>
__attribute__((constructor)) static void loaded(void)
{ fclose(fopen("$folder/loaded", "a")); }
static nt_node_rc_t run(nt_node_call_t *call)
{ return nt_call_emit(call, "output", json_true()); }
static const nt_output_t outputs[] = { { "output", "bool" }, { NULL, NULL } };
static const nt_node_type_t type = { .type = "lib.grid.Test", .title = "T",
    .outputs = outputs, .run = run };
static const nt_node_type_t *const types[] = { &type, NULL };
NT_NODE_API const nt_node_library_t nodetool_node_library = {
    $abi, "t", types };
C
    close $fh or die $!;
    return compile_plugin("$folder/image.so", "$folder/image.c");
}

my $good = "$dir/good";
pack_of($good, 'NODETOOL_NODE_ABI');
$g = NodeTool::Graph->new(packs => $good, plugins => []);
$g->run(graph_of('nodetool.constant.Bool'));
$g->run(graph_of('acme.Crop'));
ok(!-e "$good/loaded", 'a pack is not loaded before it is needed');
is($g->run(graph_of('nodetool.lib.grid.Test'))->{results}{o},
    JSON::PP::true, 'a type of a pack');
ok(-e "$good/loaded", 'now it is loaded');
is(message($g->run(graph_of('nodetool.image.Crop'))), 'Node "n": node type '
    . 'nodetool.image.Crop is not available on this server',
    'a type that the pack does not have');
$g->done;

unlink "$good/loaded";
$g = NodeTool::Graph->new(packs => $good, plugins => []);
is(scalar(grep { $_->{node_type} eq 'lib.grid.Test' }
    @{ $g->ask({ metadata => 1 })->{metadata} }), 1,
    'metadata has the types of packs');
$g->done;

# --- one that cannot be loaded ----------------------------------------------------

my $bad = "$dir/bad";
pack_of($bad, 'NODETOOL_NODE_ABI + 1');
open my $in, '>', "$dir/in" or die $!;
print {$in} NodeTool::Graph::text({ graph => graph_of('lib.grid.Test') }), "\n"
    for 1 .. 2;
close $in or die $!;
my $out = `"$BUILD/t/engine/graph-run" - "$bad" < "$dir/in" 2> "$dir/log"`;
is($?, 0, 'a broken pack breaks nothing');
like($out, qr/lib\.grid\.Test needs the image pack: install libvips42 /,
    'the error says what to install');
open my $fh, '<', "$dir/log" or die $!;
my @log = <$fh>;
is(scalar @log, 1, 'tried and logged once');
like($log[0], qr/^nodes: the image pack is left out: is built for version /,
    'what is wrong with it');

# --- those that were built ----------------------------------------------------------

# What nodetool_node.h declares is all that a pack takes from the engine.
open $fh, '<', "$ROOT/engine/nodetool_node.h" or die $!;
my %abi = map { $_ => 1 } join('', <$fh>) =~ /\b(nt_\w+)\(/g;
for my $pack (glob "$BUILD/packs/*.so") {
    my ($name) = $pack =~ m{([^/]+)$};
    my @symbols = map { [split] } `nm -D "$pack"`;
    my @foreign = grep { /^nt_/ && !$abi{$_} } map { $_->[-1] }
        grep { $_->[-2] eq 'U' } @symbols;
    is_deeply(\@foreign, [], "$name needs the ABI only");
    my @shown = grep { !/^_/ } map { $_->[-1] }
        grep { $_->[-2] =~ /^[TDRB]$/ } @symbols;
    is_deeply(\@shown, ['nodetool_node_library'], "$name shows its library")
        if !$ENV{NODETOOL_SAN};
}

done_testing();
