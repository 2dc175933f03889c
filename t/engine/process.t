#!/usr/bin/perl

# Programs that nodes run: their output, limits and ends, and the sandbox.

use strict;
use warnings;

use lib 't/lib';

use File::Temp;
use Test::More;
use Time::HiRes qw(time sleep);

use NodeTool::Graph qw(graph node);

use constant { SANDBOX => 1, NETWORK => 2, WORKSPACE => 4 };

my $ROOT = $NodeTool::Graph::ROOT;
my $tmp = File::Temp->newdir('nodetool-process-XXXXXX', TMPDIR => 1);
chmod 0777, "$tmp";
my $ws = File::Temp->newdir('nodetool-process-XXXXXX', TMPDIR => 1);
chmod 0755, "$ws";
my $g;
{
    local $ENV{TMPDIR} = "$tmp";
    local $ENV{SECRET_KEY} = 'do not tell';
    $g = NodeTool::Graph->new(plugins => [["$ROOT/t/lib/process_nodes.c"]]);
}

# (what the program gave, why it was killed)
sub run {
    my ($argv, %opt) = @_;

    my %run = map { $_ => delete $opt{$_} }
        grep { exists $opt{$_} } qw(workspace workspace_name allow cancel);
    my $r = $g->run(graph([node(n => 'process.Run', argv => $argv, %opt),
        node(o => 'nodetool.output.Output', name => 'output')],
        'n.output>o.value'), %run);
    return ($r->{result}{output} || {}, $r->{failure}{message} || '');
}

sub sh { return ['sh', '-c', $_[0]] }

my ($p, $e) = run(sh('cat; echo no >&2; exit 3'), input => "in\n");
is_deeply($p, { status => 3, out => "in\n", err => "no\n" }, 'a program')
    or diag($e);
($p) = run(sh('kill -TERM $$'));
is($p->{status}, 128 + 15, 'a signal is 128 and its number');
($p) = run(['printf', '%s|', 'a b', '$HOME', '*', ';']);
is($p->{out}, 'a b|$HOME|*|;|', 'no shell looks at the arguments');
($p) = run(['env']);
unlike($p->{out}, qr/SECRET_KEY/, 'the environment is not the engine\'s');
like($p->{out}, qr{^PATH=/usr}m, '... but has a PATH');
($p) = run(sh('ls -A; touch x; pwd; ls /proc/self/fd'));
like($p->{out}, qr{^\Q$tmp\E/nodetool-\w+\n0\n1\n2\n3\n$},
    'a new folder, and no descriptor beside the three');

my $big = 'x' x 3_000_000;
($p) = run(['cat'], input => $big);
is($p->{out}, $big, '3 MB through the pipes');
($p) = run(['true'], input => $big);
is($p->{status}, 0, 'a program need not read its input');
($p, $e) = run(['no-such-program-here']);
like($e, qr/^the program "no-such-program-here" is not installed/,
    'a program that is not there');
unlike($e, qr{/}, '... is told without paths');

# --- limits ------------------------------------------------------------------

# The command lines of all processes.
sub commands {
    my @commands;

    for my $file (glob '/proc/[0-9]*/cmdline') {
        open my $fh, '<', $file or next;
        my $line = do { local $/; readline $fh };
        push @commands, $line if defined $line;
    }
    return @commands;
}

# Is a process with this argument still there?
sub lives {
    my ($mark) = @_;

    return scalar grep { /\x00\Q$mark\E\x00/ } commands();
}

# How many sleep so long, with all done that comes before a program?
sub sleepers {
    my ($mark) = @_;

    return scalar grep { m{^[^\x00]*\bsleep\x00\Q$mark\E\x00$} } commands();
}

sub gone {
    my ($mark, $name) = @_;

    my $end = time + 10;
    sleep 0.05 while lives($mark) && time < $end;
    ok(!lives($mark), $name);
    return;
}

my $mark = 987_000 + $$ % 1000;
my $begin = time;
($p, $e) = run(sh("sleep $mark.1 & sleep $mark.1"), timeout => 0.3);
is($e, 'the program was ended because it took more than 0.3 seconds',
    'the time ends');
cmp_ok(time - $begin, '<', 5, '... at once');
gone("$mark.1", '... with its children');

$begin = time;
($p) = run(sh("sleep $mark.2 & echo done"));
is($p->{out}, "done\n", 'a child that is left behind');
cmp_ok(time - $begin, '<', 5, '... is not waited for');
gone("$mark.2", '... and goes, too');

($p, $e) = run(sh('while :; do :; done'), cpu => 1, timeout => 30);
is($e, 'the program was ended because it used more than 1 seconds of '
    . 'processor time', 'processor time');
