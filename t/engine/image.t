#!/usr/bin/perl

# The image pack: where images come from and go to, formats, what cannot be
# read, text, grids.  That pixels are as Pillow's is in t/clients/pillow.t.

use strict;
use warnings;

use lib 't/lib';

use File::Path qw(make_path);
use MIME::Base64 qw(decode_base64 encode_base64);
use Test::More;

use NodeTool::Files;
use NodeTool::Graph qw(graph node);
use NodeTool::MockOpenAI;
use NodeTool::PNG;
use NodeTool::Test;

plan skip_all => 'the image pack is not built'
    if !-e "$NodeTool::Graph::BUILD/packs/image.so";

my $t = NodeTool::Test->new;
my $dir = $t->dir;
make_path("$dir/work/sub", "$dir/assets/pics");

# 4 x 2: red, green, blue, white; black, grey, yellow, cyan
my @colors = ([255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255],
              [0, 0, 0], [128, 128, 128], [255, 255, 0], [0, 255, 255]);
my @pixels = map { @$_ } @colors;
my $png = NodeTool::PNG::encode(4, 2, 3, \@pixels);
spew("$dir/$_/a.png", $png) for qw(assets work work/sub assets/pics);
spew("$dir/work/note.txt", 'text');
spew("$dir/assets/half.png",
    NodeTool::PNG::encode(2, 1, 4, [10, 20, 30, 128, 200, 100, 50, 0]));
spew("$dir/assets/white.png",
    NodeTool::PNG::encode(120, 60, 3, [(255) x (120 * 60 * 3)]));

my ($font) = glob '/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf';
my $mock = NodeTool::MockOpenAI->start($t, 'web', sub {
    my ($c, $req) = @_;
    return $c->body(200, 'image/png', $png) if $req->{path} eq '/a.png';
    return $c->body(200, 'text/html', '<p>') if $req->{path} eq '/page';
    return $c->body(200, 'font/ttf', do { open my $fh, '<:raw', $font;
        local $/; <$fh> }) if $req->{path} eq '/mono.ttf' && $font;
    # as fonts.googleapis.com answers who is no browser
    return $c->body(200, 'text/css', "\@font-face {\n  font-family: 'Mono';\n"
        . "  src: url(http://127.0.0.1:$1/mono.ttf) format('truetype');\n}\n")
        if $req->{path} =~ /^\/css2\?family=Any%20Mono:/
        && $req->{headers}{host} =~ /:(\d+)$/;
    return $c->json(404, { error => 'none' });
});
my $url = "http://127.0.0.1:$mock->{port}";
local $ENV{NODETOOL_HTTP_ALLOW} = '127.0.0.0/8';
local $ENV{GOOGLE_FONTS_URL} = "$url/css2";

my $g = NodeTool::Graph->new(plugins => []);
my %folders = (workspace => "$dir/work", assets => "$dir/assets");

# (the value of an output, the run)
sub run_node {
    my ($type, %data) = @_;

    my $output = delete $data{-output} || 'output';
    my %node = map { $_ => delete $data{$_} } grep { /^-/ } keys %data;
    my $r = $g->run(graph([node(n => $type, %data, %node),
        node(o => 'nodetool.output.Output', name => 'o')],
        "n.$output>o.value"), %folders);
    return ($r->{results}{o}, $r);
}

sub error {
    my ($r) = (run_node(@_))[1];
    return $r->{failure}{message} || NodeTool::Graph::text($r->{errors});
}

sub asset { return { type => 'image', asset_id => $_[0], uri => '' } }

# "WIDTHxHEIGHTxBANDS: values" of an image that was made
sub pixels {
    my ($ref) = @_;

    return 'none' if !$ref || !$ref->{asset_id};
    my ($w, $h, $bands, $values) =
        NodeTool::PNG::decode(slurp("$dir/assets/$ref->{asset_id}"));
    return "${w}x${h}x$bands: @$values";
}

sub made { return pixels((run_node(@_))[0]) }

# --- where images come from -----------------------------------------------------

my $inverted = '4x2x3: ' . join ' ', map { 255 - $_ } @pixels;
my $base64 = encode_base64($png, '');
my $invert = 'lib.pillow.filter.Invert';

