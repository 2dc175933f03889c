#!/usr/bin/perl

# OpenAI's SDK for Python.

use strict;
use warnings;

use lib 't/lib';

use NodeTool::Sdk;

NodeTool::Sdk::run(NodeTool::Sdk::python());
