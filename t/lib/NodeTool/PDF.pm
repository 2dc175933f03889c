package NodeTool::PDF;

# Small PDF documents for tests.
#
#   my $pdf = NodeTool::PDF->new;
#   $pdf->page('BT /F1 12 Tf 72 700 Td (text) Tj ET', '/Rotate 90');
#   my $bytes = $pdf->bytes;
#
# Fonts: F1 Helvetica, F2 Helvetica-Bold, F3 Courier, F4 Helvetica-Oblique.

use strict;
use warnings;

use Compress::Zlib qw(compress);

sub new {
    my ($class) = @_;

    # 1 is the catalog, 2 the tree of pages, both written last
    my $pdf = bless { objects => [undef, undef], pages => [], xobjects => '' },
        $class;
    my $n = 0;
    $pdf->{fonts} = join ' ', map {
        '/F' . ++$n . ' ' . $pdf->object("<< /Type /Font /Subtype /Type1 "
            . "/BaseFont /$_ /Encoding /WinAnsiEncoding >>")
    } qw(Helvetica Helvetica-Bold Courier Helvetica-Oblique);
    return $pdf;
}

# Adds an object; a reference to it.
sub object {
    my ($pdf, $text) = @_;

    push @{ $pdf->{objects} }, $text;
    return scalar(@{ $pdf->{objects} }) . ' 0 R';
}

sub stream {
    my ($pdf, $data, $dict, $packed) = @_;

    $data = compress($data) if !$packed;
    return $pdf->object("<< /Length " . length($data)
        . " /Filter /FlateDecode " . ($dict || '') . " >>\nstream\n$data"
        . "\nendstream");
}

# An image or form that all pages may draw by its name.
sub xobject {
    my ($pdf, $name, $reference) = @_;

    $pdf->{xobjects} .= "/$name $reference ";
    return;
}

sub page {
    my ($pdf, $content, $more) = @_;

    push @{ $pdf->{pages} }, $pdf->object("<< /Type /Page /Parent 2 0 R "
        . "/Contents " . $pdf->stream($content) . ' ' . ($more || '') . ' >>');
    return;
}

sub bytes {
    my ($pdf, $more) = @_;

    my @objects = @{ $pdf->{objects} };
    $objects[0] = '<< /Type /Catalog /Pages 2 0 R >>';
    $objects[1] = "<< /Type /Pages /Kids [@{ $pdf->{pages} }] /Count "
        . scalar(@{ $pdf->{pages} }) . ' /Resources << /Font << '
        . "$pdf->{fonts} >> /XObject << $pdf->{xobjects}>> >> "
        . ($more || '/MediaBox [0 0 612 792]') . ' >>';
    my ($text, $n, @places) = ("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", 0);
    for my $object (@objects) {
        push @places, length $text;
        $text .= ++$n . " 0 obj\n$object\nendobj\n";
    }
    my $start = length $text;
    $text .= "xref\n0 " . ($n + 1) . "\n0000000000 65535 f \n"
        . join('', map { sprintf "%010d 00000 n \n", $_ } @places)
        . "trailer\n<< /Size " . ($n + 1) . " /Root 1 0 R >>\n"
        . "startxref\n$start\n%%EOF\n";
    return $text;
}

# Operators: a text, the lines of a grid.
sub text {
    my ($font, $size, $x, $y, $text) = @_;

    $text =~ s/([()\\])/\\$1/g;
    return "BT /$font $size Tf $x $y Td ($text) Tj ET\n";
}

sub grid {
    my ($xs, $ys) = @_;

    return join '', (map { "$_ $ys->[0] m $_ $ys->[-1] l S\n" } @$xs),
        (map { "$xs->[0] $_ m $xs->[-1] $_ l S\n" } @$ys);
}

1;
