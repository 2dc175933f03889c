#!/usr/bin/perl

# vector.chroma.*: collections, with a mock of Ollama that counts letters.

use strict;
use warnings;
use utf8;

use lib 't/lib';

use JSON::PP ();
use MIME::Base64 qw(encode_base64);
use Test::More;

use NodeTool::Graph qw(graph node edges);
use NodeTool::MockOpenAI;
use NodeTool::Test;

my $t = NodeTool::Test->new;

# A text's vector: how often it has each letter.
sub vector {
    my ($text) = @_;

    return [map { my $letter = $_; scalar(() = lc($text) =~ /$letter/g) }
        'a' .. 'z'];
}

my $ollama = NodeTool::MockOpenAI->start($t, 'ollama', sub {
    my ($c, $req) = @_;
    return $c->json(404, { error => "no $req->{path}" })
        if $req->{path} ne '/api/embed';
    my $input = $req->{json}{input};
    $input = [$input] if !ref $input;
    return $c->json(400, { error => 'no such model' })
        if $req->{json}{model} ne 'letters';
    $c->json(200, { model => 'letters',
        embeddings => [map { vector($_) } @$input] });
});
$ENV{OLLAMA_API_URL} = "http://127.0.0.1:$ollama->{port}";

mkdir "$t->{dir}/work" or die $!;
my $g = NodeTool::Graph->new;
my %in = (workspace => "$t->{dir}/work", workspace_name => '1/flow');

sub graph_of {
    my ($type, $outputs, %data) = @_;

    $data{collection} = { type => 'collection', name => $data{collection} }
        if exists $data{collection};
    return graph([node(n => "vector.chroma.$type", %data),
            map { node($_, 'nodetool.output.Output', name => $_) } @$outputs],
        map { "n.$_>$_.value" } @$outputs);
}

# The results of a node, or its error.
sub run_node {
    my ($type, $outputs, %data) = @_;

    my $r = $g->run(graph_of($type, $outputs, %data), %in);
    my ($warning) = map { $_->{content} } grep { $_->{type} eq 'log_update' }
        @{ $r->{events} };
    return { warning => $warning } if $warning && $warning !~ /Output/;
    return $r->{failure}{message} || $r->{results} if !@{ $r->{errors} || [] };
    return NodeTool::Graph::text($r->{errors});
}

sub one {
    my ($type, %data) = @_;

    my $r = run_node($type, ['output'], %data);
    return ref $r && exists $r->{output} ? $r->{output} : $r;
}

sub array {
    my ($shape, @values) = @_;

    return { type => 'np_array', dtype => '<f4', shape => $shape,
             value => encode_base64(pack('f<*', @values), '') };
}

my $model = { type => 'llama_model', name => '', repo_id => 'letters',
              modified_at => '', size => 0, digest => '', details => {} };
my @found = qw(ids documents metadatas distances);

# --- collections -------------------------------------------------------------

for my $name ('', 'ab', '-abc', 'abc.', 'a/b', '../../x', 'a b', 'x' x 201,
    'naïve') {
    like(one('Collection', name => $name), qr/must be 3 to 200 letters/,
        'no name for a collection');
}
like(one('Count', collection => ''), qr/'collection' must be set/, 'none set');
like(one('Count', collection => 'none'),
    qr/collection "none" does not exist; the Collection node makes it/,
    'not made');
is_deeply([glob "$in{workspace}/1/.collections/*"], [], 'nothing was made');

is_deeply(one('Collection', name => 'texts', embedding_model => $model),
    { type => 'collection', name => 'texts' }, 'a collection');
is_deeply(one('Collection', name => 'texts', embedding_model => $model),
    { type => 'collection', name => 'texts' }, 'again');
is_deeply(one('Collection', name => 'texts'),
    { type => 'collection', name => 'texts' }, 'without its model');
