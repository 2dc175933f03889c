package NodeTool::Sdk;

# OpenAI's SDKs, installed from the registries into $BUILD/clients and kept
# between runs. A test is skipped, with a word, where that cannot be done.

use strict;
use warnings;

use File::Copy qw(copy);
use File::Path qw(make_path);
use Test::More ();

use NodeTool::MockOpenAI;
use NodeTool::Test;

my $CLIENTS = "$NodeTool::Test::ROOT/t/clients";
my $FOLDER = "$NodeTool::Test::BUILD/clients";

sub same {
    my ($path, $other) = @_;

    return -e $other && system('cmp', '-s', $path, $other) == 0;
}

# The command that runs a Node program, which imports "openai".
sub node {
    my $folder = "$FOLDER/node";
    if (!-d "$folder/node_modules/openai"
        || !same("$CLIENTS/package.json", "$folder/package.json"))
    {
        Test::More::plan(skip_all => 'npm is not there')
            if system('npm --version > /dev/null 2>&1') != 0;
        make_path($folder);
        copy("$CLIENTS/package.json", $folder) or die "$folder: $!";
        if (system("cd '$folder' && npm install --no-audit --no-fund"
            . ' > npm.log 2>&1') != 0)
        {
            unlink "$folder/package.json";
            Test::More::plan(skip_all => "npm cannot install openai, see $folder/npm.log");
        }
    }
    copy("$CLIENTS/openai_node.mjs", $folder) or die "$folder: $!";
    return ('node', "$folder/openai_node.mjs");
}

# The same for Python.
sub python {
    my $folder = "$FOLDER/python";
    if (!same("$CLIENTS/requirements.txt", "$folder/requirements.txt")) {
        make_path($FOLDER);
        if (system("python3 -m venv '$folder' > '$FOLDER/pip.log' 2>&1 &&"
            . " '$folder/bin/pip' install -r '$CLIENTS/requirements.txt'"
            . " >> '$FOLDER/pip.log' 2>&1") != 0)
        {
            Test::More::plan(skip_all => "pip cannot install openai, see $FOLDER/pip.log");
        }
        copy("$CLIENTS/requirements.txt", $folder) or die "$folder: $!";
    }
    return ("$folder/bin/python", "$CLIENTS/openai_python.py");
}

# Runs a program of checks against a server with the echo model and a mock
# provider; each line that it prints is a result: "ok - ..." or "not ok - ...".
sub run {
    my (@command) = @_;

    my $t = NodeTool::Test->new;
    my $mock = NodeTool::MockOpenAI->start($t, 'mock');
    my $ng = $t->nginx(<<'CONF', modules => ['base', 'auth', 'chat'], http => <<"HTTP");
        nodetool_errors on;
        location /v1/ {
            nodetool_auth static;
            nodetool_auth_token secret-token;
            nodetool_chat;
            nodetool_model error-* mock;
        }
CONF
        nodetool_provider mock { url http://127.0.0.1:$mock->{port}/v1; key sk-test; }
HTTP
    $ENV{NODETOOL_URL} = "http://127.0.0.1:$ng->{port}/v1";
    open my $out, '-|', @command or die "$command[0]: $!";
    my $results = 0;
    while (my $line = <$out>) {
        if ($line =~ /^(not )?ok - (.*)$/) {
            Test::More::ok(!$1, $2);
            $results++;
        } else {
            Test::More::diag($line);
        }
    }
    close $out;
    Test::More::is($?, 0, 'the program ran to its end');
    Test::More::cmp_ok($results, '>', 20, 'and checked what it should');
    $t->done;
    return;
}

1;
