#!/usr/bin/perl

# LiteLLM's client, in front of providers of each dialect.

use strict;
use warnings;

use lib 't/lib';

use NodeTool::Gateway;

NodeTool::Gateway::run(7, NodeTool::Sdk::python('gateway_litellm.py'));
