#!/usr/bin/perl

# The command line of nodetool-engine.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use NodeTool::Test;

my $t = NodeTool::Test->new;
my $engine = "$NodeTool::Test::BUILD/nodetool-engine";

sub run {
    my (@args) = @_;

    my $child = $t->spawn('run', [$engine, @args]);
    my $status = $t->wait_exit($child, 10);
    if (!defined $status) {
        $t->stop($child, 'KILL');
        return (-1, 'it runs');
    }
    my $output = $t->read_file($child->{log});
    unlink $child->{log};
    return ($status >> 8, $output);
}

my ($status, $output) = run('--help');
is($status, 0, '--help');
for my $option (qw(socket home store redis nodes http-allow max-running max-queued job-ttl
    max-body drain log-level help version))
{
    like($output, qr/^ .*--$option\b/m, " tells of --$option");
}
($status, $output) = run('--version');
is($status, 0, '--version');
like($output, qr/^nodetool-engine \d+\.\d+\.\d+$/m, ' tells it');

my @must = ('--socket', '%%DIR%%/s', '--home', '%%DIR%%/h');
for ([[], qr/--socket and --home are required/],
     [['--home', 'x'], qr/--socket and --home are required/],
     [['--nonsense'], qr/nonsense/],
     [[@must, 'more'], qr/arguments/],
     [[@must, '--store', 'disk'], qr/--store does not know "disk"/],
     [[@must, '--store', 'redis'], qr/--store redis needs --redis/],
     [[@must, '--store', 'memory', '--redis', 'unix:///x'], qr/exclude/],
     [[@must, '--log-level', 'loud'], qr/--log-level does not know "loud"/],
     [[@must, '--http-allow', 'public'], qr/--http-allow: "public" is neither/],
     [[@must, '--max-running', '0'], qr/--max-running must be a number from 1/],
     [[@must, '--max-queued', '-1'], qr/--max-queued must be a number/],
     [[@must, '--job-ttl', '1h'], qr/--job-ttl must be a number/],
     [[@must, '--max-body', ''], qr/--max-body must be a number/],
     [[@must, '--drain', '99999999999999999999'], qr/--drain must be a number/])
{
    my ($args, $re) = @$_;
    ($status, $output) = run(map { $t->expand($_) } @$args);
    is($status, 2, "refused: @$args");
    like($output, $re, ' and says why');
}
ok(!-e $t->dir . '/h', 'nothing was made');

$t->write_file('file', '');
for ([['--socket', '%%DIR%%/file', '--home', '%%DIR%%/h'],
      qr/file exists and is not a socket/],
     [['--socket', '%%DIR%%/no/where', '--home', '%%DIR%%/h'],
      qr/Cannot listen on/],
     [['--socket', '%%DIR%%/' . 'x' x 200, '--home', '%%DIR%%/h'],
      qr/longer than \d+ bytes/],
     [['--socket', '%%DIR%%/s', '--home', '%%DIR%%/file'],
      qr/cannot make the folder/],
     [[@must, '--redis', 'http://x'], qr/store:/],
     [[@must, '--nodes', '%%DIR%%/none'], qr/nodes: .*cannot be read/])
{
    my ($args, $re) = @$_;
    ($status, $output) = run(map { $t->expand($_) } @$args);
    is($status, 1, "fails: @$args");
    like($output, $re, ' and says why');
}
is($t->read_file('file'), '', 'a file in the way is left alone');

my $e = $t->engine(home => $t->dir . '/made/by/engine', name => 'e2');
for my $folder ('workflows', 'workspace', 'storage/assets') {
    ok(-d "$e->{home}/$folder", "the home has $folder");
}
is($t->stop($e, 'INT'), 0, 'SIGINT ends it');
ok(!-e $e->{socket}, ' and its socket is gone');

$t->done;
