#!/usr/bin/perl

# Runs that begin where earlier ones were broken off: at each event of many
# graphs, the run that goes on has the same result, runs no completed node
# again and repeats none of its events, and does not run twice what must not.

use strict;
use warnings;

use lib 't/lib';

use JSON::PP ();
use Test::More;

use NodeTool::Graph qw(graph node);

my $g = NodeTool::Graph->new;
my $json = JSON::PP->new->canonical->allow_nonref;
my $true = JSON::PP::true;

# What the store has kept after so many events.
sub kept {
    my ($full, $k) = @_;

    return [{ graph => $full->{hash} },
        map { my %mark = %$_; delete $mark{at}; \%mark }
        grep { $_->{at} <= $k } @{ $full->{marks} }];
}

sub result { my ($r) = @_; return $json->encode([@$r{qw(status result)}]) }

# Breaks a run off after each event, and goes on. What was wrong, one a line.
sub faults {
    my ($graph, $params) = @_;

    my $full = $g->run($graph, params => $params);
    die $json->encode($full->{errors}) if @{ $full->{errors} };
    my @faults;
    my %edge = map { ($_->{id} => $_->{source}) } @{ $graph->{edges} };

    for my $k (0 .. @{ $full->{events} }) {
        my $kept = kept($full, $k);
        my %completed = map { ($_->{node} => 1) } grep { $_->{outputs} } @$kept;
        my %begun = map { ($_->{node} => 1) }
            grep { $_->{begun} && !$completed{ $_->{node} } } @$kept;
        my $next = $g->run($graph, params => $params, kept => $kept);

        push @faults, "$k: repeated " . $json->encode($_) for grep {
            my $of = $_->{type} eq 'edge_update' ? $edge{ $_->{edge_id} }
                                                 : $_->{node_id};
            $completed{$of}
        } @{ $next->{events} };

        if (%begun) {
            push @faults, "$k: @{[ keys %begun ]} ran twice"
                if $next->{status} ne 'failed'
                || !$begun{ $next->{failure}{node_id} }
                || $next->{failure}{message} !~ /must not run twice/;
        } elsif (result($next) ne result($full)) {
            push @faults, "$k: " . result($next) . ' not ' . result($full);
        }
    }
    return join "\n", @faults;
}

sub input { return node($_[0], 'nodetool.input.StringInput', name => $_[0]) }

sub output { return node($_[0], 'nodetool.output.Output', name => $_[0]) }

my $chain = graph([input('x'), node(a => 'test.Wrap'), node(b => 'test.Pool'),
        node(p => 'nodetool.workflows.base_node.Preview'), output('o')],
    qw(x.output>a.value a.output>b.value b.output>o.value b.output>p.value));
is(faults($chain, { x => 'v' }), '', 'a chain');

my $once = graph([input('x'), node(a => 'test.Once'), node(b => 'test.Wrap'),
        node(c => 'test.Once'), output('o')],
    qw(x.output>a.value a.output>b.value b.output>c.value c.output>o.value));
is(faults($once, { x => 'v' }), '', 'nodes that must not run twice');

my $stream = graph([node(r => 'test.Repeat', value => 7, times => 4),
        node(w => 'test.Wrap'), node(o1 => 'test.Once'),
        node(c => 'nodetool.control.Collect'), node(q => 'test.Wrap', value => 1),
        node(y => 'test.Pair'), output('o'), output('o2')],
    qw(r.output>w.value w.output>c.input_item c.output>o1.value
       o1.output>o.value q.output>y.a c.output>y.b y.output>o2.value));
is(faults($stream, {}), '', 'a stream and what is behind it');

my $branch = graph([input('x'), node(i => 'nodetool.control.If',
            condition => $true), node(a => 'test.Wrap'), node(b => 'test.Once'),
        node(m => 'test.Pair', a => 0, b => 0), output('o'), output('o2'),
        output('o3')],
    qw(x.output>i.value i.if_true>a.value i.if_false>b.value a.output>m.a
       m.output>o.value b.output>o2.value a.output>o3.value));
is(faults($branch, { x => 'v' }), '', 'branches');

# --- random graphs -----------------------------------------------------------

srand 20;

sub random_graph {
    my ($n) = @_;

    my @types = qw(test.Wrap test.Wrap test.Pool test.Pair test.Pair test.Once);
    push @types, 'test.Repeat' if rand() < 0.3;
    my @nodes = (input('x'));
    my @edges;
    my %taken;
    my $join = sub {
        my ($to, $handle, $i) = @_;
        my $from = $nodes[int rand $i]{id};
        push @edges, "$from.output>$to.$handle" if !$taken{"$to.$handle"}++;
    };
    my $streams = 0;
    for my $i (1 .. $n) {
        my $type = $types[rand @types];
        $type = 'test.Wrap' if $type eq 'test.Repeat' && $streams++;
        push @nodes, node("n$i", $type,
            $type eq 'test.Pair' ? (a => 1, b => 2) : (value => $i));
        for my $handle ($type eq 'test.Pair' ? qw(a b) : 'value') {
            $join->("n$i", $handle, $i) if rand() < 0.8;
        }
    }
    my $last = @nodes;
    for my $i (1 .. 3) {
        push @nodes, output("o$i");
        $join->("o$i", 'value', $last);
    }
    return graph(\@nodes, @edges);
}

my $wrong = 0;
for my $i (1 .. 60) {
    my $graph = random_graph(2 + int rand 7);
    # with values of more than one stream the order is nobody's promise
    my $faults = faults($graph, { x => 'v' });
    if ($faults ne '' && !$wrong++) {
        diag($json->encode($graph), "\n$faults");
    }
}
is($wrong, 0, 'random graphs');

# --- what was kept does not fit ----------------------------------------------

my $full = $g->run($once, params => { x => 'v' });
my $kept = kept($full, scalar @{ $full->{events} });
my $other = $g->run($once, params => { x => 'v' }, kept =>
    [{ graph => '0' x 16 }, @$kept[1 .. $#$kept]]);
is($other->{status}, 'failed', 'the workflow was changed: nothing is taken over');
like($other->{failure}{message}, qr/must not run twice/, 'but what had begun');
$full = $g->run($chain, params => { x => 'v' });
$kept = kept($full, scalar @{ $full->{events} });
$_->{node} =~ s/^a$/gone/ for grep { $_->{node} } @$kept;
$other = $g->run($chain, params => { x => 'v' }, kept => $kept);
is(result($other), result($full), 'a node without its source runs again');

$g->done;
done_testing();
