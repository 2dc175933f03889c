#!/usr/bin/perl

# The office pack: files, and what is wrong with them; what is in documents is
# compared in t/clients/office.t.

use strict;
use warnings;
use utf8;

use lib 't/lib';

use File::Temp;
use IO::Compress::Zip qw($ZipError);
use MIME::Base64 qw(decode_base64 encode_base64);
use Test::More;

use NodeTool::Graph qw(graph node edges);

plan skip_all => 'the office pack is not built: its libraries are missing'
    if !-e "$NodeTool::Graph::BUILD/packs/office.so";

my $g = NodeTool::Graph->new;
my $dir = File::Temp->newdir('nodetool-office-XXXXXX', TMPDIR => 1);
mkdir "$dir/work" or die $!;

# Nodes [type, input of the one before, data ...] one behind the other; the
# last output, or the error.
sub chain {
    my ($output, @steps) = @_;

    my ($i, @nodes, @edges) = 0;
    for my $step (@steps) {
        my ($type, $input, %data) = @$step;
        push @nodes, node("n$i", "lib.$type", %data);
        push @edges, sprintf 'n%d.output>n%d.%s', $i - 1, $i, $input if $i > 0;
        $i++;
    }
    if ($output) {
        push @nodes, node(o => 'nodetool.output.Output', name => 'o');
        push @edges, sprintf 'n%d.output>o.value', $i - 1;
    }
    my $r = $g->run(graph(\@nodes, @edges), workspace => "$dir/work");
    return NodeTool::Graph::text($r->{errors}) if @{ $r->{errors} || [] };
    return $r->{failure}{message} // $r->{results}{o};
}

sub one { my ($type, %data) = @_; return chain(1, [$type, undef, %data]) }

# A ref to a ZIP archive of (name, text ...).
sub package_of {
    my ($type, @parts) = @_;

    my ($bytes, $archive) = '';
    while (my ($name, $text) = splice @parts, 0, 2) {
        if ($archive) {
            $archive->newStream(Name => $name);
        } else {
            $archive = IO::Compress::Zip->new(\$bytes, Name => $name)
                or die $ZipError;
        }
        $archive->print($text);
    }
    $archive->close;
    return ref_of($type, $bytes);
}

sub ref_of {
    my ($type, $bytes) = @_;

    return { type => $type, uri => 'data:application/octet-stream;base64,'
        . encode_base64($bytes, '') };
}

