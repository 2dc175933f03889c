package NodeTool::Files;

# Whole files of bytes.
#
#   spew("$dir/a", "bytes");      # dies when it cannot
#   my $bytes = slurp("$dir/a");  # undef when it cannot

use strict;
use warnings;

use Exporter qw(import);

our @EXPORT = qw(spew slurp);

sub spew {
    my ($path, $bytes) = @_;

    open my $fh, '>:raw', $path or die "$path: $!";
    print {$fh} $bytes;
    close $fh or die "$path: $!";
    return;
}

sub slurp {
    my ($path) = @_;

    open my $fh, '<:raw', $path or return undef;
    local $/;
    my $bytes = readline $fh;
    return defined $bytes ? $bytes : '';
}

1;
