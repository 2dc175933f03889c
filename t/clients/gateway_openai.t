#!/usr/bin/perl

# OpenAI's SDK for Node, in front of providers of each dialect.

use strict;
use warnings;

use lib 't/lib';

use NodeTool::Gateway;

NodeTool::Gateway::run(30, NodeTool::Sdk::node('gateway_openai.mjs'));
