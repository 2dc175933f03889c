#!/usr/bin/perl

# nodetool.text.*, one node at a time: properties, and the value of its output
# or a part of its error.

use strict;
use warnings;
use utf8;

use lib 't/lib';

use Encode qw(encode_utf8);
use Test::More;

use NodeTool::Graph qw(graph node edges);

my $g = NodeTool::Graph->new(plugins => []);

my ($T, $F) = (JSON::PP::true, JSON::PP::false);

# Runs one node, with its inputs as properties.
sub run_node {
    my ($type, $properties, %opt) = @_;

    return $g->run(graph([node(n => "nodetool.text.$type", %$properties),
                          node(out => 'nodetool.output.Output', name => 'o')],
                         'n.output>out.value'), %opt);
}

# Runs a node that takes a stream: each item comes through a ForEach.
sub run_stream {
    my ($type, $handle, $items, %properties) = @_;

    return $g->run(graph([
            node(l => 'nodetool.constant.List', value => $items),
            node(e => 'nodetool.control.ForEach'),
            node(n => "nodetool.text.$type", %properties),
            node(c => 'nodetool.control.Collect'),
            node(out => 'nodetool.output.Output', name => 'o')],
        'l.output>e.input_list', "e.output>n.$handle", 'n.output>c.input_item',
        'c.output>out.value'));
}

sub gives {
    my ($name, $r, $want) = @_;

    $name = encode_utf8(substr $name, 0, 100);
    if (ref $want eq 'Regexp') {
        is($r->{status}, 'failed', "$name fails");
        return like($r->{failure}{message}, $want, "$name says why");
    }
    is_deeply($r->{results}, { o => $want }, $name)
        or diag(explain($r->{results}, $r->{failure}, $r->{errors}));
    return;
}

my $text = 'Hello World';

