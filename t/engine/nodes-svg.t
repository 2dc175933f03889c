#!/usr/bin/perl

# lib.svg.*: elements as values, the documents they make, and, with the image
# pack, the images.

use strict;
use warnings;

use lib 't/lib';

use File::Path qw(make_path);
use File::Temp;
use Test::More;

use NodeTool::Files;
use NodeTool::Graph qw(graph node);
use NodeTool::NodeTable qw(run_table);
use NodeTool::PNG;

run_table(<<'TABLE');
lib.svg.Rect {} => {'type': 'svg_element', 'name': 'rect', 'attributes': {'x': '0', 'y': '0', 'width': '100', 'height': '100', 'fill': '#000000', 'stroke': 'none', 'stroke-width': '1'}, 'content': None, 'children': []}
lib.svg.Rect {"x": -5, "fill": {"type": "color", "value": null}} => {'type': 'svg_element', 'name': 'rect', 'attributes': {'x': '-5', 'y': '0', 'width': '100', 'height': '100', 'fill': 'none', 'stroke': 'none', 'stroke-width': '1'}, 'content': None, 'children': []}
lib.svg.Circle {"radius": 7} => {'type': 'svg_element', 'name': 'circle', 'attributes': {'cx': '0', 'cy': '0', 'r': '7', 'fill': '#000000', 'stroke': 'none', 'stroke-width': '1'}, 'content': None, 'children': []}
lib.svg.Ellipse {"cx": 1, "cy": 2, "rx": 3, "ry": 4} => {'type': 'svg_element', 'name': 'ellipse', 'attributes': {'cx': '1', 'cy': '2', 'rx': '3', 'ry': '4', 'fill': '#000000', 'stroke': 'none', 'stroke-width': '1'}, 'content': None, 'children': []}
lib.svg.Polygon {"points": "0,0 1,1 2,0"} => {'type': 'svg_element', 'name': 'polygon', 'attributes': {'points': '0,0 1,1 2,0', 'fill': '#000000', 'stroke': 'none', 'stroke-width': '1'}, 'content': None, 'children': []}
lib.svg.Path {"path_data": "M 0 0 L 1 1"} => {'type': 'svg_element', 'name': 'path', 'attributes': {'d': 'M 0 0 L 1 1', 'fill': '#000000', 'stroke': 'none', 'stroke-width': '1'}, 'content': None, 'children': []}
lib.svg.Line {"x1": 3} => {'type': 'svg_element', 'name': 'line', 'attributes': {'x1': '3', 'y1': '0', 'x2': '100', 'y2': '100', 'stroke': '#000000', 'stroke-width': '1'}, 'content': None, 'children': []}
lib.svg.Text {"text": "a < b", "text_anchor": "end"} => {'type': 'svg_element', 'name': 'text', 'attributes': {'x': '0', 'y': '0', 'font-family': 'Arial', 'font-size': '16', 'fill': '#000000', 'text-anchor': 'end'}, 'content': 'a < b', 'children': []}
lib.svg.GaussianBlur {"std_deviation": 1.5} => {'type': 'svg_element', 'name': 'filter', 'attributes': {'id': 'filter_gaussian_blur'}, 'content': None, 'children': [{'type': 'svg_element', 'name': 'feGaussianBlur', 'attributes': {'stdDeviation': '1.5'}, 'content': None, 'children': []}]}
lib.svg.Gradient {"gradient_type": "radialGradient", "x2": 50} => {'type': 'svg_element', 'name': 'radialGradient', 'attributes': {'id': 'gradient_radialGradient', 'cx': '0%', 'cy': '0%', 'r': '50.0%'}, 'content': None, 'children': [{'type': 'svg_element', 'name': 'stop', 'attributes': {'offset': '0%', 'style': 'stop-color:#000000;stop-opacity:1'}, 'content': None, 'children': []}, {'type': 'svg_element', 'name': 'stop', 'attributes': {'offset': '100%', 'style': 'stop-color:#FFFFFF;stop-opacity:1'}, 'content': None, 'children': []}]}
lib.svg.Transform {"content": {"type": "svg_element", "name": "g", "attributes": {}}, "translate_x": 1.5, "rotate": 45, "scale_y": 2} => {'type': 'svg_element', 'name': 'g', 'attributes': {'transform': 'translate(1.5,0.0) rotate(45.0) scale(1.0,2.0)'}}
lib.svg.Transform {"content": {"type": "svg_element", "name": "g", "attributes": {"transform": "rotate(9)"}}, "translate_y": 2} => {'type': 'svg_element', 'name': 'g', 'attributes': {'transform': 'translate(0.0,2.0) rotate(9)'}}
lib.svg.Transform {"content": {"type": "svg_element", "name": "g"}} => {'type': 'svg_element', 'name': 'g'}
lib.svg.Transform {} !! 'content' has no SVG element: connect one
lib.svg.ClipPath {"content": {"type": "svg_element", "name": "g"}} !! 'clip_content' has no SVG element: connect one
lib.svg.ClipPath {"content": {"type": "svg_element", "name": "g"}, "clip_content": {"type": "svg_element", "name": "a b"}} !! a value is no SVG element: it has no name
TABLE

my $dir = File::Temp->newdir('nodetool-svg-XXXXXX', TMPDIR => 1);
make_path("$dir/assets");
my $g = NodeTool::Graph->new(plugins => []);

sub run_content {
    my ($type, $content, %data) = @_;

    return $g->run(graph([node(n => $type, %data, content => $content),
        node(o => 'nodetool.output.Output', name => 'o')],
        'n.output>o.value'), assets => "$dir/assets");
}

