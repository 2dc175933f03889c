package NodeTool::Media;

# Small sounds and videos, made and looked at by ffmpeg and ffprobe.
#
#   my $m = NodeTool::Media->new;            # folders, and a graph-run
#   $m->make('a.wav', 'sine=d=1:r=8000');    # in the workspace, by a source
#   my ($ref, $error) = $m->node('nodetool.audio.Reverse',
#       { audio => $m->ref('audio', 'a.wav') });
#   $m->probe($ref);   # {duration, streams: {video: {...}, audio: {...}}}

use strict;
use warnings;

use File::Path qw(make_path);
use File::Temp;
use JSON::PP ();

use NodeTool::Graph;

sub new {
    my ($class) = @_;

    my $dir = File::Temp->newdir('nodetool-media-XXXXXX', TMPDIR => 1);
    make_path("$dir/ws", "$dir/assets");
    return bless { dir => $dir, g => NodeTool::Graph->new }, $class;
}

sub have { return !grep { system("which $_ > /dev/null 2>&1") } qw(ffmpeg ffprobe) }

sub done { return $_[0]{g}->done }

sub make {
    my ($m, $name, @args) = @_;

    my @inputs = map { ('-f', 'lavfi', '-i', $_) } grep { !/^-/ } @args;
    my @options = map { split / / } grep { /^-/ } @args;
    system('ffmpeg', '-loglevel', 'error', '-y', @inputs, @options,
        "$m->{dir}/ws/$name") == 0 or die "ffmpeg cannot make $name";
    return;
}

sub ref {
    my ($m, $type, $name) = @_;

    return { type => $type, uri => "file:///$name" };
}

# Runs one node; options: the output, values by edges ("-stream" => [handle,
# values]).  (value, error, events)
sub node {
    my ($m, $type, $data, %opt) = @_;

    my @nodes = (NodeTool::Graph::node(n => $type, %$data),
        NodeTool::Graph::node(o => 'nodetool.output.Output', name => 'o'));
    my $output = $opt{output} || 'output';
    my @edges = ("n.$output>o.value");
    if ($opt{collect}) {
        push @nodes, NodeTool::Graph::node(c => 'nodetool.control.Collect');
        @edges = ("n.$output>c.input_item", 'c.output>o.value');
    }
    if ($opt{stream}) {
        my ($handle, $values) = @{ $opt{stream} };
        push @nodes, NodeTool::Graph::node(l => 'nodetool.constant.List',
                value => $values),
            NodeTool::Graph::node(f => 'nodetool.control.ForEach');
        push @edges, 'l.output>f.input_list', "f.output>n.$handle";
    }
    my $r = $m->{g}->run(NodeTool::Graph::graph(\@nodes, @edges),
        workspace => "$m->{dir}/ws", assets => "$m->{dir}/assets",
        exists $opt{cancel} ? (cancel => $opt{cancel}) : ());
    my $error = $r->{failure}{message} // '';
    $error = NodeTool::Graph::text($r->{errors}) if @{ $r->{errors} || [] };
    return ($r->{results}{o}, $error, $r->{events});
}

# The file that a ref leads to.
sub path {
    my ($m, $ref) = @_;

    return "$m->{dir}/assets/$ref->{asset_id}" if $ref->{asset_id};
    return $ref->{uri} =~ m{^file:///(.*)} ? "$m->{dir}/ws/$1" : die $ref->{uri};
}

sub probe {
    my ($m, $ref) = @_;

    my $path = $m->path($ref);
    my $text = qx(ffprobe -loglevel error -of json -show_streams -show_format $path);
    my $probe = JSON::PP::decode_json($text);
    return {
        duration => $probe->{format}{duration},
        format => $probe->{format}{format_name},
        map { $_->{codec_type} => $_ } @{ $probe->{streams} },
    };
}

# The samples of a sound; at another rate, if that is said.
sub samples {
    my ($m, $ref) = @_;

    my $path = $m->path($ref);
    return unpack 's<*', qx(ffmpeg -loglevel error -i $path -f s16le -);
}

# The mean color of a part of a frame: [r, g, b].
sub color {
    my ($m, $ref, $seconds, $crop) = @_;

    my $path = $m->path($ref);
    my $filter = ($crop ? "crop=$crop," : '') . 'scale=1:1:flags=area,format=rgb24';
    my $at = $seconds ? "-ss $seconds" : '';
    return [unpack 'C3', qx(ffmpeg -loglevel error $at -i $path -frames:v 1 -vf '$filter' -f rawvideo -)];
}

1;
