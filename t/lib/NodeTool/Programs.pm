package NodeTool::Programs;

# Runs the test programs of a folder, x.c built as $BUILD/FOLDER/x, each as a
# subtest. A program prints TAP, and ends with status 0 when all is well.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use Test::More;

our $ROOT = abs_path(dirname(__FILE__) . '/../../..');
our $BUILD = $ENV{NODETOOL_BUILD} || "$ROOT/build";

sub run {
    my ($wrapper) = @_;

    my $folder = abs_path(dirname($wrapper));
    my $relative = $folder =~ s{^\Q$ROOT\E/}{}r;

    for my $source (sort glob "$folder/*.c") {
        my $name = basename($source, '.c');
        subtest $name => sub { program("$BUILD/$relative/$name") };
    }
    done_testing();
    return;
}

sub program {
    my ($path) = @_;

    open my $out, '-|', $path
        or return fail("$path: $! (make test-programs builds it)");
    my ($count, $plan) = (0, -1);
    while (my $line = <$out>) {
        if ($line =~ /^(not )?ok \d+(?: - (.*))?$/) {
            my ($failed, $name) = ($1, $2 // '');
            $count++;
            # Test::More frowns at a value as a name
            $name = "'$name'" if $name =~ /^[\d\s]+$/;
            $name =~ /^(.*?) ?# SKIP/i ? pass($name) : ok(!$failed, $name);
        } elsif ($line =~ /^1\.\.(\d+)(?: # SKIP (.*))?$/) {
            $plan = $1;
            pass("skipped: $2") if defined $2;
        } else {
            note($line);
        }
    }
    close $out;
    is($?, 0, 'ends well');
    is($count, $plan, 'runs what it planned');
    return;
}

1;
