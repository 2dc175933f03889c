#!/usr/bin/perl

# workflow_stream.t with jobs and events in Redis.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);

$ENV{NODETOOL_TEST_STORE} = 'redis';

my $file = abs_path(dirname(__FILE__)) . '/workflow_stream.t';
do $file;
die $@ if $@;
