#!/usr/bin/perl

# nodetool.document.*

use strict;
use warnings;

use lib 't/lib';

use File::Path qw(make_path);
use File::Temp;
use JSON::PP;
use Test::More;

use NodeTool::Files;
use NodeTool::Graph qw(graph node edges);

my $g = NodeTool::Graph->new;
my $dir = File::Temp->newdir('nodetool-document-XXXXXX', TMPDIR => 1);
make_path("$dir/work/notes/old", "$dir/assets");

# All that an output sends.
sub items {
    my ($type, $output, %data) = @_;

    my $r = $g->run(graph([
            node(n => "nodetool.document.$type", %data),
            node(c => 'nodetool.control.Collect'),
            node(out => 'nodetool.output.Output', name => 'o')],
        "n.$output>c.input_item", 'c.output>out.value'),
        workspace => "$dir/work", assets => "$dir/assets");
    return $r->{failure}{message} ? "! $r->{failure}{message}"
        : $r->{results}{o};
}

sub text { return { type => 'document', uri => 'u', data => $_[0] } }

# --- files -------------------------------------------------------------------

spew("$dir/work/notes/a b.md", "caf\xc3\xa9. b");
spew("$dir/work/notes/c.txt", 'c');
spew("$dir/work/notes/old/d.md", 'd');
spew("$dir/work/notes/bad.txt", "\xff");
spew("$dir/assets/e.txt", 'asset');
symlink '/etc/passwd', "$dir/work/out.md" or die;

sub ref_of { return { type => 'document', uri => $_[0], asset_id => undef,
    data => undef, metadata => undef } }

is_deeply(items('LoadDocumentFile', 'output', path => 'notes/a b.md'),
    [ref_of('file:///notes/a%20b.md')], 'a file');
like(items('LoadDocumentFile', 'output'), qr/! 'path' must not be empty/,
    'no path');
like(items('LoadDocumentFile', 'output', path => 'none'), qr/does not exist/,
    'no file');
like(items('LoadDocumentFile', 'output', path => 'notes'),
    qr/'path' must be that of a file/, 'a folder');
like(items('LoadDocumentFile', 'output', path => '../assets/e.txt'),
    qr/leads out/, 'a file outside');

is_deeply([map { $_->{uri} } @{ items('ListDocuments', 'document',
            folder => 'notes', pattern => '*.md') }],
    ['file:///notes/a%20b.md'], 'documents of a folder');
is_deeply([sort map { $_->{uri} } @{ items('ListDocuments', 'document',
            pattern => '*.md', recursive => JSON::PP::true,
            folder => '~/notes') }],
    ['file:///notes/a%20b.md', 'file:///notes/old/d.md'], 'and of those in it');

sub saved {
    my ($document, %data) = @_;

    my $r = $g->run(graph([node(n => 'nodetool.document.SaveDocumentFile',
                document => $document, %data)]),
        workspace => "$dir/work", assets => "$dir/assets");
    return $r->{failure}{message} || '';
}

my $year = (localtime)[5] + 1900;
is(saved(text('x'), folder => 'new/er', filename => '%Y.txt'), '', 'saved');
is(slurp("$dir/work/new/er/$year.txt"), 'x', 'a text');
is(saved(ref_of('file:///notes/a%20b.md'), folder => '/', filename => 'f'), '',
    'saved');
is(slurp("$dir/work/f"), "caf\xc3\xa9. b", 'a file of the workspace');
is(saved({ type => 'document', asset_id => 'e.txt' }, folder => '~',
        filename => 'g'), '', 'saved');
is(slurp("$dir/work/g"), 'asset', 'an asset');
is(saved(ref_of('data:,a%20b'), folder => '/', filename => 'h'), '', 'saved');
is(slurp("$dir/work/h"), 'a b', 'a data: URI');
like(saved(text('x'), filename => 'x'), qr/'folder' must not be empty/,
    'no folder');
like(saved(text('x'), folder => '/'), qr/'filename' must not be empty/,
    'no name');
like(saved(text('x'), folder => '/', filename => '../x'), qr/leads out/,
    'a name outside');
like(saved(ref_of(''), folder => '/', filename => 'x'),
    qr/'document' is empty; connect a document/, 'no document');
ok(!-e "$dir/work/x" && !-e "$dir/x", 'and nothing is written');

# --- where the text comes from -----------------------------------------------

my @all = (chunk_size => 1000);
is_deeply(items('SplitRecursively', 'text', @all,
        document => ref_of('file:///notes/a%20b.md')), ["caf\x{e9}. b"],
    'a file: URI');
is_deeply(items('SplitRecursively', 'text', @all,
        document => ref_of('notes/c.txt')), ['c'], 'a path');
is_deeply(items('SplitRecursively', 'text', @all,
        document => { type => 'document', asset_id => 'e.txt' }), ['asset'],
    'an asset');
like(items('SplitRecursively', 'text', document => ref_of('notes/bad.txt')),
    qr/'document' must be text in UTF-8/, 'no text');
like(items('SplitRecursively', 'text', document => ref_of('file:///out.md')),
    qr/leads out/, 'a link outside');
like(items('SplitRecursively', 'text', document => ref_of('file:///../x')),
    qr/leads out|does not exist/, 'a path outside');
like(items('SplitRecursively', 'text', document => ref_of('http://a/b')),
    qr/cannot be opened here/, 'a URL');
like(items('SplitRecursively', 'text'), qr/'document' is empty/, 'nothing');

