#!/usr/bin/perl

# The PDF pack: lib.pymupdf.* and lib.pdfplumber.*.

use strict;
use warnings;
use utf8;

use lib 't/lib';

use Compress::Zlib qw(deflateInit Z_OK);
use File::Temp;
use MIME::Base64 qw(encode_base64);
use Test::More;

use NodeTool::Graph qw(graph node edges);
use NodeTool::PDF;

plan skip_all => 'the PDF pack is not built: its libraries are missing'
    if !-e "$NodeTool::Graph::BUILD/packs/pdf.so";

my $g = NodeTool::Graph->new;
my $dir = File::Temp->newdir('nodetool-pdf-XXXXXX', TMPDIR => 1);
mkdir "$dir/$_" or die for qw(work assets);

sub run_node {
    my ($type, $pdf, %data) = @_;

    if (!ref $pdf) {
        open my $file, '>:raw', "$dir/work/doc.pdf" or die $!;
        print {$file} $pdf;
        close $file;
        $pdf = { type => 'document', uri => 'file:///doc.pdf' };
    }
    my $r = $g->run(graph([node(n => "lib.$type", pdf => $pdf, %data),
            node(o => 'nodetool.output.Output', name => 'o')],
        'n.output>o.value'), workspace => "$dir/work",
        assets => "$dir/assets");
    return NodeTool::Graph::text($r->{errors}) if @{ $r->{errors} || [] };
    return $r->{failure}{message} // $r->{results}{o};
}

sub text { return NodeTool::PDF::text(@_) }

# --- texts -------------------------------------------------------------------

my $pdf = NodeTool::PDF->new;
$pdf->page(text(F1 => 12, 72, 700, 'First (page)')
    . text(F1 => 12, 72, 686, "its second line \xe9"));
$pdf->page(text(F2 => 20, 72, 700, 'Second')
    . "1 0 0 rg\n" . text(F3 => 10, 72, 650, 'red code'));
$pdf->page('');
$pdf->page(text(F1 => 12, 72, 700, 'left') . text(F1 => 12, 300, 700, 'right'));
my $four = $pdf->bytes;

is(run_node('pymupdf.ExtractText', $four),
    "First (page)\nits second line é\nSecond\nred code\nleft\nright\n",
    'the text of all pages');
is(run_node('pymupdf.ExtractText', $four, start_page => 1, end_page => 1),
    "Second\nred code\n", 'of one');
is(run_node('pymupdf.ExtractText', $four, start_page => 2, end_page => 2), '',
    'of none');
for my $range ([4, -1], [-1, 1], [0, 4], [0, -2]) {
    like(run_node('pymupdf.ExtractText', $four, start_page => $range->[0],
            end_page => $range->[1]), qr/must be 0 to 3/,
        "no pages @$range");
}
is(run_node('pdfplumber.ExtractText', $four),
    "First (page)\nits second line é\n\nSecond\nred code\n\n\n\nleft right",
    'the text of four pages');
is(run_node('pdfplumber.ExtractText', $four, start_page => 1, end_page => 2),
    "Second\nred code", 'of one, behind which it ends');
is(run_node('pdfplumber.ExtractText', $four, start_page => 3, end_page => -1),
    'left right', 'to the end');
is(run_node('pdfplumber.ExtractText', $four, start_page => -3, end_page => 0),
    '', 'of none');
is(run_node('pdfplumber.ExtractText', $four, start_page => 9, end_page => 20),
    '', 'of pages that are not there');
is(run_node('pdfplumber.GetPageCount', $four), 4, 'how many there are');

my $data = encode_base64($four, '');
is(run_node('pdfplumber.GetPageCount', { type => 'document',
        uri => "data:application/pdf;base64,$data" }), 4, 'of a data: URI');
is(run_node('pdfplumber.GetPageCount', { type => 'document', uri => '',
        data => $data }), 4, 'of the bytes in a ref');
like(run_node('pymupdf.ExtractText', { type => 'document', uri => '' }),
    qr/'pdf' must be a PDF document: connect one/, 'of nothing');
like(run_node('pdfplumber.GetPageCount', { type => 'document',
        uri => 'file:///none.pdf' }), qr/does not exist/, 'of no file');

my $blocks = run_node('pymupdf.ExtractTextBlocks', $four);
is_deeply([map { $_->{text} } @$blocks],
    ["First (page)\nits second line é\n", "Second\n", "red code\n", "left\n",
     "right\n"], 'blocks');
