#!/usr/bin/perl

# OpenAI's SDK for Node.

use strict;
use warnings;

use lib 't/lib';

use NodeTool::Sdk;

NodeTool::Sdk::run(NodeTool::Sdk::node());
