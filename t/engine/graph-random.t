#!/usr/bin/perl

# Random graphs against a slow reference, which computes whole streams, one
# node after another. Where the order of arrival would count (on_any with
# several inputs of which one streams), the node pairs with zip_all; a list
# that several edges bring is sorted. Callers call the nodes that they control
# and the chains behind their outputs; what these get from elsewhere is one
# value.
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
    'test.Gather' => [['values'], ['output'], 0,
        sub { { output => [[sort_json(@{ $_[0]{values} })]] } }],
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

sub sort_json {
    my (@values) = @_;

    return map { $_->[1] } sort { $a->[0] cmp $b->[0] }
        map { [NodeTool::Graph::text($_), $_] } @values;
}

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

        if ($type eq 'test.Gather') {
            push @from, pick(@sources) for 1 .. int rand 3;
            next if @from == 1 && !$from[0]{single};
        }

        my $id = "n$i";
        my $streams = grep { $_->{streams} } @from;
        my $single = !grep { !$_->{single} } @from;
        my %data = $type =~ /Repeat|Burst/ ? (times => int rand 6) : ();

        # A set of inputs must not depend on who was faster; what may have
        # no value is as good as what has one.
        my $gathers = $type eq 'test.Gather' && @from > 1;
        my $zip = @from > 1 && !$single && !$gathers;
        next if $zip && !$streams;
        next if $zip && grep { !$_->{streams} && !$_->{single} } @from;
        $data{-sync_mode} = $zip || rand() < 0.3 ? 'zip_all' : 'on_any';

        my $bypassed = @$inputs == 1 && @from == 1 && rand() < 0.1;
        $data{-ui_properties} = { bypassed => \1 } if $bypassed;
        $data{-parent_id} = 'group' if rand() < 0.2;
        push @nodes, node($id, $type, %data);
        $add_edge->($from[$_], $id, $inputs->[$_] || 'values')
            for 0 .. $#from;

        if ($bypassed) {
            push @sources, map { { node => $id, output => $_, kind => 'any',
                single => $single, streams => $streaming || $streams ? 1 : 0 } }
                @$outputs;
            next;
        }
        my $whole = $type =~ /Collect$/ || $gathers;
        my $keeps = $single && $type =~ /Wrap|Pair|If|(Pool|Gather)$/;
        for my $output (@$outputs) {
            push @sources, {
                node => $id, output => $output,
                kind => $type =~ /Collect|Wrap|Pair|(Pool|Gather)$/ ? 'list'
                    : $output eq 'index' ? 'int' : 'any',
                single => $whole || $keeps ? 1 : 0,
                streams => ($streaming || $streams) ? 1 : 0,
            };
        }
    }

    add_caller($_, \@nodes, \@sources, $add_edge) for 0 .. int rand 3;
    push @nodes, node('group', 'nodetool.workflows.base_node.Group');

    my $n = 0;
    for my $source (@sources) {
        next if rand() < 0.3;
        my $name = 'o' . $n++;
        push @nodes, node($name, 'nodetool.output.Output', name => $name);
        $add_edge->($source, $name, 'value');
    }
    return { nodes => \@nodes, edges => \@edges };
}

# A node that calls others: one by a control edge, and a chain behind an
# output. The order of nodes is one in which the reference can go.
sub add_caller {
    my ($i, $nodes, $sources, $add_edge) = @_;

    my $id = "a$i";
    my @single = grep { $_->{single} } @$sources;
    my $stream = sub {
        my ($node, $output) = @_;
        return { node => $node, output => $output, kind => 'any', single => 0,
                 streams => 1 };
    };

    my @calls = map { { tool => pick("t$i", 'go', 'none'),
        arguments => { value => int rand 10 } } } 1 .. int rand 5;
    $_->{arguments} = { b => $_->{arguments}{value} }
        for grep { $_->{tool} =~ /^t/ } @calls;
    push @$nodes, node($id, 'test.Caller', calls => \@calls,
        -dynamic_outputs => { go => { type => 'int' } });
    $add_edge->(pick(@$sources), $id, 'prompt') if rand() < 0.5;
    push @$sources, $stream->($id, 'text'), $stream->($id, 'result');

    push @$nodes, node("t$i", 'test.Pair', a => undef,
        -ui_properties => { title => "t$i" });
    $add_edge->(pick(@single), "t$i", 'a') if rand() < 0.7;
    $add_edge->({ node => $id, output => '__control__' }, "t$i",
        '__control__');
    push @$sources, $stream->("t$i", 'output');

    my $last = { node => $id, output => 'go' };
    my $length = 1 + int rand 3;
    for my $j (1 .. $length) {
        my $type = pick('test.Wrap', 'test.Pool', 'test.Repeat', 'test.Burst',
            "$CONTROL.Collect", "$CONTROL.Reroute", 'test.Pair');
        $type = 'test.Wrap' if $j == 1 && $type !~ /Repeat|Burst|Pool/;
        my %data = $type =~ /Repeat|Burst/ ? (times => int rand 4) : ();
        push @$nodes, node("c$i-$j", $type, %data);
        $add_edge->($last, "c$i-$j", $types{$type}[0][0]);
        $add_edge->(pick(@single), "c$i-$j", 'b') if $type eq 'test.Pair';
        $nodes->[-1]{sync_mode} = 'zip_all';
        $last = { node => "c$i-$j", output => 'output' };
    }
    if (rand() < 0.5) {
        push @$nodes, node("x$i", 'nodetool.output.Output', name => "x$i");
        $add_edge->($last, "x$i", 'value');
    }
    if (rand() < 0.3) {    # what leaves the chain
        push @$nodes, node("p$i", 'test.Pair', -sync_mode => 'zip_all');
        $add_edge->($last, "p$i", 'a');
        $add_edge->({ node => $id, output => 'text' }, "p$i", 'b');
        push @$sources, $stream->("p$i", 'output');
    }
    return;
}

