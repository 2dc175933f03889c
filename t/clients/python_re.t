#!/usr/bin/perl

# The regex nodes beside Python's re, by the cases of re.json.

use strict;
use warnings;

use lib 't/lib';

use Encode qw(encode_utf8);
use JSON::PP ();
use Test::More;

use NodeTool::Graph qw(graph node edges);

my $here = "$NodeTool::Graph::ROOT/t/clients";

system('python3 -c "import re" 2>/dev/null') == 0
    or plan skip_all => 'python3 is not here';

my $json = JSON::PP->new->utf8->allow_nonref;
my $g = NodeTool::Graph->new(plugins => []);

# The properties of a node for a case.
sub properties {
    my ($node, $pattern, $text, $arg) = @_;

    if ($node eq 'ExtractRegex' || $node eq 'FindAllRegex') {
        my %flags = map { $_->[0] => JSON::PP::true }
            grep { ($arg // '') =~ /$_->[1]/ }
            [dotall => 'd'], [ignorecase => 'i'], [multiline => 'm'];
        return (regex => $pattern, text => $text, %flags);
    }
    my %name = (RegexMatch => 'group', RegexReplace => 'replacement',
                RegexSplit => 'maxsplit');
    return (pattern => $pattern, text => $text,
            defined $arg ? ($name{$node} => $arg) : ());
}

open my $cases, '<:raw', "$here/re.json" or die "re.json: $!";
my @cases = @{ $json->decode(do { local $/; scalar readline $cases }) };
open my $theirs, '-|', 'python3', "$here/run_re.py", "$here/re.json"
    or die "python3: $!";

for my $case (@cases) {
    my $want = $json->decode(scalar readline $theirs);
    my ($node, @rest) = @$case;
    my $r = $g->run(graph([
            node(n => "nodetool.text.$node", properties($node, @rest)),
            node(out => 'nodetool.output.Output', name => 'o')],
        'n.output>out.value'));
    my $name = encode_utf8("$node " . NodeTool::Graph::text(\@rest));
    if ($want->{error}) {
        is($r->{status}, 'failed', "$name fails");
    } else {
        is_deeply($r->{results}, { o => $want->{output} }, $name)
            or diag(explain($r->{failure}, $want));
    }
}

$g->done;
done_testing();
