#!/usr/bin/perl

# vector.faiss.*: indexes as values, beside a search by hand.

use strict;
use warnings;

use lib 't/lib';

use MIME::Base64 qw(encode_base64);
use Test::More;

use NodeTool::Graph qw(graph node edges);
use NodeTool::NodeTable qw(run_table);

my $g = NodeTool::Graph->new;
my $DIM = 19; # no multiple of what is summed at once

srand 11;
my @vectors = map { [map { int(rand 200) / 8 - 12 } 1 .. $DIM] } 1 .. 300;
my @queries = map { [map { int(rand 200) / 8 - 12 } 1 .. $DIM] } 1 .. 5;

sub array {
    my ($dtype, $pack, $shape, @values) = @_;

    return { type => 'np_array', dtype => $dtype, shape => $shape,
             value => encode_base64(pack("$pack*", @values), '') };
}

sub rows {
    my @rows = @_;

    return array('<f4', 'f<', [scalar @rows, scalar @{ $rows[0] }],
        map { @$_ } @rows);
}

sub distance {
    my ($metric, $a, $b) = @_;

    my $sum = 0;
    for my $d (0 .. $#$a) {
        $sum += $metric eq 'L2' ? ($a->[$d] - $b->[$d]) ** 2
            : $a->[$d] * $b->[$d];
    }
    return $sum;
}

# (ids, distances) of the nearest, by hand.
sub nearest {
    my ($metric, $query, $k, $ids) = @_;

    my @all = map { [$ids->[$_], distance($metric, $query, $vectors[$_])] }
        0 .. $#vectors;
    my $sign = $metric eq 'L2' ? 1 : -1;
    @all = sort { $sign * ($a->[1] <=> $b->[1]) || $a->[0] <=> $b->[0] } @all;
    return ([map { $_->[0] } @all[0 .. $k - 1]],
        [map { $_->[1] } @all[0 .. $k - 1]]);
}

# Chains the nodes by their index; the results of the search at its end.
sub search {
    my ($k, $nprobe, @chain) = @_;

    my ($i, @nodes, @edges) = 0;
    for my $step (@chain, ['Search', query => rows(@queries), k => $k,
                           nprobe => $nprobe])
    {
        my ($type, %data) = @$step;
        push @nodes, node("n$i", "vector.faiss.$type", %data);
        push @edges, sprintf 'n%d.output>n%d.index', $i - 1, $i if $i > 0;
        $i++;
    }
    for my $output (qw(distances indices)) {
        push @nodes, node($output, 'lib.numpy.conversion.ArrayToList'),
            node("o$output", 'nodetool.output.Output', name => $output);
        push @edges, sprintf('n%d.%s>%s.values', $i - 1, $output, $output),
            "$output.output>o$output.value";
    }
    my $r = $g->run(graph(\@nodes, @edges));
    return $r->{failure}{message} || $r->{results};
}

sub finds {
    my ($metric, $ids, $results, $name) = @_;

    my (@ids, @distances);
    for my $query (@queries) {
        my ($near, $far) = nearest($metric, $query, 7, $ids);
        push @ids, $near;
        push @distances, $far;
    }
    is_deeply($results, { indices => \@ids, distances => \@distances }, $name)
        or diag(explain($results));
}

