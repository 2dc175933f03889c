#!/usr/bin/perl

# The nodes of lib.numpy.* beside NumPy: the cases of run_numpy.py.

use strict;
use warnings;

use lib 't/lib';

use Encode ();
use File::Temp ();
use JSON::PP ();
use NodeTool::Test;
use NodeTool::Venv;
use Test::More;

my $here = "$NodeTool::Test::ROOT/t/clients";
my $python = NodeTool::Venv::python('numpy')
    or plan skip_all => 'NumPy is not here, and PyPI neither';

my $dir = File::Temp->newdir('nodetool-numpy-XXXXXX', TMPDIR => 1);
my ($requests, $replies) = ("$dir/requests", "$dir/replies");
system("$python $here/run_numpy.py make > $requests") == 0
    or die 'the cases cannot be made';
is(system("$NodeTool::Test::BUILD/t/engine/graph-run - < $requests "
    . "> $replies"), 0, 'graph-run ends well');

open my $verdicts, '-|', $python, "$here/run_numpy.py", 'check', $requests,
    $replies or die "$python: $!";
my $json = JSON::PP->new->utf8;
my ($n, @wrong) = 0;
while (my $line = <$verdicts>) {
    my $verdict = $json->decode($line);
    $n++;
    push @wrong, $verdict if defined $verdict->{wrong};
}
ok(close $verdicts, 'all cases are compared');
cmp_ok($n, '>', 1500, 'and there are many');
is(scalar @wrong, 0, "$n cases have the results of NumPy");
diag(Encode::encode_utf8("$_->{name}: $_->{wrong}"))
    for @wrong[0 .. ($#wrong < 9 ? $#wrong : 9)];

done_testing();
