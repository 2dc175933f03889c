package NodeTool::Graph;

# Runs graphs in-process by $BUILD/t/engine/graph-run, with the node types of
# t/engine/nodes loaded as a plugin.
#
#   my $g = NodeTool::Graph->new;
#   my $r = $g->run(graph([node(in => 'nodetool.input.StringInput',
#                               name => 'x')], ...), params => { x => 1 });

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use File::Temp;
use IPC::Open2;
use JSON::PP ();
use Test::More ();

use NodeTool::Test ();

our @EXPORT_OK = qw(graph node edges compile_plugin);

our $ROOT = abs_path(dirname(__FILE__) . '/../../..');
our $BUILD = $ENV{NODETOOL_BUILD} || "$ROOT/build";

my $JSON = JSON::PP->new->utf8->canonical->allow_nonref;

# Builds a plugin as its README says. Returns its path.
sub compile_plugin {
    my ($so, @sources) = @_;

    my @command = ($ENV{CC} || 'cc', qw(-std=gnu11 -Wall -Wextra -Werror -O1),
                   qw(-fPIC -shared), "-I$ROOT", '-o', $so, @sources);
    system(@command) == 0 or die "@command failed";
    return $so;
}

# { plugins => [[sources of one]...] } instead of the test nodes; packs is a
# folder instead of the one that was built; as is a command that starts the
# program, as another user.
sub new {
    my ($class, %opt) = @_;

    my $dir = File::Temp->newdir('nodetool-graph-XXXXXX', TMPDIR => 1);
    my @plugins = @{ $opt{plugins}
        || [[glob "$ROOT/t/engine/nodes/*.c"]] };
    my $n = 0;
    compile_plugin("$dir/plugin" . $n++ . '.so', @$_) for @plugins;

    chmod 0755, "$dir" if $opt{as};
    my $pid = open2(my $out, my $in, @{ $opt{as} || [] },
        "$BUILD/t/engine/graph-run", "$dir", $opt{packs} || "$BUILD/packs");
    return bless { dir => $dir, pid => $pid, in => $in, out => $out }, $class;
}

sub ask {
    my ($g, $request) = @_;

    print { $g->{in} } $JSON->encode($request), "\n";
    $g->{in}->flush;
    my $line = readline $g->{out};
    die 'graph-run died' if !defined $line;
    return $JSON->decode($line);
}

sub run {
    my ($g, $graph, %opt) = @_;

    return $g->ask({ graph => $graph, %opt });
}

# Ends the program; true when it found nothing to complain about (leaks, with
# a sanitizer).
sub done {
    my ($g) = @_;

    close $g->{in};
    waitpid $g->{pid}, 0;
    return Test::More::is($?, 0, 'graph-run ends well');
}

sub text { return $JSON->encode($_[0]) }

# --- graphs ------------------------------------------------------------------

sub graph {
    my ($nodes, @edges) = @_;

    return { nodes => $nodes, edges => [edges(@edges)] };
}

sub node {
    my ($id, $type, %data) = @_;

    my %members;
    for my $member (qw(sync_mode dynamic_properties dynamic_outputs
                       ui_properties parent_id)) {
        $members{$member} = delete $data{"-$member"}
            if exists $data{"-$member"};
    }
    return { id => "$id", type => $type, data => \%data, %members };
}

# 'a.output>b.value', 'agent~target' for a control edge, or an edge as it is.
sub edges {
    my (@edges) = @_;

    return map { ref $_ ? $_ : /~/ ? control(split /~/) : data_edge($_) }
        @edges;
}

sub data_edge {
    my ($text) = @_;

    my ($source, $source_handle, $target, $target_handle) =
        $text =~ /^([^.]+)\.([^>]+)>([^.]+)\.(.+)$/ or die "edge $text";
    return { id => $text, source => $source, sourceHandle => $source_handle,
        target => $target, targetHandle => $target_handle };
}

sub control {
    my ($source, $target) = @_;

    return { id => "$source~$target", source => $source,
        sourceHandle => '__control__', target => $target,
        targetHandle => '__control__', edge_type => 'control' };
}

1;
