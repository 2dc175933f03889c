package NodeTool::Venv;

# Python packages from PyPI, in virtual environments under $BUILD/clients.
#
#   my $python = NodeTool::Venv::python('jinja2') or plan skip_all => '...';

use strict;
use warnings;

use NodeTool::Test;

# What is imported of a package that has another name.
my %MODULE = (pillow => 'PIL', pyjwt => 'jwt', 'python-docx' => 'docx');

# The path of a Python that can import all of these packages; undef when it
# can be had neither from the system nor from PyPI.
sub python {
    my (@packages) = @_;

    my $import = 'import ' . join ', ', map { $MODULE{$_} || $_ } @packages;
    my $has = sub { system("$_[0] -c '$import' 2>/dev/null") == 0 };
    return 'python3' if $has->('python3');

    my $venv = "$NodeTool::Test::BUILD/clients/" . join '-', @packages;
    if (!-x "$venv/bin/python") {
        system("python3 -m venv $venv >/dev/null 2>&1") == 0 or return;
    }
    if (!$has->("$venv/bin/python")) {
        system("$venv/bin/pip -q install --disable-pip-version-check "
            . "@packages >/dev/null 2>&1");
    }
    return $has->("$venv/bin/python") ? "$venv/bin/python" : undef;
}

1;
