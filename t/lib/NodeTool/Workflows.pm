package NodeTool::Workflows;

# Workflows for tests, and a node library whose nodes take their time.

use strict;
use warnings;

use Exporter qw(import);

use NodeTool::Test;

our @EXPORT_OK = qw(lone);

# A workflow of a chain of nodes: each [type, data] feeds the next one's
# input, which the pair's third member names.
sub chain {
    my ($name, @nodes) = @_;

    my (@out, @edges);
    for my $i (0 .. $#nodes) {
        my ($type, $data, $input) = @{ $nodes[$i] };
        push @out, { id => "n$i", type => $type, data => $data || {} };
        push @edges, { id => "e$i", source => 'n' . ($i - 1),
                       sourceHandle => 'output', target => "n$i",
                       targetHandle => $input } if $i > 0;
    }
    return { name => $name, graph => { nodes => \@out, edges => \@edges } };
}

# A workflow of one node, whose output `value` is the result.
sub lone {
    my ($value, %node) = @_;

    return { name => 'lone', graph => {
        nodes => [{ id => 'n', %node }, { id => 'o',
            type => 'nodetool.output.Output', data => { name => 'output' } }],
        edges => [{ id => 'e', source => 'n', sourceHandle => $value,
            target => 'o', targetHandle => 'value' }] } };
}

# "Hello, {name}!": three nodes.
sub greet {
    my $w = chain('Greet',
        ['nodetool.input.StringInput', { name => 'name', value => 'World' }],
        ['nodetool.text.FormatText', { template => 'Hello, {{ name }}!' },
         'name'],
        ['nodetool.output.Output', { name => 'output' }, 'value']);
    $w->{graph}{nodes}[1]{dynamic_properties} = { name => '' };
    return $w;
}

# Passes its input on: two nodes that are in any engine.
sub echo {
    return chain('Echo',
        ['nodetool.input.StringInput', { name => 'text', value => '' }],
        ['nodetool.output.Output', { name => 'output' }, 'value']);
}

# Waits `ms`.
sub slow {
    my ($ms) = @_;

    return chain('Slow', ['test.Sleep', { ms => $ms, value => 'slept' }],
        ['nodetool.output.Output', { name => 'output' }, 'value']);
}

# A stream of values; see t/lib/slow_nodes.c.
sub ticks {
    my (%data) = @_;

    return chain('Ticks', ['test.Ticks', \%data],
        ['nodetool.output.Output', { name => 'output' }, 'value']);
}

# Compiles t/lib/slow_nodes.c; the folder for --nodes.
sub slow_nodes {
    my ($t) = @_;

    my $folder = $t->dir . '/nodes';
    my $root = $NodeTool::Test::ROOT;
    mkdir $folder;
    my $cc = $ENV{CC} || 'cc';
    system($cc, "-I$root", '-D_GNU_SOURCE', '-std=gnu11', '-fPIC', '-shared',
        '-O1', '-o', "$folder/slow.so", "$root/t/lib/slow_nodes.c") == 0
        or die "cannot compile slow_nodes.c\n";
    return $folder;
}

# Puts a workflow's file into an engine's home.
sub store {
    my ($t, $engine, $id, $workflow) = @_;

    $t->write_file("$engine->{home}/workflows/$id.json",
        $t->encode($workflow));
    return;
}

1;