like(one('Collection', name => 'texts', embedding_model =>
        { %$model, repo_id => 'other' })->{warning},
    qr/keeps the embedding model that it was made with/, 'with another one');
is(one('Count', collection => 'texts'), 0, 'it is empty');
is_deeply(run_node('QueryText', \@found, collection => 'texts', text => 'x'),
    { map { $_ => [] } @found }, 'and finds nothing');

# --- texts -------------------------------------------------------------------

my @texts = (['doc:2', 'The quick brown fox', { page => 2 }],
    ['doc:1', 'jumps over the lazy dog', { page => 1, ok => JSON::PP::true }],
    ['doc:3', 'Ünïcode FOXES say "hi" 100%', {}],
    ['doc:4', 'zzz', { w => 0.5 }]);
for my $text (@texts) {
    is_deeply(run_node('IndexTextChunk', [], collection => 'texts',
            document_id => $text->[0], text => $text->[1],
            metadata => $text->[2]), {}, "$text->[0] is added");
}
is(one('Count', collection => 'texts'), 4, 'all are there');
my $asked = $ollama->requests;
like(run_node('IndexString', [], collection => 'texts', document_id => 'doc:1',
        text => 'other')->{warning}, qr/1 record\(s\) with an id/,
    'an id that is known');
is(scalar $ollama->requests, $asked, 'for which no model was asked');
is_deeply(one('Peek', collection => 'texts', limit => 2),
    [map { $_->[1] } @texts[0, 1]], 'the first documents');
is_deeply(one('GetDocuments', collection => 'texts', limit => 2, offset => 1),
    [map { $_->[1] } @texts[1, 2]], 'some of them');
is_deeply(one('GetDocuments', collection => 'texts',
        ids => ['doc:4', 'doc:2', "doc:2' OR 1=1"]),
    [map { $_->[1] } @texts[0, 3]], 'those of two ids');
like(one('Peek', collection => 'texts', limit => -1),
    qr/'limit' must not be negative/, 'a negative limit');

like(run_node('IndexString', [], collection => 'texts', document_id => ' ',
        text => 'x'), qr/'document_id' must not be empty/, 'no id');
like(run_node('IndexString', [], collection => 'texts', document_id => 'x',
        text => 'x', metadata => { a => [1] }),
    qr/texts, numbers and bools only; "a" is a list/, 'metadata of a list');
like(run_node('IndexString', [], collection => 'none', document_id => 'x',
        text => 'x'), qr/"none" does not exist/, 'no collection');

# --- queries -----------------------------------------------------------------

sub distance {
    my ($a, $b) = map { vector($_) } @_;

    my $sum = 0;
    $sum += ($a->[$_] - $b->[$_]) ** 2 for 0 .. 25;
    return $sum;
}

# Those texts, the nearest first.
sub nearest {
    my ($text, @among) = @_;

    return sort { distance($text, $a->[1]) <=> distance($text, $b->[1]) }
        @among;
}

sub columns {
    my ($text, @records) = @_;

    return {
        ids => [map { $_->[0] } @records],
        documents => [map { $_->[1] } @records],
        metadatas => [map { $_->[2] } @records],
        distances => [map { distance($text, $_->[1]) } @records],
    };
}

for my $case (['quick fox', 1], ['lazy zebra', 3], ['zz', 2], ['all', 100]) {
    my ($text, $n) = @$case;
    my @near = grep { defined } (nearest($text, @texts))[0 .. $n - 1];
    is_deeply(run_node('QueryText', \@found, collection => 'texts',
            text => $text, n_results => $n),
        columns($text, sort { $a->[0] cmp $b->[0] } @near),
        "the $n nearest to \"$text\", by their ids");
}
like(run_node('QueryText', \@found, collection => 'texts', n_results => 0),
    qr/'n_results' must be 1 to 10000/, 'no results wanted');