sub bytes_of {
    my ($ref) = @_;

    return decode_base64($ref->{uri} =~ s/^[^,]*,//r);
}

sub read_file {
    open my $file, '<:raw', $_[0] or return "no $_[0]";
    local $/;
    return scalar readline $file;
}

my $frame = { type => 'dataframe', data => [[1, 'x'], [2, undef]],
    columns => [map { { name => $_, data_type => 'object' } } qw(a b)] };
my $book = one('excel.CreateWorkbook');
my $word = one('docx.CreateDocument');

# --- files -------------------------------------------------------------------

is(one('excel.CreateWorkbook')->{uri}, $book->{uri},
    'a new workbook is always the same');
my $written = chain(1, ['excel.DataFrameToExcel', undef, workbook => $book,
        dataframe => $frame], ['excel.ExcelToDataFrame', 'workbook']);
is_deeply($written->{data}, $frame->{data}, 'what is written is read');
is_deeply([map { "$_->{name} $_->{data_type}" } @{ $written->{columns} }],
    ['a int', 'b object'], 'with its columns');

is(chain(0, ['excel.SaveWorkbook', undef, workbook => $book, filename =>
            'b%%.xlsx', folder => { type => 'file_path', path => '/sub' }]),
    undef, 'a workbook is saved');
is(read_file("$dir/work/sub/b%.xlsx"), bytes_of($book), 'into a file');
is(one('excel.ExcelToDataFrame', workbook => { type => 'excel',
            uri => 'file:///sub/b%25.xlsx' })->{data}[0], undef,
    'which can be read');
is(chain(0, ['docx.SaveDocument', undef, document => $word, filename =>
            'w.docx', path => { type => 'file_path', path => '/' }]), undef,
    'a document is saved');
my $loaded = one('docx.LoadWordDocument', path => 'w.docx');
is($loaded->{uri}, 'file:///w.docx', 'and loaded');
like(one('docx.AddParagraph', document => $loaded, text => 'x')->{uri},
    qr/^data:application.vnd.openxml.*wordprocessingml/, 'and added to');
is(read_file("$dir/work/w.docx"), bytes_of($word), 'the file stays as it is');

for my $bad (['excel.SaveWorkbook', qr/'folder' must be a folder/,
        workbook => $book, filename => 'x'],
    ['excel.SaveWorkbook', qr/'filename' must not be empty/, workbook => $book,
        folder => { type => 'file_path', path => '/' }],
    ['excel.SaveWorkbook', qr/leads out of the folder/, workbook => $book,
        filename => 'x', folder => { type => 'file_path', path => '../..' }],
    ['docx.SaveDocument', qr/'document' must be a Word document: connect one/,
        filename => 'x', path => { type => 'file_path', path => '/' }])
{
    my ($type, $error, %data) = @$bad;
    like(chain(0, [$type, undef, %data]), $error, "$type fails");
}
like(one('docx.LoadWordDocument', path => 'none.docx'), qr/does not exist/,
    'no file');
like(one('docx.LoadWordDocument', path => 'sub/b%.xlsx'),
    qr/'path' is not a Word document/, 'a workbook is no document');

# --- properties ---------------------------------------------------------------

for my $name ('', 'x' x 32, 'a:b', "'a", 'a/b', '[a]') {
    like(one('excel.CreateWorkbook', sheet_name => $name),
        qr/'sheet_name' must have 1 to 31 characters/, 'no name for a sheet');
}
like(one('excel.ExcelToDataFrame', workbook => $book, sheet_name => 'x'),
    qr/'workbook' has no sheet "x"/, 'no such sheet');
for my $cell ('', 'A', '1', 'A0', '1A', 'A1:B2', 'XFE1', 'A1048577') {
    like(one('excel.DataFrameToExcel', workbook => $book, dataframe => $frame,
            start_cell => $cell), qr/'start_cell' must/, "no cell: $cell");
}
like(one('excel.DataFrameToExcel', workbook => $book, dataframe => $frame,
        start_cell => 'XFD1'), qr/does not fit on a sheet/, 'no room');
for my $range ('', 'A', 'B2:A1', 'A1:', 'A1:B2:C3', 'A1 B2') {
    like(one('excel.FormatCells', workbook => $book, cell_range => $range),
        qr/'cell_range' must/, "no range: $range");
}
like(one('excel.FormatCells', workbook => $book, cell_range => 'A1:XFD1048576'),
    qr/not have more than 500000 cells/, 'too many cells');
for my $color ('red', 'FFF', '1234567', 'GGGGGG') {
    like(one('excel.FormatCells', workbook => $book, text_color => $color),
        qr/'text_color' must be a colour/, "no colour: $color");
}
like(one('docx.AddHeading', document => $word, text => 'x', level => 10),
    qr/takes numbers from 1 to 9/, 'no level');
like(one('docx.AddParagraph', document => $word, font_size => 2000),
    qr/'font_size' must be 0 to 1638/, 'no size');
like(one('docx.AddTable', document => $word, data => { %$frame, data => [] }),
    qr/'data' must have 1 to/, 'no table');
like(one('docx.AddImage', document => $word), qr/'image' must be an image/,
    'no image');
my $gif = "GIF89a" . pack('v2', 10, 20) . "\0\0\0";
for my $image ('', 'RIFF0000WEBP', "\x89PNG\r\n\x1a\n", "\xff\xd8\xff\xe0",
    "\xff\xd8" . "\xff" x 100, "GIF89a" . "\0" x 20)
{
    like(one('docx.AddImage', document => $word,
            image => ref_of(image => $image)),
        qr/must be PNG, JPEG, GIF or BMP/, 'an image that is none of these');
}
ok(ref one('docx.AddImage', document => $word, image => ref_of(image => $gif)),
    'a GIF');
ok(ref one('docx.AddImage', document => $word, image => ref_of(image =>
            "\xff\xd8\xff\xfe\0\6abcd\xff\xc2\0\x0b\x08" . pack('n2', 30, 40)
            . "\1\1\x11\0")), 'a JPEG');
like(one('docx.AddImage', document => $word, image => ref_of(image => $gif),
        width => 100), qr/must be 0 to 22 inches/, 'too wide');

# --- damaged files -------------------------------------------------------------

my $relations = 'http://schemas.openxmlformats.org/';
my $types = "<Types xmlns='$relations/package/2006/content-types'/>";
my $rels = "<Relationships xmlns='$relations/package/2006/relationships'>"
    . "<Relationship Id='r' Type='$relations/officeDocument/2006/relationships/"
    . "%s' Target='%s'/></Relationships>";
my $main = sprintf $rels, 'officeDocument', 'xl/workbook.xml';
my $sheet = sprintf $rels, 'worksheet', 'sheet.xml';
my $workbook = '<workbook xmlns:r="r"><sheets><sheet name="Sheet1" r:id="r"/>'
    . '</sheets></workbook>';

sub read_book {
    my ($text, @more) = @_;

    return one('excel.ExcelToDataFrame', has_header => JSON::PP::false,
        workbook => package_of('excel', '[Content_Types].xml' => $types,
            '_rels/.rels' => $main, 'xl/workbook.xml' => $workbook,
            'xl/_rels/workbook.xml.rels' => $sheet, 'xl/sheet.xml' => $text,
            @more));
}

is_deeply(read_book('<worksheet><sheetData><row><c><v>1</v></c><c t="str">'
        . '<v>x</v></c></row><row r="3"><c r="B3" t="inlineStr"><is><r><t>a'
        . '</t></r><r><t>b</t></r></is></c></row></sheetData></worksheet>')
        ->{data}, [[1, 'x'], [undef, undef], [undef, 'ab']],
    'places of cells may be left out');
for my $bad (['<worksheet/>', qr/cells are damaged/],
    ['<worksheet><sheetData><row r="0"/></sheetData></worksheet>',
        qr/cells are damaged/],
    ['<worksheet><sheetData><row r="2"><c r="A1"/></row></sheetData>'
        . '</worksheet>', qr/cells are damaged/],
    ['<worksheet><sheetData><row r="9999999"/></sheetData></worksheet>',
        qr/cells are damaged/],
    ['<worksheet><sheetData><row r="1048576"><c r="XFD1048576"><v>1</v></c>'
        . '</row></sheetData></worksheet>', qr/at most 500000 cells/],
    ['<worksheet><sheetData>', qr/a damaged part: xl.sheet.xml/],
    ['', qr/a damaged part/])
{
    like(read_book($bad->[0]), $bad->[1], 'a sheet that is wrong');
}
my $lol = '<!DOCTYPE w [<!ENTITY a "' . 'x' x 1000 . '">'
    . join('', map { my $n = chr(ord('a') + $_); my $l = chr(ord($n) - 1);
        "<!ENTITY $n \"" . "&$l;" x 10 . '">' } 1 .. 9) . ']>';
like(read_book("$lol<worksheet><sheetData><row><c t='str'><v>&j;</v></c></row>"
        . '</sheetData></worksheet>'), qr/a damaged part/, 'many laughs');

like(one('excel.ExcelToDataFrame', workbook => package_of('excel',
            '[Content_Types].xml' => $types)), qr/is not an Excel workbook/,
    'a package without a workbook');
like(one('excel.ExcelToDataFrame', workbook => package_of('excel',
            '_rels/.rels' => $main)), qr/lacks a part of it: xl.workbook.xml/,
    'one that lacks it');
like(one('excel.ExcelToDataFrame', workbook => $word),
    qr/expects|is not an Excel workbook/, 'a document is no workbook');
like(one('excel.AutoFitColumns', workbook => ref_of(excel => $_)),
    qr/not a document of Office Open XML|not an Excel/, 'what is no package')
    for '', 'x' x 100, "PK\3\4" . "\0" x 100, substr(bytes_of($book), 0, 500);
for my $part (1 .. 20) {
    my $bytes = bytes_of($book);
    substr $bytes, int(length($bytes) * $part / 21), 4, 'x' x 4;
    my $r = one('excel.ExcelToDataFrame', workbook => ref_of(excel => $bytes));
    ok(ref $r || $r =~ /'workbook'/, "damaged at $part of 21");
}

# --- bombs ---------------------------------------------------------------------

my $big = ' ' x (65 * 1024 * 1024);
my $bomb = package_of('excel', 'x.xml' => $big);
cmp_ok(length $bomb->{uri}, '<', 200_000, 'a small archive');
like(one('excel.AutoFitColumns', workbook => $bomb), qr/'workbook' is too large/,
    'with a large part');
substr $big, 60 * 1024 * 1024, length $big, '';
like(one('excel.AutoFitColumns', workbook => package_of('excel',
            map { ("$_.xml" => $big) } 1 .. 5)), qr/'workbook' is too large/,
    'with many');
substr $big, 33 * 1024 * 1024, length $big, '';
like(read_book($big), qr/has a part of more than 32 MiB/,
    'with a large sheet');
like(read_book('<a>' x 100_000), qr/a damaged part/, 'deeply nested');
my $lie = bytes_of(package_of('excel', 'x.xml' => 'x' x 1000));
$lie =~ s/\xe8\x03\0\0/\xff\xff\xff\x7f/g;
like(one('excel.AutoFitColumns', workbook => ref_of(excel => $lie)),
    qr/is too large|not a document/, 'one that says that it is large');

$g->done;
done_testing();
