package NodeTool::NodeTable;

# Tests of node types as tables, one behaviour a line:
#
#   lib.math.Add     {"a": 1, "b": 2}      => 3
#   lib.math.Divide  {"a": 1, "b": 0}      !! 'b' must not be 0
#   nodetool.numbers.FilterNumber 1, 2, 3 | {"compare_value": 1}  => [2, 3]
#
# Behind "=>" stands what Python's repr() would print of the output, behind
# "!!" a part of the error.  JSON values in front of a bar are sent
# to "value" one by one, and what comes out is collected.  Lines that begin
# with # and empty ones are left out; a line that begins with spaces goes on
# with the last one.

use strict;
use warnings;

use Exporter qw(import);
use Test::More;

use NodeTool::Graph;

our @EXPORT_OK = qw(run_table);

# One graph as JSON text, in which numbers stay as they were written.
sub graph_text {
    my ($type, $data, $stream, $output) = @_;

    my $nodes = qq({"id":"n","type":"$type","data":$data});
    my @edges;
    my $last = 'n.' . ($output || 'output');
    if (defined $stream) {
        $nodes .= qq(,{"id":"l","type":"nodetool.constant.List","data":)
            . qq({"value":[$stream]}},{"id":"f","type":)
            . qq("nodetool.control.ForEach","data":{}},{"id":"c","type":)
            . qq("nodetool.control.Collect","data":{}});
        push @edges, 'l.output>f.input_list', 'f.output>n.value',
            "$last>c.input_item";
        $last = 'c.output';
    }
    $nodes .= qq(,{"id":"r","type":"nodetool.text.ToString","data":)
        . qq({"mode":"repr"}},{"id":"o","type":"nodetool.output.Output",)
        . qq("data":{"name":"o"}});
    push @edges, "$last>r.value", 'r.output>o.value';
    my $edges = NodeTool::Graph::text([NodeTool::Graph::edges(@edges)]);
    return qq({"nodes":[$nodes],"edges":$edges});
}

sub ask {
    my ($g, $request) = @_;

    print { $g->{in} } "$request\n";
    $g->{in}->flush;
    my $line = readline $g->{out};
    die 'graph-run died' if !defined $line;
    return JSON::PP->new->utf8->decode($line);
}

# Runs a graph text; options: the output, workspace and assets folders.
# (result, error)
sub run_node {
    my ($g, $type, $data, %opt) = @_;

    my $graph = graph_text($type, $data, $opt{stream}, $opt{output});
    my $folders = join '', map { qq(,"$_":"$opt{$_}") }
        grep { $opt{$_} } qw(workspace assets);
    my $r = ask($g, qq({"graph":$graph$folders}));
    my $error = $r->{failure}{message};
    $error = NodeTool::Graph::text($r->{errors}) if @{ $r->{errors} || [] };
    return ($r->{results}{o}, $error);
}

sub run_table {
    my ($table, %opt) = @_;

    my $g = $opt{graph} || NodeTool::Graph->new;
    $table =~ s/\n[ \t]+(?=\S)/ /g;
    for my $row (grep { /\S/ && !/^#/ } split /\n/, $table) {
        my ($type, $stream, $data, $how, $want) =
            $row =~ /^(\S+)\s+(?:(.*?)\s+\|\s+)?(\{.*\})\s+(=>|!!)\s+(.*)$/
            or die "bad row: $row";
        my ($result, $error) = run_node($g, $type, $data, %opt,
            stream => $stream);
        utf8::encode($result) if defined $result;
        utf8::encode($error) if defined $error;
        my $name = length $row > 120 ? substr($row, 0, 117) . '...' : $row;
        if ($how eq '=>') {
            is($result, $want, $name) or diag($error || 'no error');
        } else {
            like($error || '', qr/\Q$want/, $name)
                or diag($result || 'no result');
        }
    }
    $g->done if !$opt{graph};
    return;
}

1;
