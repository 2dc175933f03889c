#!/usr/bin/perl

# Runs each program of this folder, t/engine/x.c, built as $BUILD/t/engine/x;
# they print TAP.

use strict;
use warnings;

use lib 't/lib';

use NodeTool::Programs;

NodeTool::Programs::run(__FILE__);