is_deeply([map { $_->{block_no} } @$blocks], [0, 0, 1, 0, 1], 'their numbers');
cmp_ok(abs($blocks->[0]{x0} - 72), '<', 1, 'their left');
cmp_ok($blocks->[0]{y0}, '<', 792 - 700, 'their top');
cmp_ok($blocks->[0]{y1}, '>', 792 - 686, 'their bottom');

my $spans = run_node('pymupdf.ExtractTextWithStyle', $four, start_page => 1,
    end_page => 1);
is_deeply([map { [@$_{qw(text font size color)}] } @$spans],
    [['Second', 'Helvetica-Bold', 20, 0], ['red code', 'Courier', 10, 0xff0000]],
    'styles');
cmp_ok(abs($spans->[1]{bbox}{x0} - 72), '<', 1, 'and places');

# --- descriptions of pages ----------------------------------------------------

$pdf = NodeTool::PDF->new;
$pdf->page('');
$pdf->page('', '/Rotate 90');
$pdf->page('', '/MediaBox [10 20 110 220] /Rotate -90');
is_deeply(run_node('pdfplumber.ExtractPageMetadata',
        $pdf->bytes('/MediaBox [0 0 300 400] /Rotate 180')),
    [{ page_number => 1, width => 300, height => 400, rotation => 180,
       bbox => [0, 0, 300, 400] },
     { page_number => 2, width => 400, height => 300, rotation => 90,
       bbox => [0, 0, 400, 300] },
     { page_number => 3, width => 200, height => 100, rotation => 270,
       bbox => [20, 10, 220, 110] }], 'pages, with what they inherit');

# --- tables ------------------------------------------------------------------

my @cells = (['Name', 'Age', 'City'], ['Ann', '31', 'Bern'],
    ['Bob', '', 'New York']);
$pdf = NodeTool::PDF->new;
my $page = text(F2 => 16, 72, 740, 'A heading')
    . NodeTool::PDF::grid([72, 172, 272, 372], [600, 630, 660, 690]);
for my $row (0 .. 2) {
    $page .= text(F1 => 10, 80 + 100 * $_, 670 - 30 * $row, $cells[$row][$_])
        for 0 .. 2;
}
$pdf->page($page . text(F1 => 10, 72, 560, 'Below the table.'));
my $rects = '';
for my $x (0 .. 1) {
    $rects .= sprintf("%d %d 100 20 re S\n", 72 + 100 * $x, 600 + 20 * $_)
        . text(F1 => 9, 75 + 100 * $x, 605 + 20 * $_, "$x-$_") for 0 .. 1;
}
$pdf->page($rects . '1 0 0 RG 400 400 m 500 500 l S 400 300 m 410 300 l S');
my $tables = $pdf->bytes;

my $found = run_node('pymupdf.ExtractTables', $tables);
is(scalar @$found, 2, 'two tables');
is_deeply($found->[0]{content}, [map { [map { $_ } @$_] } @cells],
    'one of lines');
is_deeply([@{ $found->[0] }{qw(page rows columns)}], [0, 3, 3], 'its size');
is_deeply($found->[0]{header}, { names => ['Name', 'Age', 'City'],
    external => JSON::PP::false }, 'its names');
is_deeply([map { sprintf '%.0f', $_ } @{ $found->[0]{bbox} }{qw(x0 y0 x1 y1)}],
    [72, 102, 372, 192], 'its place');
is_deeply([$found->[1]{page}, $found->[1]{content}],
    [1, [['0-1', '1-1'], ['0-0', '1-0']]], 'one of rectangles');

is(run_node('pymupdf.ExtractMarkdown', $tables, end_page => 0),
    "# A heading\n\n|Name|Age|City|\n|---|---|---|\n|Ann|31|Bern|\n"
    . "|Bob||New York|\n\nBelow the table.\n\n", 'as Markdown');

my $lines = { vertical_strategy => 'lines', horizontal_strategy => 'lines' };
my $frames = run_node('pdfplumber.ExtractTables', $tables, end_page => 1,
    table_settings => $lines);
is(scalar @$frames, 1, 'a data frame of the first page');
is_deeply([map { $_->{name} } @{ $frames->[0]{columns} }], $cells[0],
    'its columns');
is_deeply($frames->[0]{data}, [['Ann', '31', 'Bern'],
    ['Bob', undef, 'New York']], 'its rows');
my $strict = { vertical_strategy => 'lines_strict',
               horizontal_strategy => 'lines_strict' };