is(made($invert, image => $_->[1]), $inverted, $_->[0]) for
    ['an asset', asset('a.png')],
    ['a storage URI', { type => 'image', uri => '/storage/assets/a.png' }],
    ['a URI of this server',
     { type => 'image', uri => 'http://test/storage/assets/a.png' }],
    ['a data URI', { type => 'image', uri => "data:image/png;base64,$base64" }],
    ['data', { type => 'image', uri => '', data => $base64 }],
    ['a file of the workspace', { type => 'image', uri => 'file:///a.png' }],
    ['a URL', { type => 'image', uri => "$url/a.png" }];

my ($ref) = run_node($invert, image => asset('a.png'));
like($ref->{asset_id}, qr{^generated/[0-9a-f]{32}\.png$}, 'its key');
is_deeply($ref, { type => 'image', asset_id => $ref->{asset_id},
    uri => "http://test/storage/assets/$ref->{asset_id}",
    metadata => { width => 4, height => 2, mode => 'RGB', format => 'png' } },
    'its ref');
is((run_node($invert, image => asset('a.png')))[0]{asset_id},
    $ref->{asset_id}, 'the same image has the same key');

# --- what cannot be read ----------------------------------------------------------

like(error($invert), qr/^'image' must be an image: connect one$/,
    'no image');
like(error($invert, image => asset('none.png')), qr/does not exist/,
    'an asset that is not there');
like(error($invert, image => { type => 'image', uri => "$url/none" }),
    qr/404/, 'a URL that is not there');
like(error($invert, image => { type => 'image', uri => "$url/page" }),
    qr/'image' is no image that can be read/, 'a page');

my %bad = (
    'a text' => 'hello',
    'nothing' => '',
    'a PDF' => "%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n",
    'an SVG' => '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
    'a matrix of libvips' => "2 2\n1 2\n3 4\n",
    'a PPM' => "P6 1 1 255\nabc",
);
for my $what (sort keys %bad) {
    spew("$dir/assets/bad", $bad{$what});
    like(error($invert, image => asset('bad')),
        qr/^'image' is no image that can be read: it must be a JPEG, PNG,/,
        "$what is refused");
}

my %damaged = (
    'half of a PNG' => substr($png, 0, length($png) - 30),
    'a PNG of bad bytes' => $png =~ s/IDAT\K..../\xff\xff\xff\xff/sr,
    'the head of a PNG' => substr($png, 0, 33),
    'the head of a JPEG' => "\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0",
    'the head of a GIF' => "GIF89a\4\0\4\0\x80\0\0",
);
for my $what (sort keys %damaged) {
    spew("$dir/assets/bad", $damaged{$what});
    like(error($invert, image => asset('bad')), qr/^'image' is a damaged /,
        $what);
}

# a hundred bytes that say they are 1.6 billion pixels
spew("$dir/assets/huge.png", substr($png, 0, 8)
    . NodeTool::PNG::chunk('IHDR', pack 'NNCCCCC', 40000, 40000, 8, 2, 0, 0, 0)
    . NodeTool::PNG::chunk('IDAT', 'x') . NodeTool::PNG::chunk('IEND', ''));
is(error($invert, image => asset('huge.png')), "'image' has 40000 x 40000 "
    . 'pixels; at most 67 million are allowed', 'a decompression bomb');
like($g->run(graph([
        node(b => 'lib.pillow.draw.Background', width => 4000, height => 2000),
        node(s => 'nodetool.image.Scale', scale => 10)],
    'b.output>s.image'), %folders)->{failure}{message},
    qr/^the image would have 40000 x 20000 pixels; at most 67 million/,
    'a result that is too large');
like(error('nodetool.image.Scale', image => asset('a.png'), scale => 0.1),
    qr/^the image would have 0 x 0 pixels; it needs one at least$/,
    'one that is too small');

# --- numbers out of their bounds ------------------------------------------------

for (
    ['lib.pillow.enhance.Brightness', { factor => 1e300 },
     "'factor' must be -1e+06 to 1e+06, not 1e+300"],
    ['lib.pillow.enhance.RankFilter', { size => 4 },
     "'size' must be odd, so that the window has a middle"],
    ['lib.pillow.enhance.RankFilter', { size => 3, rank => 9 },
     "'rank' must be 0 to 8, not 9"],
    ['lib.pillow.color_grading.Curves',
     { black_point => 0.5, white_point => 0.5 },
     "'white_point' must be more than 'black_point'"],
    ['nodetool.image.Crop', { left => 3, right => 3, bottom => 1 },
     "'right' must be more than 'left', and 'bottom' more than 'top'"],
    ['nodetool.image.Resize', { width => 0 },
     "'width' must be 1 to 32767, not 0"],
    ['lib.grid.SliceImageGrid', { columns => 5, rows => 1 },
     'an image of 4 x 2 pixels cannot be cut into 5 x 1 tiles; at most 1024 '
     . 'are made'],
) {
    my ($type, $data, $want) = @$_;
    is(error($type, image => asset('a.png'), %$data), $want, $want);
}