# Reciprocal rank fusion by hand.
sub hybrid {
    my ($text, $n, $k, $min) = @_;

    my %seen;
    my @words = grep { length >= $min && !$seen{$_}++ }
        split /[ ,.!?\-_=|]+/, lc $text;
    my @near = grep { defined } (nearest($text, @texts))[0 .. 2 * $n - 1];
    my @named = grep { my $d = lc $_->[1]; grep { index($d, $_) >= 0 } @words }
        @texts;
    @named = grep { defined } (nearest($text, @named))[0 .. 2 * $n - 1];
    @named = @near if !@words;
    my (%score, @order);
    for my $list (\@near, \@named) {
        for my $i (0 .. $#$list) {
            push @order, $list->[$i] if !exists $score{$list->[$i][0]};
            $score{$list->[$i][0]} += 1 / ($i + $k);
        }
    }
    my @sorted = sort { $score{$b->[0]} <=> $score{$a->[0]} } @order;
    @sorted = grep { defined } @sorted[0 .. $n - 1];
    return { %{ columns($text, @sorted) },
             scores => [map { $score{$_->[0]} } @sorted] };
}

for my $case (['FOX', 2, 60, 3], ['zzz, the dog!', 4, 1, 3], ['say "hi"', 3, 60,
        3], ['0%', 2, 60, 2], ['_%', 2, 60, 1], ['ünï', 2, 60, 3], ['a b', 2, 60,
        3], ['no such words', 1, 2.5, 2], ["x' OR fox*", 3, 60, 1])
{
    my ($text, $n, $k, $min) = @$case;
    is_deeply(run_node('HybridSearch', [@found, 'scores'],
            collection => 'texts', text => $text, n_results => $n,
            k_constant => $k, min_keyword_length => $min),
        hybrid(@$case), 'hybrid search ' . NodeTool::Graph::text($case));
}
like(run_node('HybridSearch', [], collection => 'texts', text => ' '),
    qr/'text' must not be empty/, 'nothing to look for');
like(run_node('HybridSearch', [], collection => 'texts', text => 'x',
        k_constant => 0), qr/'k_constant' must be greater than 0/, 'no constant');

# --- aggregated texts and embeddings ------------------------------------------

one('Collection', name => 'parts', embedding_model => $model);
my @chunks = ('aab', { type => 'text_chunk', text => 'bbbc', source_id => 's',
                       start_index => 0 });
my %aggregated = (mean => [1, 2, 0.5], sum => [2, 4, 1], max => [2, 3, 1],
                  min => [0, 1, 0]);
for my $how (sort keys %aggregated) {
    is_deeply(run_node('IndexAggregatedText', [], collection => 'parts',
            document => "by $how", document_id => $how,
            text_chunks => \@chunks, aggregation => $how), {}, "by $how");
    my $r = run_node('QueryText', \@found, collection => 'parts', text => '',
        n_results => 9);
    my %at = map { $r->{ids}[$_] => $r->{distances}[$_] } 0 .. $#{ $r->{ids} };
    my $square = 0;
    $square += $_ ** 2 for @{ $aggregated{$how} };
    is($at{$how}, $square, '... of the right length');
}
like(run_node('IndexAggregatedText', [], collection => 'parts',
        document => 'x', document_id => 'x'),
    qr/'text_chunks' must not be empty/, 'no parts');
like(run_node('IndexAggregatedText', [], collection => 'parts',
        document_id => 'x', text_chunks => ['x']),
    qr/'document' must not be empty/, 'no text');

one('Collection', name => 'vectors');
is_deeply(run_node('IndexEmbedding', [], collection => 'vectors',
        index_id => 'one', embedding => array([3], 1, 2, 3)), {}, 'a vector');
is_deeply(run_node('IndexEmbedding', [], collection => 'vectors',
        index_id => ['two', 'three'], metadata => [{ n => 2 }, { n => 3 }],
        embedding => array([2, 3], 1 .. 6)), {}, 'two vectors');
