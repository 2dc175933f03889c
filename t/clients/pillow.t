#!/usr/bin/perl

# Node types of the image pack beside Pillow, case by case (pillow.json): the
# same pixels, or nearly where a case allows "most" for a value, "mean" for
# their mean.  Pillow resizes rows or columns first as it likes, of which
# overshoots that are cut off in between can tell.

use strict;
use warnings;

use lib 't/lib';

use File::Temp;
use IPC::Open2;
use JSON::PP ();
use Test::More;

use NodeTool::Graph qw(graph node);
use NodeTool::Venv;

my $here = "$NodeTool::Graph::ROOT/t/clients";
plan skip_all => 'the image pack is not built'
    if !-e "$NodeTool::Graph::BUILD/packs/image.so";
my $python = NodeTool::Venv::python('pillow', 'numpy')
    or plan skip_all => 'Pillow is not here, and PyPI neither';

my $json = JSON::PP->new->utf8;
my $dir = File::Temp->newdir('nodetool-pillow-XXXXXX', TMPDIR => 1);
mkdir "$dir/$_" for qw(assets want);
system($python, "$here/pillow_ref.py", 'make', "$dir") == 0
    or die 'pillow_ref.py make failed';

open my $fh, '<', "$here/pillow.json" or die $!;
my @cases = @{ $json->decode(join '', <$fh>) };
close $fh;

my $pid = open2(my $out, my $in, $python, '-u', "$here/pillow_ref.py",
    'compare', "$dir");
my $g = NodeTool::Graph->new(plugins => []);

for my $n (0 .. $#cases) {
    my ($type, $data) = @{ $cases[$n] }{qw(type data)};
    my $name = "$type " . JSON::PP->new->canonical->encode($data);
    my %values = map { $_ => $data->{$_} =~ /^@(\w+)([.]\w+)?$/
        ? { type => 'image', asset_id => $1 . ($2 || '.png'), uri => '' }
        : $data->{$_} } keys %$data;
    my $r = $g->run(graph([node(n => $type, %values),
        node(o => 'nodetool.output.Output', name => 'o')],
        'n.output>o.value'), assets => "$dir/assets");
    my $key = ($r->{results}{o} || {})->{asset_id};
    if (!$key) {
        fail($name);
        diag(explain($r->{errors}, $r->{failure}));
        next;
    }
    print {$in} "$n $dir/assets/$key\n";
    my $off = $json->decode(scalar readline $out);
    my ($most, $mean) = @{ $cases[$n] }{qw(most mean)};
    ok(!$off->{error} && (defined $mean ? $off->{mean} <= $mean
        : $off->{max} <= ($most || 0)), $name) or diag(explain($off));
}

close $in;
waitpid $pid, 0;
$g->done;

done_testing();
