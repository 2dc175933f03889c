#!/usr/bin/perl

# The office pack beside openpyxl and python-docx: the checks of
# run_office.py.

use strict;
use warnings;

use lib 't/lib';

use Encode ();
use File::Temp ();
use JSON::PP ();
use NodeTool::Test;
use NodeTool::Venv;
use Test::More;

my $BUILD = $NodeTool::Test::BUILD;
plan skip_all => 'the office pack is not built: its libraries are missing'
    if !-e "$BUILD/packs/office.so";
my $python = NodeTool::Venv::python('openpyxl', 'python-docx')
    or plan skip_all => 'openpyxl and python-docx are not here, PyPI neither';

my $dir = File::Temp->newdir('nodetool-office-XXXXXX', TMPDIR => 1);
open my $checks, '-|', $python, "$NodeTool::Test::ROOT/t/clients/run_office.py",
    "$BUILD/t/engine/graph-run", "$BUILD/packs", "$dir" or die "$python: $!";
my $json = JSON::PP->new->utf8;
while (my $line = <$checks>) {
    my $check = $json->decode($line);
    ok($check->{ok}, Encode::encode_utf8($check->{name}))
        or diag(Encode::encode_utf8("got $check->{got}\nnot $check->{want}"));
}
ok(close $checks, 'all were made');

done_testing();