my @table = (
    Concat => { a => 'é', b => '😀' }, 'é😀',
    Concat => {}, '',
    Join => { strings => ['a', 1, undef, $T, 1.5, ['x']], separator => '-' },
        "a-1-None-True-1.5-['x']",
    Join => { strings => [] }, '',
    Replace => { text => 'aaa', old => 'a', new => 'bc' }, 'bcbcbc',
    Replace => { text => 'ab', old => '', new => '-' }, '-a-b-',
    Split => { text => 'a,b,,c' }, ['a', 'b', '', 'c'],
    Split => { text => '' }, [''],
    Split => { text => 'x', delimiter => '' }, qr/delimiter must not be empty/,
    Extract => { text => 'añb😀c', start => 1, end => 4 }, 'ñb😀',
    Extract => { text => $text, start => -5, end => -1 }, 'Worl',
    Extract => { text => $text, end => 999 }, $text,
    Extract => { text => $text, start => 5, end => 2 }, '',
    Slice => { text => $text, stop => 5 }, 'Hello',
    Slice => { text => $text, start => -5 }, 'World',
    Slice => { text => $text, step => 2 }, 'HloWrd',
    Slice => { text => 'añ😀', step => -1 }, '😀ña',
    Slice => { text => $text, start => 8, stop => 2, step => -2 }, 'rWo',
    Slice => { text => $text, step => 0 }, qr/step must not be 0/,
    Slice => { text => 'abc', start => -9223372036854775807, step => 3 }, 'a',
    Chunk => { text => 'a b c d e', length => 2 }, ['a b', 'c d', 'e'],
    Chunk => { text => 'a b c d', length => 3, overlap => 1 },
        ['a b c', 'c d'],
    Chunk => { text => 'a b', length => 2, overlap => 2 },
        qr/overlap \(2\) must be from 0 to below length \(2\)/,
    SurroundWith => { text => 'x', prefix => '<', suffix => '>' }, '<x>',
    SurroundWith => { text => '<x>', prefix => '<', suffix => '>' }, '<x>',
    SurroundWith => { text => '<x>', prefix => '<', suffix => '>',
                      skip_if_wrapped => $F }, '<<x>>',
    ToString => { value => { a => [1, $T, undef, "it's"] } },
        q({'a': [1, True, None, "it's"]}),
    ToString => { value => 'x' }, 'x',
    ToString => { value => "x\n", mode => 'repr' }, q('x\n'),

    ToUppercase => { text => 'straße ñ ﬁ' }, 'STRASSE Ñ FI',
    ToLowercase => { text => 'ÀÉ ΟΔΟΣ' }, 'àé οδος',
    ToTitlecase => { text => "it's élan-vital x2y" }, "It'S Élan-Vital X2Y",
    CapitalizeText => { text => 'éCOLE ABC' }, 'École abc',
    TrimWhitespace => { text => " \x{3000}x\t\n" }, 'x',
    TrimWhitespace => { text => ' x ', trim_end => $F }, 'x ',
    TrimWhitespace => { text => ' x ', trim_start => $F, trim_end => $F },
        ' x ',
    CollapseWhitespace => { text => "  a \n\t b  " }, 'a b',
    CollapseWhitespace => { text => " a \n b ", trim_edges => $F,
                            replacement => '_' }, '_a_b_',
    CollapseWhitespace => { text => "a  b\n\n  c", preserve_newlines => $T },
        "a b\n\n c",
    RemovePunctuation => { text => 'a.b, "c"!' }, 'ab c',
    RemovePunctuation => { text => 'a.b–c', punctuation => '–.',
                           replacement => '+' }, 'a+b+c',
    RemovePunctuation => { text => '.' x 10000, replacement => 'x' x 10000 },
        qr/the text becomes longer than 67108864 bytes/,
    CollapseWhitespace => { text => 'a ' x 10000,
                            replacement => 'x' x 10000 },
        qr/the text becomes longer/,
    Slugify => { text => 'a ' x 20000, separator => 'x' x 4096 },
        qr/the text becomes longer/,
    Slugify => { text => 'a', separator => 'x' x 5000 },
        qr/separator is longer than 4096 bytes/,
    RemovePunctuation => { text => 'a', punctuation => '.' x 5000 },
        qr/punctuation is longer than 4096 bytes/,
    Replace => { text => '.' x 10000, old => '', new => 'x' x 10000 },
        qr/the text becomes longer/,
    Join => { strings => [1 .. 10000], separator => 'x' x 10000 },
        qr/the text becomes longer/,
    StripAccents => { text => 'Crème Brûlée ﬁ 東京' }, 'Creme Brulee fi 東京',
    StripAccents => { text => 'é東', preserve_non_ascii => $F }, 'e',
    Slugify => { text => ' Héllo, Wörld! -- a_b ' }, 'hello-world-a-b',
    Slugify => { text => 'A B', separator => '_', lowercase => $F }, 'A_B',
    Slugify => { text => '東京 Tower' }, 'tower',
    Slugify => { text => '東京 Tower', allow_unicode => $T }, '東京-tower',
    TruncateText => { text => 'ñandú', max_length => 3 }, 'ñan',
    TruncateText => { text => $text, max_length => 8, ellipsis => '...' },
        'Hello...',
    TruncateText => { text => $text, max_length => 2, ellipsis => '...' },
        'He',
    TruncateText => { text => $text, max_length => 0, ellipsis => '…' }, '…',
    TruncateText => { text => $text, max_length => 11, ellipsis => '…' },
        $text,
    PadText => { text => 'é', length => 4 }, 'é   ',
    PadText => { text => 'é', length => 4, direction => 'left',
                 pad_character => '·' }, '···é',
    PadText => { text => 'a', length => 4, direction => 'both',
                 pad_character => '-' }, '-a--',
    PadText => { text => 'abc', length => 2 }, 'abc',
    PadText => { text => 'a', length => 3, pad_character => 'xy' },
        qr/pad_character must be one character, not 2/,
    PadText => { text => 'a', length => 999999999 }, qr/length must be at most/,

    Compare => { text_a => 'a', text_b => 'b' }, 'less',
    Compare => { text_a => 'b', text_b => 'a' }, 'greater',
    Compare => { text_a => 'É', text_b => ' é ', case_sensitive => $F,
                 trim_whitespace => $T }, 'equal',
    Equals => { text_a => 'A', text_b => 'a' }, $F,
    Equals => { text_a => 'A', text_b => 'a', case_sensitive => $F }, $T,
    StartsWith => { text => $text, prefix => 'Hell' }, $T,
    StartsWith => { text => 'x', prefix => 'xy' }, $F,
    EndsWith => { text => $text, suffix => 'World' }, $T,
    Contains => { text => $text, substring => 'lo W' }, $T,
    Contains => { text => $text, substring => 'WORLD' }, $F,
    Contains => { text => $text, substring => 'WORLD', case_sensitive => $F },
        $T,
    Contains => { text => $text, search_values => ['x', 'World'] }, $T,
    Contains => { text => $text, search_values => ['x', 'World'],
                  match_mode => 'all' }, $F,
    Contains => { text => $text, search_values => ['x', 'y'],
                  match_mode => 'none' }, $T,
    IsEmpty => { text => " \n" }, $T,
    IsEmpty => { text => " ", trim_whitespace => $F }, $F,
    HasLength => { text => 'ñandú', exact_length => 5 }, $T,
    HasLength => { text => 'abc', min_length => 2, max_length => 3 }, $T,
    HasLength => { text => 'abcd', min_length => 2, max_length => 3 }, $F,
    HasLength => { text => 'a', min_length => 2 }, $F,
    HasLength => { text => 'anything' }, $T,
    Length => { text => 'a😀ñ' }, 3,
    Length => { text => " one  two\nthree ", measure => 'words' }, 3,
    Length => { text => "a\n\nb\r\nc\n", measure => 'lines' }, 4,
    Length => { text => "\n a\n\nb\n", measure => 'lines',
                trim_whitespace => $T }, 2,
    Length => { text => ' x ', trim_whitespace => $T }, 1,
    IndexOf => { text => 'ñandú ñandú', substring => 'dú' }, 3,
    IndexOf => { text => 'ñandú ñandú', substring => 'DÚ',
                 case_sensitive => $F, search_from_end => $T }, 9,
    IndexOf => { text => 'abcabc', substring => 'c', start_index => 3 }, 5,
    IndexOf => { text => 'abcabc', substring => 'c', end_index => 2 }, -1,
    IndexOf => { text => 'abcabc', substring => 'a', end_index => -1,
                 start_index => 1 }, 3,
    IndexOf => { text => 'abc', substring => 'x' }, -1,

    ExtractRegex => { text => 'on 2024-05-06', regex => '(\d+)-(\d+)-(\d+)' },
        ['2024', '05', '06'],
    ExtractRegex => { text => 'x', regex => '(a)?x' }, [undef],
    ExtractRegex => { text => 'x', regex => '(y)' }, [],
    ExtractRegex => { text => "A\nb", regex => '(a.b)', dotall => $T,
                      ignorecase => $T }, ["A\nb"],
    FindAllRegex => { text => 'a1 b2', regex => '\d' }, ['1', '2'],
    FindAllRegex => { text => 'a1 b2', regex => '(\w)(\d)' },
        [['a', '1'], ['b', '2']],
    FindAllRegex => { text => "x\ny", regex => '^.', multiline => $T },
        ['x', 'y'],
    FindAllRegex => { text => 'a', regex => '(' },
        qr/regex is not a regular expression: missing closing parenthesis/,
    FindAllRegex => { text => 'a' x 40, regex => '(a+)+$|(a|a)*b' },  [['a' x 40, '']],
    FindAllRegex => { text => ('a' x 40) . '!', regex => '^(a+)+$' },
        qr/too many steps/,
    RegexMatch => { text => 'a1 b22', pattern => '([a-z])(\d+)' },
        ['a1', 'b22'],
    RegexMatch => { text => 'a1 b22', pattern => '([a-z])(\d+)', group => 2 },
        ['1', '22'],
    RegexMatch => { text => 'a', pattern => 'a', group => 1 },
        qr/group 1 is not in pattern/,
    RegexReplace => { text => 'John Smith', pattern => '(\w+) (\w+)',
                      replacement => '\2, \g<1>' }, 'Smith, John',
    RegexReplace => { text => 'aaa', pattern => 'a', replacement => 'b',
                      count => 2 }, 'bba',
    RegexReplace => { text => 'a', pattern => 'a', replacement => '\9' },
        qr/replacement refers to a group/,
    RegexSplit => { text => 'a1b22c', pattern => '\d+' }, ['a', 'b', 'c'],
    RegexSplit => { text => 'a1b2c', pattern => '(\d)', maxsplit => 1 },
        ['a', '1', 'b2c'],
    RegexValidate => { text => 'abc', pattern => '[a-c]+$' }, $T,
    RegexValidate => { text => 'xabc', pattern => '[a-c]+' }, $F,

    HtmlToText => { html => '<p>a <b>bold</b>, <i> it </i>b</p>' },
        "a **bold**, _it_ b\n\n",
    HtmlToText => { html => "<pre>x\n  y\n</pre><p>z</p>" },
        "    x\n      y\n\nz\n\n",
    HtmlToText => { html => '<p>&eacute;&copy;</p><b></b>' }, "é©\n\n",
    HtmlToText => { html => '<p>one two three</p>', body_width => 7 },
        "one two\nthree\n\n",
    HtmlToText => { html => '<p>one two</p>', body_width => 0 },
        "one two\n\n",
    HtmlToText => { html => '<div>' x 200 . 'deep' }, "deep\n\n",
    HtmlToText => { html => '<div>' x 20000 . 'deep' },
        qr/html is too large or its elements are nested too deeply/,
    HtmlToText => { html => '<ul><li>' x 100 . 'x' },
        '  ' x 100 . "* x\n\n",
    HtmlToText => { html => '<p>x<b>y <i>z' }, "x**y _z_**\n\n",
    HtmlToText => { html => '<a href="http://[bad">x</a>',
                    base_url => 'http://a/' }, "[x](http://\\[bad)\n\n",

    ParseJSON => { text => '{"a": [1, 2.5, null, "é"]}' },
        { a => [1, 2.5, undef, 'é'] },
    ParseJSON => { text => '7' }, 7,
    ParseJSON => { text => '{"a": }' }, qr/text is not JSON: .* line 1, column/,
    ExtractJSON => { text => '{"a": [{"b": 1}, {"b": 2}]}',
                     json_path => '$.a[*].b' }, 1,
    ExtractJSON => { text => '{"a": [{"b": 1}, {"b": 2}]}',
                     json_path => '$.a[*].b', find_all => $T }, [1, 2],
    ExtractJSON => { text => '{"a": 5}' }, 5,
    ExtractJSON => { text => '{}', json_path => '$.x' },
        qr/json_path finds nothing in this text: \$\.x/,
    ExtractJSON => { text => '{}', json_path => '$.x', find_all => $T }, [],
    ExtractJSON => { text => '{}', json_path => '$[' },
        qr/json_path is not right/,

    Template => { string => 'Hi {{ name|upper }} {name} {other}',
                  values => { name => 'Ann' } }, 'Hi ANN Ann {other}',
    Template => { string => '{{ a }}', values => { a => '{{ b }}',
                  b => 'no' } }, '{{ b }}',
    Template => { string => '{{ 1 +', values => {} }, qr/Template error: line/,
    FormatText => { template => 'Hello, {{ NAME }} {Name}',
                    -dynamic_properties => { name => 'Ann' } },
        'Hello, Ann Ann',
    FormatText => { template => '{{ a.b }}' },
        qr/Template error: line 1: 'a' is undefined/,
    FormatText => { template => '{% for x in xs %}{{ x }},{% endfor %}',
                    -dynamic_properties => { XS => [1, 2] } }, '1,2,',
);

