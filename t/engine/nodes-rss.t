#!/usr/bin/perl

# lib.rss.*: feeds as they are published, of RSS 2.0, RSS 1.0 and Atom.

use strict;
use warnings;
use utf8;

use lib 't/lib';

use Encode qw(encode);
use Test::More;

use NodeTool::Graph qw(graph node);
use NodeTool::MockOpenAI;
use NodeTool::Test;

my %feeds = (
    '/rss' => encode('UTF-8', <<'XML'),
<?xml version="1.0" encoding="utf-8"?>
<?xml-stylesheet href="/style.xsl" type="text/xsl"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"
  xmlns:dc="http://purl.org/dc/elements/1.1/"
  xmlns:content="http://purl.org/rss/1.0/modules/content/"
  xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd">
<channel>
  <atom:link href="https://example.com/feed" rel="self"/>
  <title>News &amp; Views</title><link>https://example.com/</link>
  <description>All the news</description><language>en-us</language>
  <lastBuildDate>Tue, 24 Nov 2026 10:00:00 GMT</lastBuildDate>
  <generator>WordPress 6</generator>
  <image><title>Not this</title><link>https://example.com/image</link></image>
  <item>
    <itunes:title>Not this</itunes:title>
    <title><![CDATA[Caf&eacute; <b>opens</b>]]></title>
    <link>/posts/1</link>
    <description>&lt;p&gt;A café&nbsp;here&lt;/p&gt;</description>
    <content:encoded><![CDATA[<p>Longer</p>]]></content:encoded>
    <dc:creator>Ada</dc:creator>
    <pubDate>Mon, 23 Nov 2026 08:30:00 +0100</pubDate>
  </item>
  <item>
    <title>Second</title><guid>https://example.com/2</guid>
    <content:encoded>&lt;p&gt;Only here&lt;/p&gt;</content:encoded>
    <author>bob@example.com (Bob)</author><pubDate>soon</pubDate>
  </item>
  <item><title>Third</title><guid isPermaLink="false">x-3</guid></item>
</channel></rss>
XML
    '/atom' => encode('UTF-8', <<'XML'),
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de">
  <title type="html">Ein &lt;b&gt;Blog&lt;/b&gt;</title>
  <subtitle>Untertitel</subtitle>
  <link rel="self" href="/atom.xml"/><link href="/"/>
  <updated>2026-11-24T10:00:00Z</updated>
  <generator uri="x" version="1">Hugo</generator>
  <entry>
    <title>Eins</title>
    <link rel="enclosure" href="/a.mp3"/>
    <link rel="alternate" type="text/html" href="eins.html"/>
    <author><name>Grete</name><email>g@example.com</email></author>
    <published>2026-11-23T08:30:00.5+01:00</published>
    <updated>2026-11-24T00:00:00Z</updated>
    <summary type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">Ein <em>Text</em></div></summary>
  </entry>
  <entry><title>Zwei</title><updated>2026-11-22</updated>
    <content type="html">&lt;p&gt;Inhalt&lt;/p&gt;</content></entry>
</feed>
XML
    '/rdf' => <<'XML',
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
  xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel rdf:about="x"><title>Old</title><link>http://example.com</link>
<description>style</description><dc:language>fr</dc:language>
<dc:date>2026-11-24T12:00+00:00</dc:date></channel>
<item><title>One</title><link>http://example.com/1</link>
<dc:date>2026-11-20T12:00+02:00</dc:date></item>
</rdf:RDF>
XML
    '/latin' => "<?xml version='1.0' encoding='ISO-8859-1'?><rss><channel>"
        . "<title>Caf\xe9</title></channel></rss>",
    '/broken' => '<rss><channel><title>A & B</title><item><title>One'
        . '</title></item><item><title>Two</titl',
    '/bomb' => '<!DOCTYPE r [<!ENTITY a "' . 'x' x 1000 . '">'
        . join('', map { my $p = chr(ord($_) - 1);
            "<!ENTITY $_ \"" . "&$p;" x 10 . '">' } 'b' .. 'j')
        . ']><rss><channel><title>&j;ok</title></channel></rss>',
    '/file' => '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
        . '<rss><channel><title>&a;none</title></channel></rss>',
    '/html' => '<html><body>No feed</body></html>',
    '/text' => 'not even markup');

