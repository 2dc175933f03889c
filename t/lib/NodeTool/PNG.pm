package NodeTool::PNG;

# Small PNG images for tests, of 8 bits: (width, height, bands, [values]).
#
#   my $bytes = NodeTool::PNG::encode(2, 1, 3, [255, 0, 0, 0, 0, 255]);
#   my ($width, $height, $bands, $values) = NodeTool::PNG::decode($bytes);

use strict;
use warnings;

use Compress::Zlib qw(compress crc32 uncompress);

my $SIGNATURE = "\x89PNG\r\n\x1a\n";
my %COLOR_TYPE = (1 => 0, 2 => 4, 3 => 2, 4 => 6);

sub chunk {
    my ($type, $data) = @_;
    return pack('N', length $data) . $type . $data
        . pack('N', crc32($type . $data));
}

sub encode {
    my ($width, $height, $bands, $values) = @_;

    my $rows = join '', map {
        pack 'C*', 0, @$values[$_ * $width * $bands
            .. ($_ + 1) * $width * $bands - 1]
    } 0 .. $height - 1;
    return $SIGNATURE
        . chunk('IHDR', pack('NNCCCCC', $width, $height, 8,
            $COLOR_TYPE{$bands}, 0, 0, 0))
        . chunk('IDAT', compress($rows)) . chunk('IEND', '');
}

sub paeth {
    my ($left, $above, $corner) = @_;

    my $p = $left + $above - $corner;
    my ($l, $a, $c) = map { abs($p - $_) } $left, $above, $corner;
    return $l <= $a && $l <= $c ? $left : $a <= $c ? $above : $corner;
}

sub decode {
    my ($bytes) = @_;

    die 'no PNG' if substr($bytes, 0, 8) ne $SIGNATURE;
    my ($at, $data, %head) = (8, '');
    while ($at < length $bytes) {
        my ($len, $type) = unpack 'N a4', substr $bytes, $at, 8;
        my $body = substr $bytes, $at + 8, $len;
        $data .= $body if $type eq 'IDAT';
        @head{qw(width height depth color)} = unpack 'NNCC', $body
            if $type eq 'IHDR';
        $at += $len + 12;
    }
    die 'no 8 bits' if $head{depth} != 8;
    my %bands = reverse %COLOR_TYPE;
    my $bands = $bands{$head{color}} or die "color type $head{color}";

    my $size = $head{width} * $bands;
    my @rows = unpack "(a" . ($size + 1) . ')*', uncompress($data);
    my @above = (0) x $size;
    my @values;
    for my $row (@rows) {
        my ($filter, @row) = unpack 'C*', $row;
        for my $i (0 .. $#row) {
            my ($left, $corner) = $i < $bands ? (0, 0)
                : ($row[$i - $bands], $above[$i - $bands]);
            $row[$i] = ($row[$i] + (0, $left, $above[$i],
                int(($left + $above[$i]) / 2),
                paeth($left, $above[$i], $corner))[$filter]) & 255;
        }
        push @values, @row;
        @above = @row;
    }
    return ($head{width}, $head{height}, $bands, \@values);
}

1;