while (my ($type, $properties, $want) = splice @table, 0, 3) {
    gives("$type " . NodeTool::Graph::text($properties),
        run_node($type, $properties), $want);
}

# --- streams -----------------------------------------------------------------

my @words = qw(apple banana cherry avocado);

gives('Collect', $g->run(graph([
            node(l => 'nodetool.constant.List', value => ['a', 'b', 'c']),
            node(e => 'nodetool.control.ForEach'),
            node(n => 'nodetool.text.Collect', separator => ', '),
            node(out => 'nodetool.output.Output', name => 'o')],
        'l.output>e.input_list', 'e.output>n.input_item',
        'n.output>out.value')), 'a, b, c');

for my $row (
    ['contains', 'an', ['banana']], ['starts_with', 'a', ['apple', 'avocado']],
    ['ends_with', 'y', ['cherry']], ['length_greater', '6', ['avocado']],
    ['length_less', ' 6 ', ['apple']],
    ['exact_length', '6', ['banana', 'cherry']], ['exact_length', 'x', []])
{
    my ($filter, $criteria, $want) = @$row;
    gives("FilterString $filter $criteria",
        run_stream('FilterString', 'value', \@words, filter_type => $filter,
            criteria => $criteria), $want);
}

gives('FilterRegexString',
    run_stream('FilterRegexString', 'value', \@words, pattern => 'an|rr'),
    ['banana', 'cherry']);
gives('FilterRegexString full match',
    run_stream('FilterRegexString', 'value', \@words, pattern => 'a\w+',
        full_match => $T), ['apple', 'avocado']);
gives('FilterRegexString bad pattern',
    run_stream('FilterRegexString', 'value', \@words, pattern => '('),
    qr/pattern is not a regular expression/);

# --- a value of another type -------------------------------------------------

gives('ToUppercase of a list', $g->run(graph([
            node(l => 'nodetool.constant.List', value => [[1]]),
            node(e => 'nodetool.control.ForEach'),
            node(n => 'nodetool.text.ToUppercase'),
            node(out => 'nodetool.output.Output', name => 'o')],
        'l.output>e.input_list', 'e.output>n.text', 'n.output>out.value')),
    qr/"text" takes str, but a value of type list came/);

$g->done;
done_testing();