# --- opacity ------------------------------------------------------------------------

is(made($invert, image => asset('half.png')),
    '2x1x4: 245 235 225 128 55 155 205 0', 'colours change, opacity stays');
is(made('lib.pillow.filter.Expand', image => asset('half.png'), border => 1,
        fill => 7),
    '4x3x4: ' . join(' ', (7, 7, 7, 255) x 5, 10, 20, 30, 128, 200, 100, 50, 0,
        (7, 7, 7, 255) x 5), 'a border is opaque');
is(made('nodetool.image.Crop', image => asset('half.png'), left => 1,
        right => 3, bottom => 1), '2x1x4: 200 100 50 0 0 0 0 0',
    'what lies outside is transparent');
is(made('nodetool.image.Paste', image => asset('a.png'),
        paste => asset('half.png'), left => 1),
    '4x2x3: ' . join(' ', 255, 0, 0, 5, 137, 15, @pixels[6 .. 23]),
    'what is pasted shows through');
is(made('nodetool.image.Paste', image => asset('a.png'),
        paste => asset('a.png'), left => 3, top => 1),
    '4x2x3: ' . join(' ', @pixels[0 .. 20], 255, 0, 0), 'and is cut off');
is(made('lib.pillow.filter.ConvertToGrayscale', image => asset('a.png')),
    '4x2x1: 76 150 29 255 0 128 226 179', 'grey has one band');

# --- formats -------------------------------------------------------------------------

my %formats = (png => 'PNG', jpg => 'JPEG', webp => 'WEBP', gif => 'GIF',
               tiff => 'TIFF');
for my $end (sort keys %formats) {
    my ($saved, $r) = run_node('nodetool.image.SaveImage',
        image => asset('white.png'), name => "x.$end",
        folder => { type => 'folder', asset_id => 'out', uri => '' });
    is($saved->{asset_id}, "out/x.$end", "saved as $end");
    my ($event) = grep { $_->{type} eq 'save_update' } @{ $r->{events} };
    is_deeply([@$event{qw(name output_type)}], ["x.$end", 'image'],
        'and said');
    my $meta = $g->run(graph([node(n => 'nodetool.image.GetMetadata',
        image => $saved), map { node($_ => 'nodetool.output.Output',
            name => $_) } qw(format mode width height channels)],
        map { "n.$_>$_.value" } qw(format mode width height channels)),
        %folders)->{results};
    my $bands = $end eq 'gif' ? 4 : 3;
    is_deeply($meta, { format => $formats{$end}, mode => substr('RGBA', 0,
        $bands), width => 120, height => 60, channels => $bands },
        "it is a $formats{$end}") or diag(explain($meta));
    like(made('nodetool.image.Resize', image => $saved, width => 1,
        height => 1), qr/^1x1x$bands: (?:25[45] ?){$bands}$/,
        'and can be read');
}
is(slurp("$dir/assets/out/x.png"), slurp("$dir/assets/white.png"),
    'what has the format already is saved as it is');
like(error('nodetool.image.SaveImage', image => asset('a.png'),
    name => 'x.doc'), qr/the name "x.doc" must end with \.png, \.jpg,/,
    'a format that there is not');

# --- files ----------------------------------------------------------------------------

my %file = (image => asset('a.png'), folder => '/', filename => 'new.png');
($ref) = run_node('nodetool.image.SaveImageFile', %file);
is($ref->{uri}, 'file:///new.png', 'a file of the workspace');
is(slurp("$dir/work/new.png"), $png, 'its bytes');
($ref) = run_node('nodetool.image.SaveImageFile', %file);
is($ref->{uri}, 'file:///new_1.png', 'the next free name');
($ref) = run_node('nodetool.image.SaveImageFile', %file, overwrite => JSON::PP::true);
is($ref->{uri}, 'file:///new.png', 'or the same');
($ref) = run_node('nodetool.image.SaveImageFile', %file,
    filename => 'new.webp', folder => 'made/here');
