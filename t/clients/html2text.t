#!/usr/bin/perl

# HtmlToText beside html2text, by the cases of html2text.json.  Where we differ
# on purpose (no space behind a mark, no accents lost, tidy code blocks) is in
# t/engine/text-nodes.t.

use strict;
use warnings;

use lib 't/lib';

use Encode qw(encode_utf8);
use JSON::PP ();
use Test::More;

use NodeTool::Graph qw(graph node edges);
use NodeTool::Venv;

my $here = "$NodeTool::Graph::ROOT/t/clients";
my $python = NodeTool::Venv::python('html2text')
    or plan skip_all => 'html2text is not here, and PyPI neither';

my $json = JSON::PP->new->utf8->allow_nonref;
my $g = NodeTool::Graph->new(plugins => []);

open my $cases, '<:raw', "$here/html2text.json" or die "html2text.json: $!";
my @cases = @{ $json->decode(do { local $/; scalar readline $cases }) };
open my $theirs, '-|', $python, "$here/run_html2text.py",
    "$here/html2text.json" or die "$python: $!";

for my $case (@cases) {
    my ($html, $properties) = @$case;
    my $want = $json->decode(scalar readline $theirs)->{output};
    my $r = $g->run(graph([
            node(n => 'nodetool.text.HtmlToText', html => $html, %$properties),
            node(out => 'nodetool.output.Output', name => 'o')],
        'n.output>out.value'));
    is_deeply($r->{results}, { o => $want },
        encode_utf8(NodeTool::Graph::text($html)))
        or diag(explain($r->{results}, $want));
}

$g->done;
done_testing();
