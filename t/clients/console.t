#!/usr/bin/perl

# The console at /console/, in Debian's Chromium: t/clients/console/*.mjs.
# Pictures of each view, light, dark and on a phone, are left in
# $BUILD/screenshots.

use strict;
use warnings;

use File::Path qw(make_path remove_tree);
use MIME::Base64 qw(encode_base64);
use Test::More;
use lib 't/lib';

use NodeTool::Console;
use NodeTool::PNG;
use NodeTool::Sdk;
use NodeTool::Test;

my @command = NodeTool::Sdk::node_folder('console');
plan(skip_all => 'chromium is not there') if !-x '/usr/bin/chromium';

my $t = NodeTool::Test->new;
my $ng = NodeTool::Console::start($t);

# --- the files ---------------------------------------------------------------

my $r = $t->get($ng, '/console');
is($r->{status}, 301, '/console');
is($r->{headers}{location}, '/console/', 'leads to the page');

$r = $t->get($ng, '/console/');
is($r->{status}, 200, 'the page needs no token');
is($r->{headers}{'content-type'}, 'text/html', 'its type');
my $policy = $r->{headers}{'content-security-policy'};
like($policy, qr/^default-src 'none'; script-src 'self'; style-src 'self';/,
    'a strict policy');
unlike($policy, qr/unsafe|\*|https?:/, 'without exceptions');
like($policy, qr/frame-ancestors 'none'/, 'nobody frames it');
is($r->{headers}{'x-content-type-options'}, 'nosniff', 'nosniff');
is($r->{headers}{'referrer-policy'}, 'no-referrer', 'no referrer');
is($r->{headers}{'cache-control'}, 'no-cache', 'revalidated');
unlike($r->{body}, qr/<style|style=|\son\w+=|<script>/, 'nothing inline');
is($t->get($ng, '/console/', headers =>
    ['If-None-Match', $r->{headers}{etag}])->{status}, 304, 'by its tag');
is($t->get($ng, '/console/none.js')->{status}, 404, 'a file that is not there');
is($t->get($ng, '/workflows')->{status}, 401, 'the API needs a token');

# --- the sources -------------------------------------------------------------

my @sources = glob "$NodeTool::Test::ROOT/console/js/*.js";
is(system("printf '%s\\0' @sources | xargs -0 -n 1 -P 4 sh -c"
    . " 'exec node --input-type=module --check <\"\$0\"'"), 0,
    'the sources are JavaScript');
for my $file (@sources) {
    my ($name) = $file =~ m{([^/]+)\z};
    my $source = $t->read_file($file);
    unlike($source, qr/\b(?:inner|outer)HTML\b|insertAdjacentHTML|\beval\b
        |new\ Function|document\.write|https?:\/\/(?!www\.w3\.org\/2000\/svg)\w/x,
        "$name: parses no text as HTML or code, asks no other server");
    my @imports = map { /\w+/g }
        $source =~ /^import (?:\* as (?=\w)|\{)([^}]*?)\}?\s+from /mg;
    my @unused = grep {
        my $n = $_;
        1 == (() = $source =~ /\b\Q$n\E\b/g)
    } @imports;
    is("@unused", '', "$name: uses what it imports");
    is(join(' ', grep { length > 80 } split /\n/, $source), '',
        "$name: lines of 80");
}

# --- the browser -------------------------------------------------------------

my $shots = "$NodeTool::Test::BUILD/screenshots";
remove_tree($shots);
make_path($shots);
$ENV{NODETOOL_URL} = "http://127.0.0.1:$ng->{port}";
$ENV{NODETOOL_EDITOR} = "http://127.0.0.1:"
    . NodeTool::Console::editor($t, $ng->{engine})->{port};
$ENV{NODETOOL_TOKEN} = $NodeTool::Console::TOKEN;
$ENV{NODETOOL_SHOTS} = $shots;
$ENV{NODETOOL_WORKERS} = join ' ', `ps -o pid= --ppid $ng->{pid}` =~ /(\d+)/g;
$ENV{NODETOOL_PNG} = encode_base64(NodeTool::Console::picture(), '');
$t->expect_log(qr/exited on signal 9/);

open my $out, '-|', @command, @ARGV or die "$command[0]: $!";
my ($results, $skipped) = (0, '');
while (my $line = <$out>) {
    if ($line =~ /^(not )?ok - (.*)$/) {
        ok(!$1, $2);
        $results++;
    } elsif ($line =~ /^skip - (.*)$/) {
        $skipped = $1;
    } elsif ($line =~ /^# (.*)$/) {
        note($1);
    } else {
        chomp $line;
        diag($line);
    }
}
close $out;
SKIP: {
    skip $skipped, 2 if $skipped;
    is($?, 0, 'the flows ran to their end');
    cmp_ok($results, '>', 100, 'and checked what they should') if !@ARGV;
}
$t->done;
