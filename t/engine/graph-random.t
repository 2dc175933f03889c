#!/usr/bin/perl

# Random graphs against a slow reference, which computes whole streams, one
# node after another. Where the order of arrival would count (on_any with
# several inputs of which one streams), the node pairs with zip_all.
#
# NODETOOL_SEED repeats a run, NODETOOL_GRAPHS sets their number.

use strict;
use warnings;

use lib 't/lib';

use List::Util qw(min sum0);
use Test::More;

use NodeTool::Graph qw(graph node);

my $seed = srand($ENV{NODETOOL_SEED} || time ^ $$);
my $count = $ENV{NODETOOL_GRAPHS} || 100;

my $g = NodeTool::Graph->new;

my $CONTROL = 'nodetool.control';

# type => [inputs], [outputs], streams?, function from one set of inputs to
# { output => [values] }
my %types = (
    'test.Wrap' => [['value'], ['output'], 0,
        sub { { output => [[$_[0]{value}]] } }],
    'test.Pool' => [['value'], ['output'], 0,
        sub { { output => [[$_[0]{value}]] } }],
    'test.Pair' => [['a', 'b'], ['output'], 0,
        sub { { output => [[$_[0]{a}, $_[0]{b}]] } }],
    'test.Repeat' => [['value'], ['output'], 1, \&repeat],
    'test.Burst' => [['value'], ['output'], 1, \&repeat],
    'test.PoolRepeat' => [['value'], ['output'], 1, \&repeat],
    "$CONTROL.If" => [['condition', 'value'], ['if_true', 'if_false'], 1,
        sub {
            my ($in) = @_;
            return $in->{condition} ? { if_true => [$in->{value}] }
                                    : { if_false => [$in->{value}] };
        }],
    "$CONTROL.ForEach" => [['input_list'], ['output', 'index'], 1,
        sub {
            my @list = @{ $_[0]{input_list} };
            return { output => \@list, index => [0 .. $#list] };
        }],
    # these take whole streams
    "$CONTROL.Reroute" => [['input_value'], ['output'], 1],
    "$CONTROL.Collect" => [['input_item'], ['output'], 0],
    'nodetool.workflows.base_node.Preview' => [['value'], ['output'], 1],
);

sub repeat {
    my ($in, $data) = @_;
    return { output => [map { [$in->{value}, $_] } 0 .. $data->{times} - 1] };
}

sub pick { return $_[int rand @_] }

# --- a random graph ----------------------------------------------------------

# Streams known so far: { node, output, streams, single, kind }.
sub make {
    my ($size) = @_;

    my (@nodes, @edges, @sources);
    my $add_edge = sub {
        my ($source, $target, $handle) = @_;
        push @edges, { id => 'e' . @edges, source => $source->{node},
            sourceHandle => $source->{output}, target => $target,
            targetHandle => $handle };
        return;
    };

    for my $i (0 .. 1 + int rand 3) {
        my $kind = pick(qw(list bool int));
        my $value = $kind eq 'list' ? [map { int rand 100 } 1 .. int rand 8]
            : $kind eq 'bool' ? (rand() < 0.5 ? JSON::PP::true
                                              : JSON::PP::false)
            : int rand 100;
        my $type = $kind eq 'list' ? 'List' : $kind eq 'bool' ? 'Bool'
            : 'Integer';
        push @nodes, node("c$i", "nodetool.constant.$type", value => $value);
        push @sources, { node => "c$i", output => 'output', kind => $kind,
                         single => 1, streams => 0 };
    }

    for my $i (0 .. $size - 1) {
        my $type = pick(sort keys %types);
        my ($inputs, $outputs, $streaming) = @{ $types{$type} };

        my @from;
        for my $input (@$inputs) {
            my @fitting = grep {
                $input eq 'condition' ? $_->{kind} eq 'bool'
                : $input eq 'input_list' ? $_->{kind} eq 'list' : 1
            } @sources;
            last if !@fitting;
            push @from, pick(@fitting);
        }
        next if @from < @$inputs;

        my $id = "n$i";
        my $streams = grep { $_->{streams} } @from;
        my $single = !grep { !$_->{single} } @from;
        my %data = $type =~ /Repeat|Burst/ ? (times => int rand 6) : ();

        # A set of inputs must not depend on who was faster; what may have
        # no value is as good as what has one.
        my $zip = @from > 1 && !$single;
        next if $zip && !$streams;
        next if $zip && grep { !$_->{streams} && !$_->{single} } @from;
        $data{-sync_mode} = $zip || rand() < 0.3 ? 'zip_all' : 'on_any';

        push @nodes, node($id, $type, %data);
        $add_edge->($from[$_], $id, $inputs->[$_]) for 0 .. $#from;

        my $whole = $type =~ /Collect$/;
        my $keeps = $single && $type =~ /Wrap|Pair|If|Pool$/;
        for my $output (@$outputs) {
            push @sources, {
                node => $id, output => $output,
                kind => $type =~ /Collect|Wrap|Pair|Pool$/ ? 'list'
                    : $output eq 'index' ? 'int' : 'any',
                single => $whole || $keeps ? 1 : 0,
                streams => ($streaming || $streams) ? 1 : 0,
            };
        }
    }

    my $n = 0;
    for my $source (@sources) {
        next if rand() < 0.3;
        my $name = 'o' . $n++;
        push @nodes, node($name, 'nodetool.output.Output', name => $name);
        $add_edge->($source, $name, 'value');
    }
    return { nodes => \@nodes, edges => \@edges };
}

# --- the reference -----------------------------------------------------------

# Every stream: { "node output" => [values] }, and those of the outputs.
sub reference {
    my ($graph) = @_;

    my (%streams, %spread, %outputs);
    for my $node (@{ $graph->{nodes} }) {    # made in topological order
        my $id = $node->{id};
        my @in = grep { $_->{target} eq $id } @{ $graph->{edges} };
        my %in = map { $_->{targetHandle} =>
                       $streams{"$_->{source} $_->{sourceHandle}"} || [] } @in;
        my %streaming = map { $_->{targetHandle} => $spread{$_->{source}} } @in;

        my $type = $node->{type};
        if ($type =~ /^nodetool\.constant/) {
            $streams{"$id output"} = [$node->{data}{value}];
            next;
        }
        if ($type =~ /Output$/) {
            $outputs{$id} = $in{value};
            next;
        }

        my ($inputs, $outputs, $streams, $function) = @{ $types{$type} };
        $spread{$id} = $streams || grep { $_ } values %streaming;
        if (!$function) {
            my ($values) = values %in;
            $streams{"$id output"} = $type =~ /Collect/ ? [$values] : $values;
            next;
        }
        for my $set (sets($node, \%in, \%streaming)) {
            my $result = $function->($set, $node->{data});
            push @{ $streams{"$id $_"} }, @{ $result->{$_} }
                for keys %$result;
        }
    }
    return (\%streams, \%outputs);
}

# The sets of inputs of a node.
sub sets {
    my ($node, $in, $streaming) = @_;

    my @names = keys %$in;
    return map { { $names[0] => $_ } } @{ $in->{$names[0]} } if @names == 1;
    return if grep { !@{ $in->{$_} } } @names;

    my @zipped = grep { $streaming->{$_} } @names;
    my $n = @zipped ? min(map { scalar @{ $in->{$_} } } @zipped) : 1;
    return map {
        my $i = $_;
        +{ map { $_ => $in->{$_}[$streaming->{$_} ? $i : 0] } @names }
    } 0 .. $n - 1;
}

# --- the comparison ----------------------------------------------------------

sub check {
    my ($graph, $budget) = @_;

    my ($streams, $outputs) = reference($graph);
    my $r = $g->run($graph, budget => $budget);
    return 'status ' . ($r->{status} || 'none') . ', errors '
        . NodeTool::Graph::text($r->{errors})
        if ($r->{status} || '') ne 'completed';

    my (%got, %counter, %drained, %running);
    for my $event (@{ $r->{events} }) {
        if ($event->{type} eq 'output_update') {
            push @{ $got{$event->{output_name}} }, $event->{value};
        } elsif ($event->{type} eq 'edge_update') {
            my $edge = $event->{edge_id};
            return "$edge goes on after its end" if $drained{$edge};
            $event->{status} eq 'drained' ? $drained{$edge}++
                                          : $counter{$edge}++;
            return "counter of $edge" if $event->{counter}
                && $event->{counter} != $counter{$edge};
        } elsif ($event->{type} eq 'node_update') {
            my $id = $event->{node_id};
            return "$id is running twice"
                if $event->{status} eq 'running' && $running{$id}++;
            return "$id completes without running"
                if $event->{status} eq 'completed' && !$running{$id}--;
        }
    }
    return 'a node has not completed' if sum0(values %running) != 0;

    for my $edge (@{ $graph->{edges} }) {
        my $values = $streams->{"$edge->{source} $edge->{sourceHandle}"} || [];
        return "edge $edge->{id} has not ended" if !$drained{$edge->{id}};
        return "edge $edge->{id}: " . ($counter{$edge->{id}} || 0)
            . ' values, not ' . @$values
            if ($counter{$edge->{id}} || 0) != @$values;
    }
    for my $name (keys %$outputs) {
        my $want = NodeTool::Graph::text($outputs->{$name});
        my $got = NodeTool::Graph::text($got{$name} || []);
        return "output $name: $got, not $want" if $got ne $want;
    }
    my %last = map { @{ $outputs->{$_} } ? ($_ => $outputs->{$_}[-1]) : () }
        keys %$outputs;
    return 'results' if NodeTool::Graph::text(\%last)
        ne NodeTool::Graph::text($r->{results});
    return;
}

my ($values, $nodes) = (0, 0);
my $failed = 0;
for my $i (1 .. $count) {
    my $graph = make(2 + int rand 14);
    $nodes += @{ $graph->{nodes} };
    my ($streams) = reference($graph);
    my $n = sum0(map { scalar @$_ } values %$streams);
    next if $n > 5_000;
    $values += $n;
    for my $budget (1, 3, 1000) {
        my $fault = check($graph, $budget) or next;
        fail("graph $i with budget $budget: $fault");
        diag("seed $seed; " . NodeTool::Graph::text($graph));
        $failed++;
    }
    last if $failed;

    # What is cancelled ends, at any time, and leaks nothing.
    my $r = $g->run($graph, budget => 1, cancel => int rand 40);
    if ($r->{status} !~ /^(cancelled|completed)$/) {
        fail("graph $i is not cancelled: $r->{status}");
        $failed++;
    }
}
ok(!$failed, "$count graphs, $nodes nodes, $values values, as the reference "
    . "says (seed $seed)");

$g->done;
done_testing();
