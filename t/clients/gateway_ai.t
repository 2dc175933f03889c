#!/usr/bin/perl

# Vercel's AI SDK, in front of providers of each dialect.

use strict;
use warnings;

use lib 't/lib';

use NodeTool::Gateway;

NodeTool::Gateway::run(7, NodeTool::Sdk::node('gateway_ai.mjs'));
