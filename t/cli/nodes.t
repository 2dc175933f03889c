#!/usr/bin/perl

# nodetool nodes: the node types that there are.

use strict;
use warnings;

use lib 't/lib';

use JSON::PP ();
use Test::More;

use NodeTool::Test;

my $nodetool = "$NodeTool::Test::BUILD/nodetool";

# Its output; its exit status is in $?.
sub nodes {
    my (@args) = @_;

    open my $fh, '-|', $nodetool, 'nodes', @args or die "nodetool: $!\n";
    my $text = do { local $/; <$fh> };
    close $fh;
    return $text // '';
}

my $list = nodes();
is($?, 0, 'lists');
like($list, qr/^nodetool\.text\.Concat +\S/m, 'types and what they do');
cmp_ok(() = $list =~ /\n/g, '>', 300, 'all of them');

$list = nodes('nodetool.control.');
is_deeply([$list =~ /^(\S+)/mg], [map { "nodetool.control.$_" }
    qw(Collect ForEach If Reroute)], 'those with a prefix');

my ($if) = @{ JSON::PP->new->decode(nodes('--json', 'nodetool.control.If')) };
is($if->{node_type}, 'nodetool.control.If', '--json');
is($if->{properties}[0]{type}{type}, 'bool', '... whole');

my $page = nodes('--markdown', 'nodetool.control.If');
like($page, qr/^\| `condition` \| bool \| false \| /m, '--markdown');
like($page, qr/^Outputs: `if_true` any, `if_false` any/m, '... its outputs');

SKIP: {
    my $lacks = join ' ', grep { !-e "$NodeTool::Test::BUILD/packs/$_.so" }
        qw(image office pdf);
    skip "packs that are not built: $lacks", 1 if $lacks;
    open my $docs, '<', "$NodeTool::Test::ROOT/docs/nodes.md" or die $!;
    ok(nodes('--markdown') eq do { local $/; <$docs> },
        'docs/nodes.md is what "make docs" makes');
}

open STDERR, '>', '/dev/null' or die;
nodes('no.such.');
is($? >> 8, 1, 'nothing found');
nodes('--what');
is($? >> 8, 2, 'wrong usage');
like(nodes('--help'), qr/^Usage: nodetool nodes/, '--help');

done_testing;
