#!/usr/bin/perl

# Workflows that NodeTool ships as examples; skipped where they are not at
# hand. All of them compile or are refused for the reasons that hold; those
# whose node types are all here run.

use strict;
use warnings;

use lib 't/lib';

use JSON::PP;
use Test::More;

use NodeTool::Graph;

my $folder = "$NodeTool::Graph::ROOT/../shared/examples";
plan skip_all => 'no example workflows here' if !-d $folder;

my $json = JSON::PP->new->utf8->canonical;

sub example {
    my ($name) = @_;
    open my $fh, '<', "$folder/$name.json" or die "$name: $!";
    local $/;
    return $json->decode(readline $fh);
}

my $g = NodeTool::Graph->new;

# --- one that runs -----------------------------------------------------------

my $logic = example('Conditional Logic Engine');

my $low = "\x{1F535} LOW VALUE: %s is less than 50. Standard processing "
    . 'applied.';
my $medium = "\x{1F7E1} MEDIUM VALUE: %s is between 50 and 100. Balanced "
    . 'processing selected.';

for my $case ([75, 'False', 'False', 'False', 'MEDIUM_VALUE', $medium],
              [20, 'False', 'True', 'True', 'EXTREME_VALUE', $low],
              [100, 'False', 'False', 'False', 'MEDIUM_VALUE', $medium]) {
    my ($value, $gt, $lt, $or, $route, $path) = @$case;
    my $r = $g->run($logic->{graph}, params => { value => $value });
    is_deeply($r->{errors}, [], "the logic engine compiles");
    is($r->{status}, 'completed', "it completes with $value")
        or diag(explain($r->{failure}));
    my $text = $r->{results}{decision_result} || '';
    $path = sprintf $path, $value;
    like($text, qr/^\*\*Input Value:\*\* $value$/m, "$value: the value");
    like($text, qr/^- Greater than 100\? $gt$/m, "$value: greater than 100");
    like($text, qr/^- Less than 50\? $lt$/m, "$value: less than 50");
    like($text, qr/^- Combined \(OR\): $or$/m, "$value: combined");
    like($text, qr/^- Route Decision: $route$/m, "$value: route");
    like($text, qr/^\Q$path\E$/m, "$value: path");
    is(scalar(grep { $_->{type} eq 'output_update' } @{ $r->{events} }), 1,
        "$value: one result");
    is(scalar(grep { $_->{type} eq 'node_update'
                     && $_->{status} eq 'completed' } @{ $r->{events} }), 12, "$value: each node has run once");
}
like($g->run($logic->{graph}, params => { value => 101 })->{params_error},
    qr/^Parameter "value" expects int from 0 to 100, got 101 \(int\)$/,
    'its bounds are kept');
is($g->run($logic->{graph})->{status}, 'completed', 'it has a default');

# --- the others --------------------------------------------------------------

for my $path (sort glob "\Q$folder\E/*.json") {
    my ($name) = $path =~ m{([^/]+)\.json$};
    my $graph = example($name)->{graph};
    my $r = $g->run($graph, cancel => 0);

    # Nothing that an example has may be found wrong but that this server has
    # no such node.
    my @other = grep { !/is not available on this server$/ }
        map { $_->{message} } @{ $r->{errors} };
    is_deeply(\@other, [], $name);
}

$g->done;
done_testing();