is_deeply(one('Peek', collection => 'vectors'), ['', '', ''], 'without texts');
like(run_node('QueryText', [], collection => 'vectors', text => 'x'),
    qr/has no embedding model; give the Collection node one/, 'no model');
for my $bad ([four => array([4], 1 .. 4), qr/vectors of 3 dimensions; this one/],
    [four => array([1, 1, 3], 1 .. 3), qr/must be a vector or rows/],
    [four => array([3], 1, 2, 'nan'), qr/must be of finite numbers/],
    [['a', 'b'] => array([3, 3], 1 .. 9), qr/an id for each of the 3 vectors/],
    [[] => array([3], 1 .. 3), qr/'index_id' must not be empty/],
    ['' => array([3], 1 .. 3), qr/'index_id' must not be empty/],
    ['x' x 1025 => array([3], 1 .. 3), qr/1 to 1024 bytes/])
{
    like(run_node('IndexEmbedding', [], collection => 'vectors',
            index_id => $bad->[0], embedding => $bad->[1]), $bad->[2],
        'a vector that cannot be added');
}
like(run_node('IndexEmbedding', [], collection => 'vectors',
        index_id => ['a', 'b'], metadata => [{}],
        embedding => array([2, 3], 1 .. 6)),
    qr/a dict for each of the 2 vectors/, 'too few metadata');
is(one('Count', collection => 'vectors'), 3, 'nothing of that was');

# --- several users, several processes ----------------------------------------

{
    local $in{workspace_name} = '2/flow';
    like(one('Count', collection => 'texts'), qr/does not exist/,
        'another user has no such collection');
    one('Collection', name => 'texts');
    is(one('Count', collection => 'texts'), 0, 'or one of that name');
}
{
    local $in{workspace_name} = '1/other';
    is(one('Count', collection => 'texts'), 4, 'another workflow has it');
}

my @others = map { NodeTool::Graph->new } 1 .. 3;
for my $i (1 .. 8) {
    print { $_->{in} } NodeTool::Graph::text({ %in, graph => graph_of(
                'IndexEmbedding', [], collection => 'vectors',
                index_id => ["$_-$i", "same-$i"], embedding =>
                array([2, 3], 1 .. 6)) }), "\n" for @others;
}
for my $other (@others) {
    $other->{in}->flush;
}
for my $other (@others) {
    readline $other->{out} for 1 .. 8;
    $other->done;
}
is(one('Count', collection => 'vectors'), 3 + 3 * 8 + 8,
    'what several processes add at once is all there');

open my $file, '>', "$in{workspace}/1/.collections/broken.db" or die $!;
print {$file} 'no database at all, ' x 100;
close $file;
like(one('Count', collection => 'broken'), qr/"broken" is damaged/,
    'a file that is no database');
open $file, '>', "$in{workspace}/1/.collections/empty.db" or die $!;
close $file;
like(one('Count', collection => 'empty'), qr/not made by this version/,
    'one that has no tables');

one('Collection', name => 'empty');
is(one('Count', collection => 'empty'), 0, 'until they are made');

# --- RemoveOverlap -----------------------------------------------------------

for my $case ([['a b c', 'b c d', 'c d  e'] => ['a b c', 'd', 'c d  e']],
    [['a b c', 'b c'] => ['a b c']], [[] => []], [['a', 'a'] => ['a', 'a']],
    [['x  y', 'x y z'] => ['x  y', 'z']]) {
    is_deeply(run_node('RemoveOverlap', ['documents'],
            documents => $case->[0]), { documents => $case->[1] },
        'overlap of ' . NodeTool::Graph::text($case->[0]));
}
is_deeply(run_node('RemoveOverlap', ['documents'], documents => ['a b', 'b c'],
        min_overlap_words => 1), { documents => ['a b', 'c'] }, 'of one word');
like(run_node('RemoveOverlap', [], documents => [], min_overlap_words => 0),
    qr/must be at least 1/, 'of none');

$g->done;
done_testing();
