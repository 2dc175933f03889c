#!/usr/bin/perl

# lib.beautifulsoup.*

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use NodeTool::Graph qw(graph node edges);
use NodeTool::NodeTable qw(run_table);

my $g = NodeTool::Graph->new;

run_table(<<'TABLE', graph => $g);
lib.beautifulsoup.BaseUrl {"url":"https://example.com/a/b?c#d"} => 'https://example.com'
lib.beautifulsoup.BaseUrl {"url":"HTTPS://u:p@Example.com:8080"} => 'https://u:p@Example.com:8080'
lib.beautifulsoup.BaseUrl {"url":" http://a?b "} => 'http://a'
lib.beautifulsoup.BaseUrl {"url":"http://[::1]:80/x"} => 'http://[::1]:80'
lib.beautifulsoup.BaseUrl {} !! 'url' must not be empty
lib.beautifulsoup.BaseUrl {"url":"example.com/a"} !! 'url' must have a scheme and a host
lib.beautifulsoup.BaseUrl {"url":"mailto:a@b"} !! 'url' must have a scheme and a host
lib.beautifulsoup.BaseUrl {"url":"http:///a"} !! 'url' must have a scheme and a host
lib.beautifulsoup.BaseUrl {"url":"1http://a"} !! 'url' must have a scheme and a host

lib.beautifulsoup.HTMLToText {} => ''
lib.beautifulsoup.HTMLToText {"text":"plain"} => 'plain'
lib.beautifulsoup.HTMLToText {"text":"<h1>T</h1><p>a<br>b &amp; <b>c</b></p><ul><li>x</li><li>y</li></ul>"} => 'T\na\nb & c\nx\ny'
lib.beautifulsoup.HTMLToText {"text":"<p>a</p>\n\n \n<p>b   c</p>"} => 'a\n\nb c'
lib.beautifulsoup.HTMLToText {"text":"<p>a</p><p>b</p>","preserve_linebreaks":false} => 'ab'
lib.beautifulsoup.HTMLToText {"text":"<p>a</p> <div>b\nc</div>","preserve_linebreaks":false} => 'a b\nc'
lib.beautifulsoup.HTMLToText {"text":"x<script>var a = '<p>';</script><style>p {}</style><!-- no -->y"} => 'xy'
lib.beautifulsoup.HTMLToText {"text":"<p>caf&eacute; \u00e9 &#x1F600;</p>"} => 'café é 😀'

lib.beautifulsoup.WebsiteContentExtractor {} => 'No main content found'
lib.beautifulsoup.WebsiteContentExtractor {"html_content":"<body><nav>menu</nav><div>a</div> <div id=\"main-content\"><h1>T</h1><p>b\n c</p><footer>f</footer></div></body>"} => 'T b c'
lib.beautifulsoup.WebsiteContentExtractor {"html_content":"<main>m</main><article>a <header>h</header>b<script>s</script></article>"} => 'a b'
lib.beautifulsoup.WebsiteContentExtractor {"html_content":"<main>m</main><div class=\"content\">c</div>"} => 'm'
lib.beautifulsoup.WebsiteContentExtractor {"html_content":"<div class=\"x content\">c</div><p>d</p>"} => 'c'
lib.beautifulsoup.WebsiteContentExtractor {"html_content":"<p>a<b>b</b>c</p><p>d</p><nav>n</nav>"} => 'abc d'
TABLE

my $page = '{"html":"<html><head><title>A &amp; B</title>'
    . '<meta name=\"Description\" content=\"what it is\"><meta charset=utf-8>'
    . '<meta name=\"description\" content=\"second\"></head><body></body>"}';
my %metadata = (title => "'A & B'", description => "'what it is'",
    keywords => "''");
run_table("lib.beautifulsoup.ExtractMetadata $page => $metadata{$_}\n"
        . "lib.beautifulsoup.ExtractMetadata {} => ''\n",
    graph => $g, output => $_) for sort keys %metadata;

# All that a node sends.
sub items {
    my ($type, $output, %data) = @_;

    my $r = $g->run(graph([
            node(n => "lib.beautifulsoup.$type", %data),
            node(c => 'nodetool.control.Collect'),
            node(out => 'nodetool.output.Output', name => 'o')],
        "n.$output>c.input_item", 'c.output>out.value'));
    return $r->{failure}{message} ? "! $r->{failure}{message}"
        : $r->{results}{o};
}

sub uris { return [map { $_->{uri} } @{ items(@_) }] }

my %links = (base_url => 'https://a.b/', html => '<p><a href="/x"> One '
    . "<b>\x{e9}</b> </a>"
    . '<a name="n">no</a><A HREF="https://a.b/y">'
    . '<script>s</script>two</A><a href="https://c.d/"></a>'
    . '<a href="//a.b/z">z</a><a href="mailto:m">m</a>');
is_deeply(items('ExtractLinks', 'href', %links),
    ['/x', 'https://a.b/y', 'https://c.d/', '//a.b/z', 'mailto:m'], 'links');
is_deeply(items('ExtractLinks', 'text', %links),
    ["One \x{e9}", 'two', '', 'z', 'm'], 'their texts');
is_deeply(items('ExtractLinks', 'type', %links),
    [qw(internal internal external external external)], 'their types');
is_deeply(items('ExtractLinks', 'href'), [], 'no links of nothing');
like(items('ExtractLinks', 'href', html => '<b>' x 5000),
    qr/! 'html' is too large or its elements are nested too deeply/,
    'HTML that is nested too deeply');

my %media = (base_url => 'https://a.b/c/d.html', html => '<img src="1.png">'
    . '<img alt="none"><img src=""><img src="/2 ' . "\x{e9}" . '.png"><img src="data:,x">'
    . '<video src="v.mp4"></video><video><source src="../w.mp4"></video>'
    . '<iframe src="//y.z/e"></iframe><video></video><picture>'
    . '<source src="p.webp"></picture><audio src="a.mp3"></audio>'
    . '<audio><source src="b.ogg"><source src="b.mp3"></audio>');
is_deeply(items('ExtractImages', 'image', %media)->[0],
    { type => 'image', uri => 'https://a.b/c/1.png', asset_id => undef,
        data => undef, metadata => undef }, 'an image');
is_deeply(uris('ExtractImages', 'image', %media), ['https://a.b/c/1.png',
        'https://a.b/2%20%C3%A9.png', 'data:,x'], 'images');
is_deeply(uris('ExtractImages', 'image', html => '<img src="x y.png">'),
    ['x y.png'], 'without a base');
is_deeply(uris('ExtractVideos', 'video', %media), ['https://a.b/c/v.mp4',
        'https://a.b/w.mp4', 'https://y.z/e'], 'videos');
is(items('ExtractVideos', 'video', %media)->[0]{type}, 'video', 'a video');
is_deeply(uris('ExtractAudio', 'audio', %media), ['https://a.b/c/a.mp3',
        'https://a.b/c/b.ogg', 'https://a.b/c/b.mp3'], 'sounds');

$g->done;
done_testing();
