package NodeTool::Docs;

# What pages of documentation show, run as it stands there.
#
#   NodeTool::Docs::commands($text)  # of ```console blocks: [command, output]
#   NodeTool::Docs::blocks($text, 'nginx')        # those of a language
#   NodeTool::Docs::check(@$_) for commands($text)
#
# In an output, "…" on a line of its own stands for any lines; ids and times
# may differ.

use strict;
use warnings;

use Test::More;

sub blocks {
    my ($text, $language) = @_;

    return $text =~ /^```\Q$language\E\n(.*?)^```$/msg;
}

sub commands {
    my ($text) = @_;

    return map {
        my $block = $_;
        my @commands;
        push @commands, [$1, $2]
            while $block =~ /^\$ (.*?)\n(.*?)(?=^\$ |\z)/msg;
        @commands
    } blocks($text, 'console');
}

sub check {
    my ($command, $expected) = @_;

    my $output = `$command`;
    $output .= "\n" if $output ne '' && $output !~ /\n\z/;

    my $pattern = join '', map {
        $_ eq "…\n" ? '(?:.*\n)*?' : mask($_)
    } $expected =~ /(.*\n)/g;
    like($output, qr/\A$pattern\n*\z/, $command);
    return;
}

# A line as a pattern in which ids and times are free.
sub mask {
    my ($line) = @_;

    my $pattern = quotemeta $line;
    $pattern =~ s/[0-9a-f]{32}/[0-9a-f]{32}/g;
    $pattern =~ s/(\\"created\\"\\:)\d+/$1\\d+/g;
    return $pattern;
}

1;