# --- the reference -----------------------------------------------------------

# Every stream: { "node output" => [values] }, and those of the outputs.
sub reference {
    my ($graph) = @_;

    my (%streams, %spread, %outputs);
    for my $node (@{ $graph->{nodes} }) {    # made in topological order
        my $id = $node->{id};
        next if $id =~ /^[tcx]\d+(-|$)/ && $id !~ /^c\d+$/
            || $id eq 'group';
        my @in = grep { $_->{target} eq $id } @{ $graph->{edges} };
        my %in;
        push @{ $in{$_->{targetHandle}} },
            @{ $streams{"$_->{source} $_->{sourceHandle}"} || [] } for @in;
        my %streaming;
        $streaming{$_->{targetHandle}} ||= $spread{$_->{source}} for @in;

        my $type = $node->{type};
        if ($type =~ /^nodetool\.constant/) {
            $streams{"$id output"} = [$node->{data}{value}];
            next;
        }
        if ($type eq 'test.Caller') {
            $spread{$_} = 1 for $id, $id =~ s/a/t/r,
                map { "$id-$_" =~ s/a/c/r } 1 .. 3;
            call_all($graph, $node, \%streams, \%outputs)
                for @in ? @{ $in{prompt} } : 1;
            next;
        }
        if ($type =~ /Output$/) {
            $outputs{$id} = $in{value};
            next;
        }

        my ($inputs, $outputs, $streams, $function) = @{ $types{$type} };
        $spread{$id} = $streams || grep { $_ } values %streaming;
        if (($node->{ui_properties} || {})->{bypassed}) {
            $streams{"$id $_"} = (values %in)[0] for @$outputs;
            next;
        }
        if ($type eq 'test.Gather') {
            %in = (values => gather(scalar @in, $in{values}));
        }
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

# Several edges into a list make one of all values, lists among them opened.
sub gather {
    my ($edges, $values) = @_;

    return [map { ref $_ eq 'ARRAY' ? $_ : [$_] } @$values] if $edges == 1;
    return @$values
        ? [[map { ref $_ eq 'ARRAY' ? @$_ : $_ } @$values]] : [];
}

# One activation of a caller: adds to the streams of all that it calls.
sub call_all {
    my ($graph, $node, $streams, $outputs) = @_;

    my ($i) = $node->{id} =~ /(\d+)/;
    my @all;
    for my $call (@{ $node->{data}{calls} }) {
        my ($tool, $arguments) = @$call{qw(tool arguments)};
        my $result = $tool eq 'none'
            ? { error => 'There is no tool "none"' }
            : $tool eq 'go'
            ? call_chain($graph, $i, $arguments->{value}, $streams, $outputs)
            : call_node($graph, "t$i", $arguments->{b}, $streams);
        push @all, $result;
    }
    push @{ $streams->{"a$i result"} }, @all;
    push @{ $streams->{"a$i text"} }, \@all;
    return;
}

# The edge into a node's input, if there is one, and the value it has brought.
sub edge_value {
    my ($graph, $id, $handle, $streams) = @_;

    my ($edge) = grep { $_->{target} eq $id && $_->{targetHandle} eq $handle }
        @{ $graph->{edges} };
    return ($edge, $edge
        ? $streams->{"$edge->{source} $edge->{sourceHandle}"} || [] : []);
}

sub call_node {
    my ($graph, $id, $argument, $streams) = @_;

    my ($edge, $values) = edge_value($graph, $id, 'a', $streams);
    push @{ $streams->{$id =~ s/t/a/r . ' __control__'} }, 1;
    return { error => "Node \"$id\" cannot run: one of its inputs has got no "
        . 'value' } if $edge && !@$values;
    push @{ $streams->{"$id output"} }, [$values->[0], $argument];
    return { output => [$values->[0], $argument] };
}

sub call_chain {
    my ($graph, $i, $argument, $streams, $outputs) = @_;

    my @chain = grep { $_->{id} =~ /^c$i-/ } @{ $graph->{nodes} };
    for my $pair (grep { $_->{type} eq 'test.Pair' } @chain) {
        my (undef, $values) = edge_value($graph, $pair->{id}, 'b', $streams);
        return { error => 'An input of the tool has got no value' }
            if !@$values;
    }
    push @{ $streams->{"a$i go"} }, $argument;

    my @values = ($argument);
    for my $node (@chain) {
        my $type = $node->{type};
        my ($inputs, undef, undef, $function) = @{ $types{$type} };
        my (undef, $b) = edge_value($graph, $node->{id}, 'b', $streams);
        @values = $type =~ /Collect/ ? [@values]
            : !$function ? @values
            : map { @{ $function->({ $inputs->[0] => $_, b => $b->[0] },
                  $node->{data})->{output} } } @values;
        push @{ $streams->{"$node->{id} output"} }, @values;
    }

    my $name = 'output';
    if (grep { $_->{id} eq "x$i" } @{ $graph->{nodes} }) {
        $name = "x$i";
        push @{ $outputs->{$name} }, @values;
    }
    return @values == 0 ? {} : { $name => @values == 1 ? $values[0]
                                                       : \@values };
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
