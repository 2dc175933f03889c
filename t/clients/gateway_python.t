#!/usr/bin/perl

# OpenAI's SDK for Python, in front of providers of each dialect.

use strict;
use warnings;

use lib 't/lib';

use NodeTool::Gateway;

NodeTool::Gateway::run(7, NodeTool::Sdk::python('gateway_python.py'));
