#!/usr/bin/perl

# lib.browser.*: WebFetch with its CSS selectors, and DownloadFile, against a
# server of the test.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use NodeTool::Graph qw(graph node);
use NodeTool::MockOpenAI;
use NodeTool::Test;

my $page = <<'HTML';
<!DOCTYPE html><html><head><title>Page</title></head><body>
<div id="d1" class="a  b"><p id="p1" lang="en-GB">p1</p><p id="p2"
 class="x-y">p2</p><span id="s1"></span><p id="p3">p3</p></div>
<div id="d2" data-k="one two"><ul id="u1"><li id="l1">l1</li><li id="l2">l2</li>
<li id="l3">l3</li><li id="l4">l4</li><li id="l5">l5</li></ul></div>
<h1 id="h1">Head <em>line</em></h1><a id="a1" href="/x.pdf">link</a></body></html>
HTML

my $t = NodeTool::Test->new;
my $mock = NodeTool::MockOpenAI->start($t, 'web', sub {
    my ($c, $req) = @_;

    return $c->body(200, 'text/html; charset=utf-8', $page)
        if $req->{path} eq '/page';
    return $c->body(200, 'text/plain; charset=latin1', "caf\xe9 <b>")
        if $req->{path} eq '/text';
    return $c->body(200, 'text/html', '<b>' x 5000) if $req->{path} eq '/deep';
    return $c->body(200, 'application/x-thing', "\0\xff")
        if $req->{path} eq '/file';
    return $c->json(404, { error => 'none' });
});
my $web = "http://127.0.0.1:$mock->{port}";
local $ENV{NODETOOL_HTTP_ALLOW} = '127.0.0.0/8';
my $g = NodeTool::Graph->new;

sub run_node {
    my ($type, %data) = @_;

    my $r = $g->run(graph([node(n => "lib.browser.$type", %data),
            node(o => 'nodetool.output.Output', name => 'o')],
        'n.output>o.value'));
    return $r->{failure}{message} // $r->{results}{o};
}

is(run_node('WebFetch', url => "$web/page", selector => 'h1, #a1'),
    "# Head _line_\n\n[link](/x.pdf)\n\n", 'a page as Markdown');
like(run_node('WebFetch', url => "$web/page"), qr/^p1\n\np2\n\np3\n\n.*Head/s,
    'its body');
is(run_node('WebFetch', url => "$web/page", selector => ''),
    run_node('WebFetch', url => "$web/page"), 'or nothing in particular');
is(run_node('WebFetch', url => "$web/text"), "caf\xe9 <b>",
    'what is no HTML comes as it is');
like(run_node('WebFetch', url => "$web/none"), qr/404/, 'no page');
like(run_node('WebFetch', url => ''), qr/'url' must not be empty/, 'no URL');
like(run_node('WebFetch', url => "$web/deep"), qr/too deeply nested/,
    'a page that is nested too deep');

# Which of the elements with a text of their own match.
sub matches {
    my ($selector) = @_;

    my $text = run_node('WebFetch', url => "$web/page",
        selector => $selector);
    return $text if $text =~ /'selector'/;
    return join ' ', $text =~ /\b([pl]\d)\b/g;
}

my @cases = (
    'p' => 'p1 p2 p3', 'P' => 'p1 p2 p3', '#p2' => 'p2', 'p#p2' => 'p2',
    '.a p' => 'p1 p2 p3', '.b > p' => 'p1 p2 p3', 'body > p' => undef,
    'div.a.b #p1' => 'p1', '.x-y' => 'p2', '[class]' => 'p1 p2 p3 p2',
    '[id=p3]' => 'p3', '[id="p3"]' => 'p3', "[ id = 'p3' ]" => 'p3',
    '[data-k~=two] li' => 'l1 l2 l3 l4 l5', '[data-k~="one two"]' => undef,
    '[lang|=en]' => 'p1', '[id^=p]' => 'p1 p2 p3', '[id$="2"]:not(div)' => 'p2 l2',
    'p[id*="3"]' => 'p3', '[id^=""]' => undef,
    'p + p' => 'p2', 'p ~ p' => 'p2 p3', 'span + p' => 'p3', 'p+span~p' => 'p3',
    'div + div li' => 'l1 l2 l3 l4 l5', 'li:first-child' => 'l1',
    'li:last-child' => 'l5', 'p:first-of-type' => 'p1',
    'p:last-of-type' => 'p3', 'li:nth-child(2)' => 'l2',
    'li:nth-child(odd)' => 'l1 l3 l5', 'li:nth-child( 2n )' => 'l2 l4',
    'li:nth-child(-n+2)' => 'l1 l2', 'li:nth-child(n + 4)' => 'l4 l5',
    'li:nth-last-child(1)' => 'l5', 'p:nth-child(4)' => 'p3',
    'p:nth-of-type(3)' => 'p3', 'p:not(.x-y)' => 'p1 p3',
    'p:not(:first-child):not(#p3)' => 'p2', 'ul:only-child li' => 'l1 l2 l3 l4 l5',
    'li:not([id=l1]):nth-child(-2n+3)' => 'l3', 'p:not(:empty)' => 'p1 p2 p3',
    '* > li#l1' => 'l1', 'p, #l2 , .x-y' => 'p1 p2 p3 l2', '#\70 1' => undef,
    'html body div ul li:nth-child(3)' => 'l3');
while (my ($selector, $want) = splice @cases, 0, 2) {
    if (defined $want) {
        is(matches($selector), $want, $selector);
    } else {
        like(matches($selector), qr/'selector' matches nothing/, $selector);
    }
}
for my $case ('p >' => 'an element is missing', ', p' => 'an element is missing',
    'p[' => 'a name is missing', 'p[id' => 'a "=" is missing', 'p[id=x' => 'a "]" is missing',
    'p[id=' => 'a name is missing', 'p[id="x]' => 'a quote is not closed',
    'p:hover' => 'a pseudo-class is not known', 'p::before' => 'a name is missing',
    'p:nth-child(x)' => 'number of a child', 'p:nth-child(2' => 'parenthesis',
    'p:not(a b)' => ':not\(\) takes one', '.' => 'a name is missing',
    'p!' => 'out of place', 'p' x 5000 => 'too long',
    join(' ', ('p') x 65) => 'too long', '.a' x 600 => 'too long')
{
    push @cases, $case;
}
while (my ($selector, $fault) = splice @cases, 0, 2) {
    like(matches($selector), qr/'selector': .*$fault/, substr $selector, 0, 20);
}

is_deeply(run_node('DownloadFile', url => "$web/file"), { type => 'bytes',
    uri => 'data:application/x-thing;base64,AP8=' }, 'a file');
like(run_node('DownloadFile', url => "$web/none"), qr/404/, 'no file');

$g->done;
$t->done;
