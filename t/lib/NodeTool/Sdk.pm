package NodeTool::Sdk;

# OpenAI's SDKs and other clients, installed from the registries into $BUILD/clients and kept
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

# The folder with the packages of package.json.
sub node_modules {
    my $folder = "$FOLDER/node";
    if (!-d "$folder/node_modules"
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
            Test::More::plan(skip_all => "npm cannot install the clients, see $folder/npm.log");
        }
    }
    return $folder;
}

# The command that runs a Node program of t/clients, which imports what
# package.json has.
sub node {
    my ($program) = @_;

    $program ||= 'openai_node.mjs';
    my $folder = node_modules();
    for my $file ($program, 'checks.mjs') {
        copy("$CLIENTS/$file", $folder) or die "$folder: $!";
    }
    return ('node', "$folder/$program");
}

# The same for a program of several files, t/clients/NAME/main.mjs.
sub node_folder {
    my ($name) = @_;

    my $folder = node_modules();
    make_path("$folder/$name");
    for my $file (glob "$CLIENTS/$name/*.mjs") {
        copy($file, "$folder/$name") or die "$folder/$name: $!";
    }
    return ('node', "$folder/$name/main.mjs");
}

# The same for Python.
sub python {
    my ($program) = @_;

    my $folder = "$FOLDER/python";
    if (!same("$CLIENTS/requirements.txt", "$folder/requirements.txt")) {
        make_path($FOLDER);
        if (system("python3 -m venv '$folder' > '$FOLDER/pip.log' 2>&1 &&"
            . " '$folder/bin/pip' install -r '$CLIENTS/requirements.txt'"
            . " >> '$FOLDER/pip.log' 2>&1") != 0)
        {
            Test::More::plan(skip_all => "pip cannot install the clients, see $FOLDER/pip.log");
        }
        copy("$CLIENTS/requirements.txt", $folder) or die "$folder: $!";
    }
    return ("$folder/bin/python", "$CLIENTS/" . ($program || 'openai_python.py'));
}

# Runs a program of checks against a server with the echo model and a mock
# provider.
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
    checks(20, @command);
    $t->done;
    return;
}

# Runs a program that prints results: "ok - ..." or "not ok - ...", more than
# $least of them.
sub checks {
    my ($least, @command) = @_;

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
    Test::More::cmp_ok($results, '>', $least, 'and checked what it should');
    return;
}

1;
