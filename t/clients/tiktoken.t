#!/usr/bin/perl

# CountTokens beside js-tiktoken, with its vocabularies.

use strict;
use warnings;
use utf8;

use lib 't/lib';

use Encode qw(encode_utf8);
use File::Path qw(make_path);
use File::Temp;
use JSON::PP ();
use Test::More;

use NodeTool::Files;
use NodeTool::Graph qw(graph node edges);

my $here = "$NodeTool::Graph::ROOT/t/clients";
my $modules = "$NodeTool::Graph::BUILD/clients/tiktoken";
my $json = JSON::PP->new->utf8->allow_nonref;
my $g = NodeTool::Graph->new(plugins => []);
my $dir = File::Temp->newdir('nodetool-tokens-XXXXXX', TMPDIR => 1);
make_path("$dir/work", $modules);

sub count_tokens {
    my ($encoding, $text) = @_;

    my $r = $g->run(graph([
            node(n => 'nodetool.text.CountTokens', text => $text,
                encoding => $encoding),
            node(out => 'nodetool.output.Output', name => 'o')],
        'n.output>out.value'), workspace => "$dir/work");
    return $r->{failure}{message} || $r->{results}{o};
}

like(count_tokens('cl100k_base', 'x'),
    qr/put OpenAI's file cl100k_base\.tiktoken into the folder "tokenizers"/,
    'without its vocabulary it says what is missing');

make_path("$dir/work/tokenizers");
spew("$dir/work/tokenizers/r50k_base.tiktoken", "eA== 0\n");
is(count_tokens('r50k_base', 'xxx'), 3, 'a vocabulary of one token');
like(count_tokens('r50k_base', 'xy'), qr/the vocabulary lacks a byte/,
    'and a text beyond it');
spew("$dir/work/tokenizers/r50k_base.tiktoken", "eA== 0\neHg= 1\n");
is(count_tokens('r50k_base', 'xxx'), 2, 'a vocabulary that has changed');
spew("$dir/work/tokenizers/r50k_base.tiktoken", "eA==\n");
like(count_tokens('r50k_base', 'x'),
    qr/is not a tiktoken vocabulary: line 1 is not "BASE64 RANK"/,
    'a file of another kind');

my @texts = (
    '', 'a', 'hello world', 'Hello, World! It\'s 2024; isn\'t IT\'LL?',
    "line one\nline two\r\n\r\n\tindented\n", ' ' x 17 . 'x' . ' ' x 5,
    '12345678901 3.14', 'naïve café — 東京タワー 😀👩‍👩‍👧', 'a' x 3000,
    'supercalifragilisticexpialidocious antidisestablishmentarianism',
    "def f(x):\n    return x ** 2  # square\n\n\n", '<|endoftext|>',
    'ſ\'ſ Ünïcode\u{a0}space ١٢٣', "tabs\t\t\tand   spaces \n \n x",
    'https://example.com/path?query=1&x=y#z', 'ABCdefGHI' x 50, "\x{1}\x{7f}",
);
spew("$dir/texts.json", $json->encode(\@texts));

SKIP: {
    -d "$modules/node_modules/js-tiktoken"
        or system("npm install --silent --no-audit --no-fund --prefix $modules "
            . 'js-tiktoken >/dev/null 2>&1') == 0
        or skip 'js-tiktoken is not here, and npm cannot get it', 1;

    open my $theirs, '-|', 'node', "$here/tiktoken.mjs",
        "$dir/work/tokenizers", $modules, "$dir/texts.json" or die "node: $!";
    my @rows = map { $json->decode($_) } readline $theirs;
    close $theirs;
    is(scalar @rows, 3 * @texts, 'js-tiktoken counts all texts');
    for my $row (@rows) {
        my ($encoding, $text, $want) = @$row;
        is(count_tokens($encoding, $text), $want,
            encode_utf8("$encoding " . substr NodeTool::Graph::text($text), 0,
                60));
    }
}

$g->done;
done_testing();
