#!/usr/bin/perl

# Results that are kept: test.Dear says how often it has run. The cache of
# graph-run has 10,000 bytes and keeps them for a second.

use strict;
use warnings;

use lib 't/lib';

use Test::More;
use Time::HiRes qw(sleep);

use NodeTool::Graph qw(graph node);

my $g = NodeTool::Graph->new;

sub output { return node($_[0], 'nodetool.output.Output', name => $_[0]) }

# What one Dear with that value says.
sub dear {
    my ($value, %opt) = @_;

    my $r = $g->run(graph([node(d => 'test.Dear', value => $value),
        output('o')], 'd.output>o.value'), user => '1', %opt);
    return $opt{whole} ? $r : ($r->{results}{o} || [])->[1];
}

my $first = dear('a');
ok($first, 'it runs');
is(dear('a'), $first, 'the same again does not');
my $r = dear('a', whole => 1);
is_deeply([map { "$_->{type} " . ($_->{status} || $_->{value}[1]) }
           grep { ($_->{node_id} || '') =~ /^[do]$/ } @{ $r->{events} }],
    ['node_update running', 'node_update completed', 'node_update running',
     "output_update $first", 'node_update completed'], 'its events are the same');
my ($done) = grep { ($_->{node_id} // '') eq 'd' && $_->{status} eq 'completed' }
    @{ $r->{events} };
is_deeply($done->{result}, { output => ['a', $first] }, '... with the result');
isnt(dear('b'), $first, 'another value does');
isnt(dear('a', user => '2'), $first, "another user's does");
is(dear('a'), $first, 'as before');

$r = $g->run(graph([node(c => 'nodetool.constant.String', value => 'a'),
    node(d => 'test.Dear'), output('o')], 'c.output>d.value',
    'd.output>o.value'), user => '1');
is($r->{results}{o}[1], $first, 'whoever brings the value');

$r = $g->run(graph([node(x => 'test.Repeat', value => 'a', times => 2),
    node(d => 'test.Dear'), node(l => 'nodetool.control.Collect'),
    output('o')], 'x.output>d.value', 'd.output>l.input_item',
    'l.output>o.value'), user => '1');
my @said = map { $_->[1] } @{ $r->{results}{o} };
$r = $g->run(graph([node(x => 'test.Repeat', value => 'a', times => 2),
    node(d => 'test.Dear'), node(l => 'nodetool.control.Collect'),
    output('o')], 'x.output>d.value', 'd.output>l.input_item',
    'l.output>o.value'), user => '1');
isnt($r->{results}{o}[0][1], $said[0], 'not what a stream drives');

for my $ref ({ type => 'image', uri => 'file:///x.png' },
    { type => 'image', uri => '', asset_id => 'x' },
    { a => [{ type => 'audio', uri => 'http://host/x' }] })
{
    isnt(dear($ref), dear($ref), 'not where a file may have changed: '
        . NodeTool::Graph::text($ref));
}
my $data = { type => 'image', uri => 'data:image/png;base64,AA' };
is(dear($data), dear($data), 'unless it is in the value');

my @failed = map { dear(\0, whole => 1)->{failure}{message} } 1 .. 2;
isnt($failed[0], $failed[1], 'a failure is not kept');

my $large = 'x' x 2000;
isnt(dear($large), dear($large), 'nor is what is large');
dear("$_" x 300) for 10 .. 40;
isnt(dear('a'), $first, 'the oldest make room');

my $last = dear('late');
sleep 1.1;
isnt(dear('late'), $last, 'and all have their time');

$g->done;
done_testing();