is_deeply(run_node('pdfplumber.ExtractTables', $tables, start_page => 1,
        table_settings => $strict), [], 'rectangles are no lines');
my $explicit = { vertical_strategy => 'explicit',
    horizontal_strategy => 'explicit', explicit_vertical_lines => [72, 172, 372],
    explicit_horizontal_lines => [102, 132, 192] };
is_deeply(run_node('pdfplumber.ExtractTables', $tables, end_page => 1,
        table_settings => $explicit)->[0]{data},
    [["Ann\nBob", "31 Bern\nNew York"]], 'lines that are given');

$pdf = NodeTool::PDF->new;
$page = '';
for my $row (0 .. 3) {
    $page .= text(F1 => 10, 80 + 100 * $_, 670 - 20 * $row, "w$row$_")
        for 0 .. 2;
}
$pdf->page($page);
is_deeply([map { @{ $_->{data} } }
        @{ run_node('pdfplumber.ExtractTables', $pdf->bytes) }],
    [map { my $row = $_; [map { "w$row$_" } 0 .. 2] } 1 .. 3],
    'a table without lines');
for my $bad ([{ vertical_strategy => 'none' }, qr/must be lines, lines_strict/],
    [{ snap_tolerance => -1 }, qr/"snap_tolerance" must be a number/],
    [{ explicit_vertical_lines => ['x'] }, qr/must be a list of numbers/],
    [{ other => 1 }, qr/no setting of pdfplumber that is known/])
{
    like(run_node('pdfplumber.ExtractTables', $tables,
            table_settings => $bad->[0]), $bad->[1], 'settings that are wrong');
}

$pdf = NodeTool::PDF->new;
$pdf->page(join '', map { my $at = 4 * $_;
    "$at 0 m $at 700 l S 0 $at m 600 $at l S\n" } 1 .. 150);
like(run_node('pymupdf.ExtractTables', $pdf->bytes),
    qr/too many lines that cross/, 'too many lines');

# --- Markdown -----------------------------------------------------------------

$pdf = NodeTool::PDF->new;
my ($y, @lines) = (740, [F2 => 24, 'Title'], [F1 => 10, 'Plain text that'],
    [F1 => 10, 'goes on.'], [F2 => 16, 'Part'], [F1 => 10, "\x95 one"],
    [F1 => 10, "\x95 two"], [F1 => 10, '1. first'], [F4 => 10, 'leaning'],
    [F3 => 10, 'code()']);
$page = '';
for my $line (@lines) {
    $y -= $line->[2] =~ /Title|Part|Plain|1\.|leaning|code/ ? 40 : 12;
    $page .= text($line->[0], $line->[1], 72, $y, $line->[2]);
}
$pdf->page($page) for 1 .. 2;
is(run_node('pymupdf.ExtractMarkdown', $pdf->bytes, end_page => 0),
    "# Title\n\nPlain text that goes on.\n\n## Part\n\n- one\n- two\n\n"
    . "1. first\n\n_leaning_\n\n`code()`\n\n", 'Markdown');