my @counting = (0 .. $#vectors);
my @own = map { $_ * 7 - 1000 } @counting;
my $own = array('<i8', 'q<', [scalar @own], @own);

for my $metric ('L2', 'IP') {
    my $flat = ["CreateIndexFlat$metric", dim => $DIM];
    my $ivf = ['CreateIndexIVFFlat', dim => $DIM, nlist => 12,
               metric => $metric];
    my @add = (['AddVectors', vectors => rows(@vectors[0 .. 99])],
               ['AddVectors', vectors => rows(@vectors[100 .. 299])]);
    my $train = ['TrainIndex', vectors => rows(@vectors)];
    my $add_own = ['AddWithIds', vectors => rows(@vectors), ids => $own];

    finds($metric, \@counting, search(7, 10, $flat, @add), "flat, $metric");
    finds($metric, \@own, search(7, 10, $flat, $add_own),
        "flat with ids, $metric");
    finds($metric, \@counting, search(7, 12, $ivf, $train, @add),
        "all lists of an ivf, $metric");
    finds($metric, \@own, search(7, 99, $ivf, $train, $add_own),
        "an ivf with ids, $metric");
    finds($metric, \@counting, search(7, 9, $flat, $train, @add),
        "flat needs no training, $metric");

    my $some = search(7, 1, $ivf, $train, @add);
    my $found = grep { $_ != -1 } map { @$_ } @{ $some->{indices} };
    cmp_ok($found, '>', 0, "one list of an ivf has some, $metric");
    my ($best) = nearest($metric, $queries[0], 300, \@counting);
    my %place = map { $best->[$_] => $_ } 0 .. 299;
    my @places = map { $place{$_} } grep { $_ != -1 } @{ $some->{indices}[0] };
    is_deeply(\@places, [sort { $a <=> $b } @places], 'the nearest first');

    my $few = search(3, 10, $flat, ['AddVectors',
                                    vectors => rows($vectors[0])]);
    is_deeply([map { @$_[1, 2] } @{ $few->{indices} }], [(-1) x 10],
        "-1 where there are not enough, $metric");
    my $none = search(2, 10, $ivf, $train);
    is_deeply($none->{indices}, [([-1, -1]) x 5], "an empty ivf, $metric");
}

my $flat = ['CreateIndexFlatL2', dim => $DIM];
my $ivf = ['CreateIndexIVFFlat', dim => $DIM, nlist => 301];
my $add = ['AddVectors', vectors => rows(@vectors)];
my $add_own = ['AddWithIds', vectors => rows(@vectors), ids => $own];
like(search(1, 1, $ivf, $add), qr/must be trained/, 'not trained');
like(search(1, 1, $ivf, ['TrainIndex', vectors => rows(@vectors)]),
    qr/has 300 vectors; the index has 301 lists/, 'too few to train');
like(search(1, 1, $flat, $add, $add_own), qr/without ids of their own/,
    'ids of their own behind others');
like(search(1, 1, $flat, $add_own, $add), qr/with ids of their own/,
    'and the other way round');
like(search(1, 1, ['CreateIndexFlatL2', dim => 3], $add),
    qr/'vectors' has vectors of 19 dimensions, the index of 3/, 'dimensions');
like(search(1, 1, ['CreateIndexFlatL2', dim => 3]),
    qr/'query' has vectors of 19 dimensions, the index of 3/,
    'of the query, too');
like(search(1, 1, $flat, ['AddWithIds', vectors => rows(@vectors),
                          ids => array('<i8', 'q<', [2], 1, 2)]),
    qr/'ids' must be as many as 'vectors': 300, not 2/, 'too few ids');
like(search(1, 1, $flat, ['AddWithIds', vectors => rows($vectors[0]),
                          ids => array('<f8', 'd<', [1], 1)]),
    qr/'ids' must be ints/, 'ids of another type');
like(search(1, 1, ['TrainIndex', vectors => rows(@vectors)]),
    qr/'index' is not set/, 'no index');

my $vector = '{"type":"np_array","value":"AAA=","dtype":"|u1","shape":[1,2]}';
my $good = '"kind":"flat","metric":"L2","dim":2,"nlist":0,"explicit_ids":'
    . 'false,"centroids":"","lists":""';
my @bad = (
    qq($good,"vectors":"AAAA","ids":""), qq($good,"vectors":"!","ids":""),
    qq($good,"vectors":"AAAAAAAAAAA=","ids":""),
    qq($good,"vectors":"","ids":"AAAAAAAAAAA="),
    '"kind":"flat","metric":"L2","dim":0', '"kind":"flat","metric":"L9","dim":2',
    '"kind":"hnsw","metric":"L2","dim":2',
    '"kind":"ivf","metric":"L2","dim":2,"nlist":0',
    '"kind":"ivf","metric":"L2","dim":2,"nlist":1,"centroids":"","vectors":'
        . '"AAAAAAAAAAA=","ids":"AAAAAAAAAAA=","lists":"AAAAAA=="',
    '"kind":"ivf","metric":"L2","dim":2,"nlist":1,"centroids":"AAAAAAAAAAA=",'
        . '"vectors":"AAAAAAAAAAA=","ids":"AAAAAAAAAAA=","lists":"AQAAAA=="',
    '"kind":"ivf","metric":"L2","dim":2,"nlist":1,"centroids":"AAAAAAAAAAA=",'
        . '"vectors":"AAAAAAAAAAA=","ids":"AAAAAAAAAAA=","lists":"//////=="',
);
run_table(join('', map {
    qq(vector.faiss.AddVectors {"index":{"type":"faiss_index","index":{$_}},)
        . qq("vectors":$vector} !! 'index' is a malformed index\n) } @bad)
    . "vector.faiss.CreateIndexFlatL2 {\"dim\":0} !! takes numbers from 1 on\n",
    graph => $g);

$g->done;
done_testing();
