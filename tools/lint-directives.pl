#!/usr/bin/perl

# The README of each module has a heading "### NAME" for each directive of
# the module's command tables, and for no other.

use strict;
use warnings;

my $failed = 0;

sub read_file {
    my ($path) = @_;

    open my $fh, '<', $path or return '';
    local $/;
    return <$fh>;
}

for my $folder (sort glob 'ngx_nodetool_*') {
    next if $folder eq 'ngx_nodetool_common';

    my (%directives, %documented);
    for my $file (glob "$folder/*.c") {
        my $text = read_file($file);
        while ($text =~ /\bngx_command_t\s+\w+\[\]\s*=\s*\{(.*?)ngx_null_command/gs)
        {
            $directives{$_} = $file for $1 =~ /ngx_string\("(\w+)"\)/g;
        }
    }

    my $readme = read_file("$folder/README.md");
    $documented{$_} = 1 for $readme =~ /^### `?(\w+)`?\s*$/mg;

    for my $name (sort keys %directives) {
        next if $documented{$name};
        print "$directives{$name}: $name has no heading in $folder/README.md\n";
        $failed = 1;
    }
    for my $name (sort keys %documented) {
        next if $directives{$name};
        print "$folder/README.md: $name is no directive of the module\n";
        $failed = 1;
    }
}

exit $failed;