# --- SplitRecursively --------------------------------------------------------

my %recursive = (chunk_size => 10, chunk_overlap => 0,
    document => text("one two\n\nthree. four five. six\nse\x{e9}ven\n\n8"));
is_deeply(items('SplitRecursively', 'text', %recursive),
    ['one two', 'three', '. four five', '. six', "se\x{e9}ven", '8'],
    'chunks');
is_deeply(items('SplitRecursively', 'start_index', %recursive),
    [0, 9, 14, 25, 31, 39], 'start at these characters');
is_deeply(items('SplitRecursively', 'source_id', %recursive),
    [map { "u:$_" } 0 .. 5], 'and have ids');
is_deeply(items('SplitRecursively', 'text', chunk_size => 4,
        chunk_overlap => 2, separators => [''], document => text('abcdefgh')),
    ['abcd', 'cdef', 'efgh'], 'an overlap');
is_deeply(items('SplitRecursively', 'start_index', chunk_size => 4,
        chunk_overlap => 2, separators => [''], document => text('abcdefgh')),
    [0, 2, 4], 'starts within the last');
is_deeply(items('SplitRecursively', 'text', chunk_size => 5,
        chunk_overlap => 0, separators => [' '],
        document => text('aa bb cccccccc dd')),
    ['aa bb', ' cccccccc', 'dd'], 'what cannot be split stays whole');
is_deeply(items('SplitRecursively', 'text', document => text('')), [],
    'nothing of nothing');
like(items('SplitRecursively', 'text', document => text('a'), chunk_size => 0),
    qr/'chunk_size' must be at least 1/, 'no size');
like(items('SplitRecursively', 'text', document => text('a'), chunk_size => 5,
        chunk_overlap => 6), qr/'chunk_overlap' must be between/,
    'an overlap that is too large');
like(items('SplitRecursively', 'text', document => text('a' x 100_000),
        chunk_size => 10_000, chunk_overlap => 9_999, separators => ['']),
    qr/make the overlap smaller/, 'the chunks are bounded');

# --- SplitMarkdown -----------------------------------------------------------

my $markdown = "intro\n\n# One\ntext a\ntext b\n\npara\n## Two\n```\n# no\n"
    . "    code\n```\n#### Four\n# One #\nend";
my %markdown = (document => text($markdown));
is_deeply(items('SplitMarkdown', 'text', %markdown),
    ['intro', "text a\ntext b  \npara", "```\n# no\n    code\n```\n#### Four",
        'end'], 'sections');
is_deeply(items('SplitMarkdown', 'start_index', %markdown),
    [map { index $markdown, $_ } 'intro', 'text a', '```', 'end'],
    'and where they start');
is_deeply(items('SplitMarkdown', 'source_id', %markdown), [('u') x 4],
    'their source');
is_deeply(items('SplitMarkdown', 'text', %markdown,
        strip_headers => JSON::PP::false),
    ['intro', "# One\ntext a\ntext b  \npara",
        "## Two\n```\n# no\n    code\n```\n#### Four", "# One #\nend"],
    'with headings');
is_deeply(items('SplitMarkdown', 'text', strip_headers => JSON::PP::false,
        document => text("# A\n## B\nx\n# C\n")), ["# A  \n## B\nx", '# C'],
    'a heading stays with those above it');
is_deeply(items('SplitMarkdown', 'text', %markdown,
        return_each_line => JSON::PP::true),
    ['intro', "text a\ntext b", 'para',
        "```\n# no\n    code\n```\n#### Four", 'end'], 'paragraphs');
is_deeply(items('SplitMarkdown', 'text', %markdown,
        headers_to_split_on => [['##', '2']]),
    ["intro  \n# One\ntext a\ntext b  \npara",
        "```\n# no\n    code\n```\n#### Four\n# One #\nend"], 'other headings');
is_deeply(items('SplitMarkdown', 'text', chunk_size => 9, chunk_overlap => 4,
        document => text("# A\nab cd ef gh")), ['ab cd ef', 'ef gh'],
    'sections that are too long');
is_deeply(items('SplitMarkdown', 'text', chunk_size => 0,
        document => text('a ' x 1000)), ['a ' x 999 . 'a'], 'or not');
is_deeply(items('SplitMarkdown', 'text', document => text('')), [],
    'nothing of nothing');

# --- SplitHTML, SplitJSON ----------------------------------------------------

my %html = (document => text('<h1>T</h1><p>a <a href="x">l</a></p><p>b</p>'
    . '<ul><li>c <b>d</b></li><li>e</li></ul><div>no</div>'));
is_deeply(items('SplitHTML', 'text', %html), ['T', "a\nl\nb", 'c', 'd', 'e'],
    'elements of HTML');
is_deeply(items('SplitHTML', 'start_index', %html), [0 .. 4], 'counted');
is_deeply(items('SplitHTML', 'text', document => text('')), [],
    'nothing of nothing');

is_deeply(items('SplitJSON', 'text',
        document => text('{"a": {"b": [1, {"c": null}]}, "d": "x y"}')),
    ["a b 1\na b c None\nd x y"], 'a dict');
is_deeply(items('SplitJSON', 'text', document => text('[{"a": 1}, 2.5, {}]')),
    ['a 1', '2.5'], 'the members of a list');
like(items('SplitJSON', 'text', document => text('{')), qr/! 'document': /,
    'no JSON');
like(items('SplitJSON', 'text', document => text('1')),
    qr/must hold a list or a dict/, 'a number');

$g->done;
done_testing();