sub asset {
    my ($ref) = @_;

    return slurp("$dir/assets/$ref->{asset_id}");
}

# --- documents -----------------------------------------------------------------

my $rect = { type => 'svg_element', name => 'rect',
    attributes => { width => '10', height => '10', fill => '#ff0000' },
    content => undef, children => [] };
my $text = { type => 'svg_element', name => 'text', attributes => {
    title => qq(<"&'\n) }, content => "a<b>&\x{1}", children => [$rect] };

my $r = run_content('lib.svg.Document', [$text, '<!-- as it is -->']);
my $ref = $r->{results}{o};
is($ref->{type}, 'svg', 'a document is a ref');
like($ref->{asset_id}, qr{^generated/[0-9a-f]{32}\.svg$}, 'to an asset');
is(asset($ref), <<'SVG', 'its text');
<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="800" height="600" viewBox="0 0 800 600">
<text title="&lt;&quot;&amp;'
">a&lt;b&gt;&amp; <rect fill="#ff0000" height="10" width="10"></rect></text>
<!-- as it is -->

</svg>
SVG
like(asset(run_content('lib.svg.Document', '<g/>', width => 1, height => 2,
    viewBox => '0 0 "1" 2')->{results}{o}),
    qr/width="1" height="2" viewBox="0 0 &quot;1&quot; 2">\n<g\/>\n/, 'of text');

my $deep = $rect;
$deep = { type => 'svg_element', name => 'g', attributes => {},
    children => [$deep] } for 1 .. 65;
for (
    [[{ type => 'svg_element', name => 'a b' }], 'it has no name'],
    [{ type => 'svg_element', name => 'g', attributes => { 'x onload' => '1' } },
     'malformed attribute "x onload"'],
    [{ type => 'svg_element', name => 'g', attributes => { x => 1 } },
     'malformed attribute "x"'],
    [$deep, 'the SVG is too large: at most 64 elements one in another'],
) {
    like(run_content('lib.svg.Document', $_->[0])->{failure}{message} // '',
        qr/\Q$_->[1]\E/, $_->[1]);
}
like(run_content('lib.svg.Document', $rect, width => 0)->{errors}[0]{message},
    qr/"width" takes numbers from 1 to 4096/, 'its size');

# --- a shadow and a clip -------------------------------------------------------

$r = $g->run(graph([
    node(a => 'lib.svg.Rect'), node(b => 'lib.svg.Circle'),
    node(c => 'lib.svg.ClipPath'),
    node(o => 'nodetool.output.Output', name => 'o')],
    'a.output>c.content', 'b.output>c.clip_content', 'c.output>o.value'));
my ($path, $content) = @{ $r->{results}{o}{children} };
like($path->{attributes}{id}, qr/^clip_path_[0-9a-f]{16}$/, 'a clip path');
is($content->{attributes}{'clip-path'}, "url(#$path->{attributes}{id})",
    'is used');

# --- images ------------------------------------------------------------------------

SKIP: {
    skip 'the image pack is not built', 1
        if !-e "$NodeTool::Graph::BUILD/packs/image.so";

    my %size = (width => 4, height => 2, viewBox => '0 0 20 10');
    my $type = 'lib.svg.SVGToImage';
    my ($w, $h, $bands, $values) = NodeTool::PNG::decode(asset(
        run_content($type, [$rect], %size)->{results}{o}));
    is("${w}x$h: @$values", '4x2: ' . join(' ', ((255, 0, 0, 255) x 2,
        (0) x 8) x 2), 'drawn');
    ($w, $h) = NodeTool::PNG::decode(asset(
        run_content($type, $rect, %size, scale => 10)->{results}{o}));
    is("${w}x$h", '40x20', 'larger');
    ($w, $h, $bands, $values) = NodeTool::PNG::decode(asset(run_content($type,
        '<image width="9" height="9" href="file:///etc/passwd"/>'
        . '<use href="file:///etc/passwd#x"/>', %size)->{results}{o}));
    is("@$values", join(' ', (0) x 32), 'nothing from outside');
    $r = $g->run(graph([node(s => 'lib.svg.DropShadow', dx => 1, dy => 0,
            std_deviation => 0.05, color => { type => 'color',
            value => '#00ff00' }),
        node(l => 'nodetool.list.Append', values => [{ %$rect, attributes => {
            %{ $rect->{attributes} },
            filter => 'url(#filter_drop_shadow)' } }]),
        node(n => $type, width => 20, height => 10, viewBox => '0 0 20 10'),
        node(o => 'nodetool.output.Output', name => 'o')],
        's.output>l.value', 'l.output>n.content', 'n.output>o.value'),
        assets => "$dir/assets");
    ($w, $h, $bands, $values) = NodeTool::PNG::decode(asset($r->{results}{o}));
    is("@$values[2 * 4 .. 2 * 4 + 3, 10 * 4 .. 10 * 4 + 3, 15 * 4 + 3]",
        '255 0 0 255 0 255 0 255 0', 'a shadow');
    for ('<g>', '<rect', '&bad;') {
        like(run_content($type, $_, %size)->{failure}{message},
            qr/^'content' makes no SVG that can be drawn/, "$_ is no SVG");
    }
    like(run_content($type, $rect, width => 4096, height => 4096, scale => 10)
        ->{failure}{message}, qr/'content' has 40960 x 40960 pixels/,
        'too large');
}

$g->done;
done_testing();