is(substr(slurp("$dir/work/made/here/new.webp"), 8, 4), 'WEBP', 'converted');
like(error('nodetool.image.SaveImageFile', %file, folder => '../up'),
    qr/leads out/, 'not beyond the workspace');
like(error('nodetool.image.SaveImageFile', %file, folder => ''),
    qr/'folder' must not be empty/, 'a folder must be said');

($ref) = run_node('nodetool.image.LoadImageFile', path => 'sub/a.png');
is_deeply($ref, { type => 'image', uri => 'file:///sub/a.png',
    asset_id => undef, data => undef, metadata => undef }, 'LoadImageFile');
is(made($invert, image => $ref), $inverted, 'other nodes can use it');
like(error('nodetool.image.LoadImageFile', path => 'none.png'),
    qr/none\.png.* does not exist/, 'a file that is not there');
like(error('nodetool.image.LoadImageFile', path => 'sub'), qr/is no file/,
    'a folder');

sub collected {
    my ($type, $output, %data) = @_;

    my $r = $g->run(graph([node(n => $type, %data),
        node(c => 'nodetool.control.Collect'),
        node(o => 'nodetool.output.Output', name => 'o')],
        "n.$output>c.input_item", 'c.output>o.value'), %folders);
    return $r->{failure}{message} // $r->{results}{o};
}

my $folder = 'nodetool.image.LoadImageFolder';
is_deeply(collected($folder, 'path', folder => '/'),
    ['/a.png', '/new.png', '/new_1.png'], 'the images of a folder');
is_deeply(collected($folder, 'path', folder => '/',
    include_subdirectories => JSON::PP::true, pattern => '*/a.*'),
    ['/a.png', '/sub/a.png'], 'and of those in it');
is_deeply([map { $_->{uri} } @{ collected($folder, 'image', folder => 'sub') }],
    ['file:///sub/a.png'], 'as refs');
is_deeply(collected($folder, 'path', folder => '/', extensions => ['.TXT']),
    ['/note.txt'], 'by their extensions');

my %assets = (folder => { type => 'folder', asset_id => 'pics', uri => '' });
is_deeply(collected('nodetool.image.LoadImageAssets', 'name', %assets),
    ['a.png'], 'the images of a folder of assets');
is_deeply([map { $_->{asset_id} } @{ collected(
    'nodetool.image.LoadImageAssets', 'image', %assets) }], ['pics/a.png'],
    'as refs');
like(collected('nodetool.image.LoadImageAssets', 'name'),
    qr/'folder' must be a folder of the assets/, 'which must be said');

# --- lists -----------------------------------------------------------------------------

is_deeply([map { $_->{data} } @{ (run_node('nodetool.image.BatchToList',
    batch => { type => 'image', uri => '', data => ['YQ==', 'Yg=='] }))[0] }],
    ['YQ==', 'Yg=='], 'BatchToList');
like(error('nodetool.image.BatchToList', batch => asset('a.png')),
    qr/'batch' is no batch of images/, 'of no batch');
is_deeply([map { $_->{asset_id} } @{ (run_node('nodetool.image.ImagesToList',
    -dynamic_properties => { x => asset('a'), y => asset('b') }))[0] }],
    ['a', 'b'], 'ImagesToList');

# --- grids -----------------------------------------------------------------------------

my ($tiles) = run_node('lib.grid.SliceImageGrid', image => asset('a.png'),
    columns => 3, rows => 2);
