#!/usr/bin/perl

# Anthropic's SDK, in front of providers of each dialect.

use strict;
use warnings;

use lib 't/lib';

use NodeTool::Gateway;

NodeTool::Gateway::run(25, NodeTool::Sdk::node('gateway_anthropic.mjs'));