like(run_node('pymupdf.ExtractMarkdown', $pdf->bytes),
    qr/`code\(\)`\n\n-----\n\n# Title/, 'of two pages');

# --- images ------------------------------------------------------------------

$pdf = NodeTool::PDF->new;
my $image = '/Type /XObject /Subtype /Image /ColorSpace /DeviceRGB '
    . '/BitsPerComponent 8';
$pdf->xobject(I1 => $pdf->stream("\xff\0\0\0\xff\0" x 3, "$image /Width 2 "
    . '/Height 3'));
$pdf->xobject(I2 => $pdf->stream("\0\0\xff", "$image /Width 1 /Height 1"));
$pdf->page('q 100 0 0 100 72 600 cm /I1 Do Q q 10 0 0 10 72 500 cm /I2 Do Q');
$pdf->page('q 10 0 0 10 72 500 cm /I2 Do Q');
my $images = run_node('pdfplumber.ExtractImages', $pdf->bytes);
is(scalar @$images, 3, 'three images');
is($images->[1]{uri}, $images->[2]{uri}, 'two of which are the same');
my @sizes = map {
    open my $file, '<:raw', "$dir/assets/$_->{asset_id}" or die $!;
    read $file, my $head, 24;
    [substr($head, 0, 4), unpack 'N2', substr $head, 16];
} @$images[0, 1];
is_deeply(\@sizes, [["\x89PNG", 2, 3], ["\x89PNG", 1, 1]], 'PNG files');

# --- what is wrong -----------------------------------------------------------

for my $bad ('', 'no PDF at all', substr($four, 0, 300), "%PDF-1.4\n" x 1000,
    "\0" x 1000)
{
    like(run_node('pymupdf.ExtractText', $bad),
        qr/not a PDF document that can be read|must have 1 to/,
        'a file that is none');
}
for my $part (1 .. 9) {
    my $length = int(length($tables) * $part / 10);
    my $r = run_node('pymupdf.ExtractTables', substr $tables, 0, $length);
    ok(ref $r || $r =~ /PDF|page/, "a file cut at $part tenths");
    my $broken = $tables;
    substr $broken, $length, 8, 'x' x 8;
    $r = run_node('pymupdf.ExtractTables', $broken);
    ok(ref $r || $r =~ /PDF|page/, "... and damaged there");
}

# A stream of so many MiB of spaces.
sub bomb {
    my ($size) = @_;

    my ($deflate, $status) = deflateInit();
    my $packed = '';
    for (1 .. $size) {
        (my $out, $status) = $deflate->deflate(' ' x 1048576);
        $packed .= $out;
    }
    my ($out) = $deflate->flush;
    return $packed . $out;
}

my $bomb = bomb(65);
$pdf = NodeTool::PDF->new;
$pdf->page('');
push @{ $pdf->{pages} }, $pdf->object('<< /Type /Page /Parent 2 0 R /Contents '
    . $pdf->stream($bomb, '', 1) . ' >>');
my $bombs = $pdf->bytes;
cmp_ok(length $bombs, '<', 100_000, 'a small file');
like(run_node('pymupdf.ExtractText', $bombs),
    qr/a page of 'pdf' is too large/, 'that unpacks to much');
is(run_node('pymupdf.ExtractText', $bombs, end_page => 0), '',
    'of which another page can be read');

$pdf = NodeTool::PDF->new;
$pdf->xobject(F => $pdf->stream($bomb, '/Type /XObject /Subtype /Form '
    . '/BBox [0 0 9 9]', 1));
$pdf->page('/F Do');
like(run_node('pdfplumber.ExtractText', $pdf->bytes), qr/too large/,
    'a form that unpacks to much');

# The same in digits, of which the guard must see through.
sub ascii85 {
    my ($bytes) = @_;

    $bytes .= "\0" x (-length($bytes) % 4);
    my $text = '';
    for my $group (unpack 'N*', $bytes) {
        my @digits;
        unshift @digits, chr($group % 85 + 33) and $group = int($group / 85)
            for 1 .. 5;
        $text .= join '', @digits;
    }
    return "$text~>";
}
for my $how (['/ASCII85Decode', \&ascii85],
    ['/ASCIIHexDecode', sub { unpack('H*', $_[0]) . '>' }])
{
    my ($filter, $encode) = @$how;
    for my $case ([$bomb, qr/too large/], [Compress::Zlib::compress(
            text(F1 => 12, 72, 700, 'Hello')), qr/^Hello\n$/])
    {
        my $data = $encode->($case->[0]);
        $pdf = NodeTool::PDF->new;
        push @{ $pdf->{pages} }, $pdf->object('<< /Type /Page /Parent 2 0 R '
            . '/Contents ' . $pdf->object("<< /Length " . length($data)
                . " /Filter [$filter /FlateDecode] >>\nstream\n$data\n"
                . 'endstream') . ' >>');
        like(run_node('pymupdf.ExtractText', $pdf->bytes), $case->[1],
            "$filter in front of what is packed");
    }
}

$pdf = NodeTool::PDF->new;
$pdf->xobject(I => $pdf->stream('', "$image /Width 100000 /Height 100000"));
$pdf->page('/I Do');
like(run_node('pdfplumber.ExtractImages', $pdf->bytes), qr/too large/,
    'an image of many pixels');

$pdf = NodeTool::PDF->new;
my $self = '<< /XObject << /F ' . (@{ $pdf->{objects} } + 1) . ' 0 R >> >>';
$pdf->xobject(F => $pdf->stream('/F Do', '/Type /XObject /Subtype /Form '
    . "/BBox [0 0 9 9] /Resources $self"));
$pdf->page('/F Do');
like(run_node('pymupdf.ExtractText', $pdf->bytes), qr/too deeply nested/,
    'a form within itself');

$g->done;
done_testing();