my $t = NodeTool::Test->new;
my $mock = NodeTool::MockOpenAI->start($t, 'web', sub {
    my ($c, $req) = @_;

    my $feed = $feeds{$req->{path}};
    return defined $feed ? $c->body(200, 'application/xml', $feed)
        : $c->json(404, {});
});
my $url = "http://127.0.0.1:$mock->{port}";
local $ENV{NODETOOL_HTTP_ALLOW} = '127.0.0.0/8';
my $g = NodeTool::Graph->new;

sub entries {
    my ($path) = @_;

    my @outputs = qw(title link published summary author);
    my $r = $g->run(graph([node(n => 'lib.rss.FetchRSSFeed',
            url => "$url$path"),
        map { (node("c$_" => 'nodetool.control.Collect'),
            node("o$_" => 'nodetool.output.Output', name => $_)) } @outputs],
        map { ("n.$_>c$_.input_item", "c$_.output>o$_.value") } @outputs));
    return $r->{failure}{message} if $r->{failure}{message};
    my $d = $r->{results}{published};
    return [map { my $i = $_; [$r->{results}{title}[$i],
        $r->{results}{link}[$i] =~ s/^\Q$url//r, sprintf('%04d-%02d-%02d %02d:%02d',
        @{ $d->[$i] }{qw(year month day hour minute)}),
        $r->{results}{summary}[$i], $r->{results}{author}[$i]] }
        0 .. $#$d];
}

sub metadata {
    my ($path) = @_;

    my $r = $g->run(graph([node(n => 'lib.rss.ExtractFeedMetadata',
            url => "$url$path"),
        node(o => 'nodetool.output.Output', name => 'o')],
        'n.output>o.value'));
    return $r->{results}{o} || $r->{failure}{message};
}

my $rss = entries('/rss');
my $today = qr/^20\d\d-/;
is_deeply($rss->[0], ['Caf&eacute; <b>opens</b>', '/posts/1',
    '2026-11-23 07:30', "<p>A caf\xe9\xa0here</p>", 'Ada'], 'an entry of RSS')
    or diag explain $rss->[0];
is_deeply([@{ $rss->[1] }[0, 1, 3, 4]], ['Second', 'https://example.com/2',
    '<p>Only here</p>', 'bob@example.com (Bob)'], 'one with less in it');
like($rss->[1][2], $today, 'which has no date: it is now');
is($rss->[2][1], '', 'a guid that is no link');
is(scalar @$rss, 3, 'that is all');
is_deeply(metadata('/rss'), { title => 'News & Views',
    description => 'All the news', link => 'https://example.com/',
    language => 'en-us', updated => 'Tue, 24 Nov 2026 10:00:00 GMT',
    generator => 'WordPress 6', entry_count => 3 }, 'what RSS tells');

my $atom = entries('/atom');
is_deeply($atom, [['Eins', '/eins.html', '2026-11-23 07:30',
    '<div xmlns="http://www.w3.org/1999/xhtml">Ein <em>Text</em></div>',
    'Grete'],
    ['Zwei', '', '2026-11-22 00:00', '<p>Inhalt</p>', '']], 'Atom')
    or diag explain $atom;
is_deeply(metadata('/atom'), { title => 'Ein <b>Blog</b>',
    description => 'Untertitel', link => "$url/", language => 'de',
    updated => '2026-11-24T10:00:00Z', generator => 'Hugo',
    entry_count => 2 }, 'what Atom tells');

is_deeply(entries('/rdf'), [['One', 'http://example.com/1',
    '2026-11-20 10:00', '', '']], 'RSS 1.0');
is(metadata('/rdf')->{language}, 'fr', 'what it tells');
is(metadata('/latin')->{title}, "Caf\xe9", 'Latin-1');
is(scalar @{ entries('/broken') }, 2, 'what is broken is read as far as it goes');
is(metadata('/bomb')->{title}, '&j;ok', 'entities of its own are texts');
is(metadata('/file')->{title}, '&a;none', 'also of files');
like(metadata('/html'), qr/is no feed of RSS or Atom/, 'a page');
like(metadata('/text'), qr/is no feed of RSS or Atom/, 'a text');
like(metadata('/none'), qr/answered with status 404/, 'nothing');

$g->done;
$t->done;
