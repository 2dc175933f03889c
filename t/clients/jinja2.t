#!/usr/bin/perl

# Templates of jinja2.json, rendered by Jinja2 and by us: the same text.

use strict;
use warnings;

use lib 't/lib';
use Encode ();
use JSON::PP ();
use NodeTool::Files;
use NodeTool::Test;
use NodeTool::Venv;
use Test::More;

my $here = "$NodeTool::Test::ROOT/t/clients";
my $python = NodeTool::Venv::python('jinja2')
    or plan skip_all => 'Jinja2 is not here, and PyPI neither';

my $json = JSON::PP->new->utf8->allow_nonref;

my $values = $json->decode(slurp("$here/jinja2-values.json"));
my @cases = grep { !/^-- / } @{ $json->decode(slurp("$here/jinja2.json")) };

open my $theirs, '-|', $python, "$here/render_jinja2.py", "$here/jinja2.json",
    "$here/jinja2-values.json" or die "$python: $!";

open my $input, '>:raw', my $path = "$NodeTool::Test::BUILD/jinja2-$$.jsonl"
    or die "$!";
# the values go as they are: what Perl decodes and encodes loses 1.0
my $raw = slurp("$here/jinja2-values.json") =~ s/\n\s*/ /gr;
print {$input} '{"template":', $json->encode($_), ',"values":', $raw, "}\n"
    for @cases;
close $input or die "$!";

open my $ours, '-|', "$NodeTool::Test::BUILD/t/engine/template - < $path"
    or die "$!";

for my $case (@cases) {
    my ($want, $got) = map { scalar readline $_ } $theirs, $ours;
    is_deeply($json->decode($got || '{}'), $json->decode($want || 'null'),
        Encode::encode_utf8($case =~ s/\n/\\n/gr));
}
ok(close $ours, 'our program ends well');
unlink $path;

done_testing();