($p, $e) = run(['yes'], output_limit => 100_000);
is($e, 'the program was ended because it wrote more than 100000 bytes',
    'output');
($p, $e) = run(sh('exec head -c 100000 /dev/zero > file'), file_size => 5000);
is($e, 'the program was ended because it wrote a file of more than 5000 bytes',
    'a file');
($p) = run(['perl', '-e', '$x = "x" x 300_000_000; print "had"'],
    memory => 100_000_000);
is($p->{out}, '', 'memory');
isnt($p->{status}, 0, '... fails the program');

my $r = $g->run(graph([node(n => 'process.Run', argv => ['sleep', "$mark.3"]),
    node(o => 'nodetool.output.Output', name => 'output')],
    'n.output>o.value'), cancel => 1);
is($r->{status}, 'cancelled', 'a cancelled run');
gone("$mark.3", '... takes its programs with it');

# --- streams -----------------------------------------------------------------

$r = $g->run(graph([node(n => 'process.Read',
        argv => sh('echo a; sleep 0.2; echo bc; sleep 0.2; echo d')),
    node(c => 'nodetool.control.Collect'),
    node(o => 'nodetool.output.Output', name => 'output')],
    'n.output>c.input_item', 'c.output>o.value'));
is_deeply($r->{result}{output}, [2, 3, 2], 'output as it comes');
$r = $g->run(graph([node(n => 'process.Read', pause => 0.1, timeout => 0.3,
        argv => ['head', '-c', '10000000', '/dev/zero']),
    node(c => 'nodetool.control.Collect'),
    node(o => 'nodetool.output.Output', name => 'output')],
    'n.output>c.input_item', 'c.output>o.value'));
my @sizes = @{ $r->{result}{output} || [] };
my ($sum, $most) = (0, 0);
for my $size (@sizes) {
    $sum += $size;
    $most = $size if $size > $most;
}
is($sum, 10_000_000, 'a slow reader gets all') or diag($r->{failure}{message});
cmp_ok($most, '<=', 1_200_000, '... and the rest does not pile up');

# --- the sandbox -------------------------------------------------------------

($p, $e) = run(['true'], flags => SANDBOX);
my $no_sandbox = $e =~ /not installed|cannot be set up/ ? $e : '';

SKIP: {
    skip "no sandbox here: $no_sandbox", 1 if $no_sandbox;

    is($p->{status}, 0, 'a sandbox') or diag($e);
    ($p) = run(sh('pwd; ls -A; echo here > file; cat file; echo $HOME'),
        flags => SANDBOX);
    is($p->{out}, "/workspace\nhere\n/workspace\n", 'its folder');
    ($p) = run(sh('ls /'), flags => SANDBOX);
    is(join(' ', grep { !/^lib\w/ } split /\n/, $p->{out}),
        'bin dev etc lib proc sbin tmp usr workspace', 'what it sees');
    ($p) = run(sh('for f in /usr/x /x /etc/x /dev/x /proc/sys/kernel/x; do '
        . 'touch $f 2> /dev/null && echo $f; done; touch /tmp/x && echo ok'),
        flags => SANDBOX);
    is($p->{out}, "ok\n", 'what it can write');
    ($p) = run(sh('ls -d /proc/[0-9]* | wc -l; cat /proc/net/dev | wc -l; '
        . 'grep CapEff /proc/self/status'), flags => SANDBOX);
    my ($n, $devices, $caps) = split /\n/, $p->{out};
    cmp_ok($n, '<', 10, 'it sees no process but its own');
    is($devices, 3, '... no network but a loopback of its own');
    like($caps, qr/0{16}$/, '... and has no rights');
    ($p) = run(sh('unshare -Ur true 2>&1 && echo nested'), flags => SANDBOX);
    unlike($p->{out}, qr/nested/, '... nor makes namespaces of its own');

    # no fork of its own: the bomb leaves no room for one
    ($p, $e) = run(sh('f() { f | f & }; f 2> /dev/null; '
        . q{exec perl -e 'sleep 1; print "alive\n"'}),
        flags => SANDBOX, timeout => 20);
    is($p->{out}, "alive\n", 'a fork bomb') or diag($e);
    $begin = time;
    ($p, $e) = run(sh("setsid sleep $mark.4 & sleep $mark.4"),
        flags => SANDBOX, timeout => 0.5);
    like($e, qr/more than 0.5 seconds/, 'the time ends');
    gone("$mark.4", '... also for what has left the session');
    ($p, $e) = run(sh('mkdir -p a/b; touch a/b/c; chmod 0 a/b a'),
        flags => SANDBOX);
    is($p->{status}, 0, 'folders without rights');
    ($p, $e) = run(['perl', '-e', 'for (1 .. 3000) { mkdir "d"; chdir "d" }'],
        flags => SANDBOX);
    is($p->{status}, 0, 'a deep tree');

    ($p, $e) = run(['true'], flags => SANDBOX | NETWORK);
    like($e, qr/^this server gives programs no network/, 'no network');
    ($p, $e) = run(sh('wc -l < /proc/net/dev'), flags => SANDBOX | NETWORK,
        allow => 2);
    cmp_ok($p->{out}, '>', 3, '... unless it is allowed');

    my @ws = (flags => SANDBOX | WORKSPACE, workspace => "$ws",
        workspace_name => 'user/flow');
    ($p, $e) = run(sh('pwd; echo kept > file'), @ws);
    is($p->{out}, "/workspace\n", 'the workspace') or diag($e);
    ($p, $e) = run(sh('cat file; ls ..'), @ws);
    like($p->{out}, qr/^kept\n/, '... keeps its files');
    unlike($p->{out}, qr/^flow$/m, '... and shows no other');
    ($p, $e) = run(['true'], flags => SANDBOX | WORKSPACE);
    like($e, qr/folder|workspace/, '... if the server has one');
}

