#!/usr/bin/perl

# The README's console blocks: each command is run against a worker as it
# stands there, and answers what stands under it ("…" on a line stands for
# any lines; ids and times may differ).

use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use NodeTool::Test;
use NodeTool::Worker;
use Test::More;

my $t = NodeTool::Test->new;
my $worker = start_server($t, 'worker', home => $t->dir . '/home',
    host => '0.0.0.0', env => { AUTH_PROVIDER => 'static' });

my $readme = $t->read_file("$NodeTool::Test::ROOT/README.md");
my @commands;
while ($readme =~ /^```console\n(.*?)^```$/msg) {
    my $block = $1;
    push @commands, [$1, $2]
        while $block =~ /^\$ (.*?)\n(.*?)(?=^\$ |\z)/msg;
}
cmp_ok(scalar @commands, '>', 5, 'the README has commands');

$ENV{URL} = "http://127.0.0.1:$worker->{port}";
($ENV{TOKEN} = $t->read_file('home/token')) =~ s/\s+\z//;

for (@commands) {
    my ($command, $expected) = @$_;
    my $output = `$command`;
    $output .= "\n" if $output ne '' && $output !~ /\n\z/;

    my $pattern = join '', map {
        $_ eq "…\n" ? '(?:.*\n)*?' : mask($_)
    } $expected =~ /(.*\n)/g;
    like($output, qr/\A$pattern\n*\z/, $command);
}

$t->stop($worker);
$t->done;

# A line as a pattern in which ids and times are free.
sub mask {
    my ($line) = @_;

    my $pattern = quotemeta $line;
    $pattern =~ s/[0-9a-f]{32}/[0-9a-f]{32}/g;
    $pattern =~ s/(\\"created\\"\\:)\d+/$1\\d+/g;
    return $pattern;
}