is_deeply([map { pixels($_) =~ s/:.*//r } @$tiles],
    [qw(1x1x3 1x1x3 2x1x3) x 2], 'the last tiles take what is left');
is(pixels($tiles->[5]), '2x1x3: 255 255 0 0 255 255', 'the last tile');
($tiles) = run_node('lib.grid.SliceImageGrid', image => asset('a.png'),
    rows => 2);
is(scalar @$tiles, 8, 'columns that keep tiles square');
is(made('lib.grid.CombineImageGrid', tiles => $tiles, columns => 4),
    '4x2x4: ' . join(' ', map { @$_, 255 } @colors), 'together again');
is(made('lib.grid.CombineImageGrid', tiles => [@$tiles[0 .. 2]]) =~ s/:.*//r,
    '1x3x4', 'columns that nobody says');
is(error('lib.grid.CombineImageGrid'),
    "'tiles' must be 1 to 1024 images, not 0", 'no tiles');

# --- arrays ----------------------------------------------------------------------------

my ($array) = run_node('lib.numpy.conversion.ConvertToArray',
    image => asset('a.png'));
is_deeply([$array->{dtype}, @{ $array->{shape} }], ['<f8', 2, 4, 3],
    'an array of an image');
is_deeply([unpack 'd<*', decode_base64($array->{value})],
    [map { $_ / 255 } @pixels], 'its values');
my $to_image = 'lib.numpy.conversion.ConvertToImage';
is(made($to_image, values => $array), "4x2x3: @pixels", 'and back');

sub array_of {
    my ($dtype, $format, $shape, @values) = @_;
    return { type => 'np_array', dtype => $dtype, shape => $shape,
             value => encode_base64(pack("$format*", @values), '') };
}
is(made($to_image, values => array_of('<i8', 'q<', [1, 3], 0, 1, -5)),
    '3x1x1: 0 255 0', 'of whole numbers');
is(made($to_image, values => array_of('<f4', 'f<', [1, 1, 4], 0.5, 2, 'nan',
    -1)), '1x1x4: 127 255 0 0', 'of any numbers');
for my $shape ([4], [1, 2, 2], [1, 1, 1, 4]) {
    like(error($to_image, values => array_of('<f4', 'f<', $shape, (0) x 4)),
        qr/^'values' must have the shape \(height, width\), or/,
        "not of @$shape");
}

# --- drawing ---------------------------------------------------------------------------

sub background {
    my ($color) = @_;
    return ('lib.pillow.draw.Background', width => 1, height => 1,
        color => { type => 'color', value => $color });
}

my %want = ('#ff8000' => '255 128 0', '#f80' => '255 136 0',
    '#ff800080' => '255 128 0 128', 'Green' => '0 128 0',
    'rgb(1, 2,3)' => '1 2 3', 'rgb(100%,0%,50%)' => '255 0 128',
    'rgba(1,2,3,0.5)' => '1 2 3 128', 'hsl(120, 100%, 50%)' => '0 255 0',
    'hsl(-60,50%,25%)' => '96 32 96', 'hsl(0,0%,100%)' => '255 255 255');
for my $color (sort keys %want) {
    like(made(background($color)), qr/^1x1x[34]: $want{$color}$/, $color);
}
like(error(background($_)), qr/^'color': "\Q$_\E" is no colour; write it as /,
    "'$_' is none") for '#12', 'nocolor', 'rgb(1,2)', 'rgb(1,2,3,4)',
    'rgb(1,2,nan)', '#gggggg', 'hsl(1,2,3';
like(error(background(undef)), qr/^'color' is no colour/, 'no colour');

is(made('lib.pillow.draw.GaussianNoise', mean => 0.5, stddev => 0, width => 2,
        height => 1), '2x1x3: ' . join(' ', (127) x 6), 'noise of one value');
my $noise = made('lib.pillow.draw.GaussianNoise', mean => 0.5, stddev => 0.1,
    width => 100, height => 100);
my ($sum, $squares, $n) = (0, 0, 0);
for my $value (split ' ', $noise =~ s/.*: //r) {
    $sum += $value;
    $squares += $value ** 2;
    $n++;
}
my $mean = $sum / $n;
my $deviation = sqrt($squares / $n - $mean ** 2);
cmp_ok(abs($mean - 127), '<', 1, "noise has its mean ($mean)");
cmp_ok(abs($deviation - 25.5), '<', 1, "and its deviation ($deviation)");
isnt(made('lib.pillow.draw.GaussianNoise', mean => 0.5, stddev => 0.1,
    width => 100, height => 100), $noise, 'never the same');

# --- text ------------------------------------------------------------------------------

# The box of what is dark, from the row -from on: left, top, right, bottom,
# and how many pixels.
sub ink {
    my (%data) = @_;

    my $from = delete $data{-from} || 0;
    my ($ref, $r) = run_node('lib.pillow.draw.RenderText',
        image => asset('white.png'), size => 20, %data);
    return $r->{failure}{message} if !$ref;
    my ($w, $h, $bands, $values) =
        NodeTool::PNG::decode(slurp("$dir/assets/$ref->{asset_id}"));
    my ($left, $top, $right, $bottom, $n) = ($w, $h, -1, -1, 0);
    for my $i (grep { $values->[$_ * $bands + 1] < 128 } $from * $w .. $w * $h - 1) {
        my ($x, $y) = ($i % $w, int($i / $w));
        $left = $x if $x < $left;
        $right = $x if $x > $right;
        $top = $y if $y < $top;
        $bottom = $y if $y > $bottom;
        $n++;
    }
    return { left => $left, top => $top, right => $right, bottom => $bottom,
             n => $n, width => $right - $left + 1, r => $r };
}

my $box = ink(text => 'HxH', x => 10, y => 5);
cmp_ok($box->{n}, '>', 40, 'text is drawn');
cmp_ok(abs($box->{left} - 12), '<=', 1, 'where x says');
cmp_ok(abs($box->{top} - 9), '<=', 1, 'where y says');
cmp_ok(abs($box->{bottom} - 23), '<=', 1, 'above the baseline');
is(ink(text => '')->{n}, 0, 'no text');
is(ink(text => 'x', x => 5000)->{n}, 0, 'text outside');
cmp_ok(ink(text => 'HHH', x => -10)->{n}, '>', 20, 'text half outside');
cmp_ok(ink(text => "H\nH")->{bottom} - ink(text => 'H')->{bottom}, '>', 20,
    'lines');
my ($left, $center, $right) = map { ink(text => "HHHH\n.", align => $_,
    -from => 25)->{left} } qw(left center right);
cmp_ok($left, '<', 5, 'a line on the left');
cmp_ok(abs($right - $left - 2 * ($center - $left)), '<=', 1, 'in the middle');
cmp_ok($right, '>', 50, 'on the right');
my $bold = { type => 'font', name => 'DejaVuSans-Bold' };
cmp_ok(ink(text => 'HHH', font => $bold)->{n}, '>',
    ink(text => 'HHH')->{n} * 1.2, 'a bold font by its file');
cmp_ok(ink(text => 'HHH', font => { type => 'font', name => 'DejaVu Sans',
    weight => 'bold' })->{n}, '==', ink(text => 'HHH', font => $bold)->{n},
    'and by family and weight');

$box = ink(text => 'HHH', font => { type => 'font', name => 'No Such Font' });
cmp_ok($box->{n}, '>', 40, 'a font that is not there is replaced');
like((map { $_->{content} } grep { $_->{type} eq 'log_update' }
    @{ $box->{r}{events} })[0], qr/font "No Such Font" is not installed/,
    'which is logged');
is(ink(text => 'x', font => { type => 'font', name => 'Arial',
    weight => 'fat' }), q('font' has the weight "fat"; it must be one as )
    . 'regular, bold, italic or 300', 'a weight that there is not');
like(ink(text => 'x', font => { type => 'font', source => 'disk' }),
    qr/^'font' has the source "disk"; it must be system, google_fonts or url$/,
    'a source that there is not');
like(ink(text => 'x', font => { type => 'font', source => 'url',
    url => "$url/page" }), qr/^'font' is no TrueType or OpenType file/,
    'a page is no font');
like(ink(text => 'x' x 100_001), qr/^'text' is too long/, 'a text too long');
SKIP: {
    skip 'DejaVu Sans Mono is not installed', 4 if !$font;
    my $mono = ink(text => 'iiii', font => { type => 'font', source => 'url',
        url => "$url/mono.ttf", name => 'any' });
    my $sans = ink(text => 'iiii');
    cmp_ok($mono->{width}, '>', $sans->{width} * 1.5, 'a font of a URL')
        or diag(explain($mono));
    is(ink(text => 'iiii', font => { type => 'font', weight => '700italic',
        source => 'google_fonts', name => 'Any Mono' })->{width},
        $mono->{width}, 'a font of Google Fonts');
    is((grep { m{^/css2} } map { $_->{path} } $mock->requests)[0],
        '/css2?family=Any%20Mono:ital,wght@1,700', 'what was asked for');
    like(ink(text => 'x', font => { type => 'font', name => 'None',
        source => 'google_fonts' }), qr/the font cannot be had: status 404/,
        'one that Google does not have');
}

# --- the job ends -------------------------------------------------------------------

my $r = $g->run(graph([
    node(b => 'lib.pillow.draw.Background', width => 4000, height => 4000),
    node(n => 'lib.pillow.enhance.RankFilter', size => 501, rank => 500),
    node(o => 'nodetool.output.Output', name => 'o')],
    'b.output>n.image', 'n.output>o.value'), %folders, cancel_ms => 300);
is($r->{status}, 'cancelled', 'work on pixels stops when the job does')
    or diag(explain($r->{failure}));

$g->done;
$t->done;
