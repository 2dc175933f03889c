#!/usr/bin/perl

# The providers' own SDKs against their mocks.

use strict;
use warnings;

use lib 't/lib';

use NodeTool::Gateway;

NodeTool::Gateway::run(10, NodeTool::Sdk::node('gateway_mocks.mjs'));