# An engine that is killed takes its programs with it.
{
    my $other = NodeTool::Graph->new(
        plugins => [["$ROOT/t/lib/process_nodes.c"]]);
    my @nodes = map { node("n$_" => 'process.Run', argv => ['sleep',
        "$mark.5"], flags => $no_sandbox ? 0 : $_) } 0, SANDBOX;
    print { $other->{in} } NodeTool::Graph::text({ graph => graph(\@nodes) }),
        "\n";
    $other->{in}->flush;
    my $wait = time + 10;
    sleep 0.05 while sleepers("$mark.5") < 2 && time < $wait;
    is(sleepers("$mark.5"), 2, 'programs of an engine');
    kill KILL => $other->{pid};
    waitpid $other->{pid}, 0;
    gone("$mark.5", '... that is killed end with it');
}

# Folders are removed when their programs have ended.
my $end = time + 10;
sub left { return grep { m{/nodetool-\w{6}$} } glob "$tmp/*" }
sleep 0.05 while time < $end && left();
is_deeply([left()], [], 'nothing is left');

$g->done;

# --- a server that may listen on ports below 1024 -----------------------------

SKIP: {
    skip "no sandbox here: $no_sandbox", 1 if $no_sandbox;
    skip 'not root', 1 if $> != 0;
    my @as = (qw(setpriv --reuid=65533 --regid=65533 --clear-groups),
        map({ "--$_-caps=+net_bind_service" } qw(inh ambient)), '--');
    skip 'others may not run the program', 1
        if system(@as, 'test', '-x',
                  "$NodeTool::Graph::BUILD/t/engine/graph-run");
    local $ENV{TMPDIR} = "$tmp";
    $g = NodeTool::Graph->new(as => \@as,
        plugins => [["$ROOT/t/lib/process_nodes.c"]]);
    ($p, $e) = run(sh('grep -E "Cap(Inh|Prm|Amb)" /proc/self/status'),
        flags => SANDBOX);
    is(join(' ', ($p->{out} // '') =~ /:\t0*(\w+)/g), '0 0 0',
        'a sandbox has none of its capabilities') or diag($e);
    $g->done;
}

# --- a server without the programs -------------------------------------------

{
    local $ENV{PATH} = "$tmp";
    symlink '/usr/bin/cc', "$tmp/cc";
    symlink $_, "$tmp/" . s{.*/}{}r
        for grep { -x } qw(/usr/bin/as /usr/bin/ld /usr/bin/prlimit
                           /usr/bin/setpriv /usr/bin/true);
    $g = NodeTool::Graph->new(plugins => [["$ROOT/t/lib/process_nodes.c"]]);
}
($p, $e) = run(['true'], flags => SANDBOX);
is($e, 'the program "bwrap" is not installed on this server; it comes with '
    . 'the package bubblewrap', 'no sandbox without bubblewrap');

# One that may not make namespaces.
open my $fh, '>', "$tmp/bwrap" or die $!;
print {$fh} "#!/bin/sh\necho 'bwrap: No permissions' >&2\nexit 1\n";
close $fh or die $!;
chmod 0755, "$tmp/bwrap";
($p, $e) = run(['true'], flags => SANDBOX);
like($e, qr/^the sandbox cannot be set up/, '... nor without namespaces');
$g->done;

done_testing();
