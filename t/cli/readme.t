#!/usr/bin/perl

# The README's console blocks: each command is run against a worker as it
# stands there, and answers what stands under it.

use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use NodeTool::Docs;
use NodeTool::Test;
use NodeTool::Worker;
use Test::More;

my $t = NodeTool::Test->new;
my $worker = start_server($t, 'worker', home => $t->dir . '/home',
    host => '0.0.0.0', env => { AUTH_PROVIDER => 'static' });

my @commands = NodeTool::Docs::commands(
    $t->read_file("$NodeTool::Test::ROOT/README.md"));
cmp_ok(scalar @commands, '>', 5, 'the README has commands');

$ENV{URL} = "http://127.0.0.1:$worker->{port}";
($ENV{TOKEN} = $t->read_file('home/token')) =~ s/\s+\z//;

NodeTool::Docs::check(@$_) for @commands;

$t->stop($worker);
$t->done;
