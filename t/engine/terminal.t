#!/usr/bin/perl

# /terminal: a shell at an engine's socket, and through nginx.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Time::HiRes qw(sleep);
use NodeTool::Test;
use NodeTool::WebSocket;

delete @ENV{qw(NODETOOL_ENABLE_TERMINAL_WS ENV)};

my $t = NodeTool::Test->new;
my $dir = $t->dir;
mkdir "$dir/home-of-user";
# no prompt, which could come anywhere
$t->write_file('home-of-user/.profile',
    "PS1=\nbind 'set enable-bracketed-paste off' 2> /dev/null\n");

my %env = (NODETOOL_ENABLE_TERMINAL_WS => 1, SHELL => '/bin/sh',
    HOME => "$dir/home-of-user", LC_TEST => 'kept', SECRETS_MASTER_KEY => 'k-1' . 'x' x 32,
    OPENAI_API_KEY => 'k-2', WORKER_AUTH_TOKEN => 'k-3');

sub engine {
    my ($name, %opt) = @_;

    return $t->engine(name => $name, home => "$dir/$name-home",
        args => ['--terminal', @{ $opt{args} || [] }],
        env => { %env, %{ $opt{env} || {} } });
}

sub terminal {
    my ($e, %head) = @_;

    return NodeTool::WebSocket->wire($e, path => 'terminal', role => 'admin',
        %head);
}

# How the server closes a connection, which then is left.
sub refused {
    my ($ws) = @_;

    my @closed = $ws->closed;
    $ws->abort;
    return @closed;
}

sub type { return $_[0]->send_json({ type => 'input', data => $_[1] }) }

# Output up to a pattern.
sub output_until {
    my ($ws, $re, $timeout) = @_;

    my $text = '';
    while ($text !~ $re) {
        my $message = $ws->json($timeout) or last;
        $text .= $message->{data} if $message->{type} eq 'output';
        last if $message->{type} eq 'exit';
    }
    return $text;
}

# What a command prints.
sub command {
    my ($ws, $command) = @_;

    type($ws, "echo '<<'; $command; echo '>>'\n");
    my $text = output_until($ws, qr/^<<\r\n.*^>>\r\n/ms);
    return $text =~ /^<<\r\n(.*)^>>\r\n/ms ? $1 =~ s/\r//gr : "?$text";
}

sub alive { return -e "/proc/$_[0]" && `ps -o stat= -p $_[0]` !~ /^Z/ }

# The processes that an engine has started.
sub shells {
    my ($e) = @_;
    return map { /(\d+)/ } `ps -o pid= --ppid $e->{pid}`;
}

my $e = engine('engine');
my $log = $e->{log};

# --- a shell ---

my $ws = terminal($e, user => 'ada', request_id => 'req-1');
is($ws->{status}, 101, 'a terminal');
is(command($ws, 'echo one two'), "one two\n", 'echo');
is(command($ws, 'tty'), "/dev/pts/" . (command($ws, 'tty') =~ /(\d+)/)[0] . "\n",
    'at a terminal of its own');
is(command($ws, 'pwd'), "$dir/home-of-user\n", 'in the home');
is(command($ws, 'echo $(ps -o sid= -p $$)'), command($ws, 'echo $$'),
    'it leads a session');
like(command($ws, 'ps -o stat= -p $$'), qr/^Ss/, 'and waits for its jobs');
like(command($ws, 'ps -o tpgid= -p $$'), qr/^ *\d+$/, 'that have the terminal');
is(command($ws, 'stty size'), "24 80\n", 'its size');
$ws->send_json({ type => 'resize', cols => 132, rows => 43 });
is(command($ws, 'stty size'), "43 132\n", 'resize');
for my $bad ({ cols => 0, rows => 1 }, { cols => 1, rows => 1001 },
             { cols => 'x', rows => 5 }, {}) {
    $ws->send_json({ type => 'resize', %$bad });
    is_deeply($ws->json, { type => 'error',
        message => 'resize needs cols and rows from 1 to 1000' },
        'a size that is none');
}
is(command($ws, 'stty size'), "43 132\n", 'changes nothing');

$ws->send_json({ type => 'ping' });
my $r = $ws->json;
is($r->{type}, 'pong', 'ping');
cmp_ok(abs($r->{ts} - time), '<', 60, 'tells the time');
for my $bad ([{ type => 'nothing' }, qr/Unknown message type/],
             [{}, qr/needs a type/], [{ type => 'input' }, qr/needs a text/],
             [{ type => 'input', data => 1 }, qr/needs a text/]) {
    $ws->send_json($bad->[0]);
    $r = $ws->json;
    is($r->{type}, 'error', 'a bad message');
    like($r->{message}, $bad->[1], 'is told so');
}

# --- what it has of the server ---

my $environment = command($ws, 'env');
unlike($environment, qr/k-\d|NODETOOL|KEY|TOKEN|REDIS/, 'no secrets');
like($environment, qr/^HOME=\Q$dir\E\/home-of-user$/m, 'but a home');
like($environment, qr/^TERM=xterm-256color$/m, 'a kind of terminal');
like($environment, qr/^LC_TEST=kept$/m, 'and its locale');
like(command($ws, 'readlink /proc/$$/fd/*'), qr{\A(?:/dev/(?:pts/\d+|tty)\n)+\z},
    'no descriptor but of the terminal');

# --- UTF-8 over reads ---

is(command($ws, q(printf '\303'; sleep 0.1; printf '\244\342'; sleep 0.1; )
    . q(printf '\202'; sleep 0.1; printf '\254\360\237\230'; sleep 0.1; )
    . q(printf '\200\n')), "\x{e4}\x{20ac}\x{1f600}\n",
    'characters that come in parts stay whole');
is(command($ws, q{printf 'a\377b\303(\342\202c\n'}),
    "a\x{fffd}b\x{fffd}(\x{fffd}c\n", 'what is none is replaced');
is(command($ws, q(printf '\000\033[1m\007\n')), "\0\e[1m\a\n", 'controls pass');
type($ws, "cat > typed; od -An -tx1 typed\n");
type($ws, "\x{e4}\x{20ac}\x{1f600}\n\x04");
like(output_until($ws, qr/0a\r\n/), qr/c3 a4 e2 82 ac f0 9f 98 80 0a/, 'typed as well');

# --- MessagePack ---

my $mp = terminal($e);
$mp->send(binary => "\x82\xa4type\xa5input\xa4data\xa7exit 3\n");
my $message;
while ($message = $mp->message) {
    last if $message->{payload} =~ /exit\xa4|code/;
}
is($message->{opcode}, 2, 'binary frames are answered in kind');
like($message->{payload}, qr/\xa4code\x03/, 'exit');
is((refused($mp))[0], 1000, 'closed');

# --- the end of the shell ---

type($ws, "exit 7\n");
my @last = $ws->json_until(sub { $_[0]{type} eq 'exit' });
is_deeply($last[-1], { type => 'exit', code => 7 }, 'exit and its status');
is((refused($ws))[0], 1000, 'closed with 1000');

$ws = terminal($e);
type($ws, "kill -9 \$\$\n");
@last = $ws->json_until(sub { $_[0]{type} eq 'exit' });
is($last[-1]{code}, 137, 'a signal');
refused($ws);

$ws = terminal($e);
type($ws, "seq 1 20000; exit\n");
ok(output_until($ws, qr/never/) =~ /19999\r\n20000\r\n\z/,
    'all output comes before it');
refused($ws);

$ws = terminal($e);
type($ws, "exec sh -c 'exec <&- >&- 2>&-; sleep 100'\n");
is((refused($ws))[0], 1000, 'a shell that leaves its terminal is ended');

# --- the end of the connection ---

my $bash = engine('bash', env => { SHELL => '/bin/bash' });
for my $way (qw(close abort)) {
    $ws = terminal($bash);
    my ($shell) = command($ws, 'echo $$') =~ /(\d+)/;
    my ($job) = command($ws, 'sleep 1000 & echo $!') =~ /^(\d+)\n/m;
    type($ws, "sh -c 'echo \$\$; sleep 1001'\n");
    my ($front) = output_until($ws, qr/^\d+\r\n/m) =~ /^(\d+)\r\n/m;
    my @pids = ($shell, $job, $front);
    is(scalar(grep { alive($_) } @pids), 3,
        'a shell, a job, and what is in the foreground');
    $ws->$way(1000);
    $t->wait_for("their end ($way)", sub { !grep { alive($_) } @pids });
    pass("all end with the connection ($way)");
}
is($t->stop($bash), 0, 'the engine stops');

$ws = terminal($e);
type($ws, "trap '' HUP; echo \$\$; sh -c 'echo \$\$; sleep 1000'; sleep 1000\n");
my ($stubborn, $child) = output_until($ws, qr/^\d+\r\n\d+\r\n/m)
    =~ /^(\d+)\r\n(\d+)\r\n/m;
ok(alive($stubborn) && alive($child), 'a shell that ignores SIGHUP');
$ws->abort;
$t->wait_for('its end', sub { !alive($stubborn) && !alive($child) });
pass('is killed, and what is in its foreground');

# --- a flood, and a peer that reads slowly ---

sub memory {
    return $t->read_file("/proc/$e->{pid}/status") =~ /^VmRSS:\s+(\d+)/m ? $1 : 0;
}
$ws = terminal($e);
command($ws, 'true');
my $before = memory();
type($ws, "yes 0123456789012345678901234567890123456789\n");
sleep 1.5;
my $grown = memory() - $before;
cmp_ok($grown, '<', 8192, "a flood that nobody reads: $grown KiB");
my $bytes = 0;
while ($bytes < 2 << 20) {
    my $m = $ws->json or last;
    $bytes += length $m->{data};
}
cmp_ok($bytes, '>=', 2 << 20, 'read, it goes on');
type($ws, "\x03");
type($ws, "echo stop''ped\n");
like(output_until($ws, qr/^stopped/m), qr/^stopped/m, 'Ctrl-C ends it');
is(terminal($e)->{status}, 101, 'others are served meanwhile');

# --- input that nobody reads ---

type($ws, "stty raw -echo; echo ready; sleep 1000\n");
output_until($ws, qr/^ready/m);
$ws->send_json({ type => 'input', data => 'x' x 900_000 });
$ws->send_json({ type => 'input', data => 'x' x 900_000 });
$r = $ws->json;
like($r->{message}, qr/does not read its input/, 'is bounded, and said');
$ws->abort;

# --- limits ---

$t->wait_for('the end of all shells', sub { !shells($e) });
my $l = engine('limits', args => ['--terminal-max', 2, '--terminal-idle', 1,
    '--terminal-time', 3]);
my @open = map { terminal($l) } 1 .. 2;
is_deeply([map { $_->{status} } @open], [101, 101], 'as many as there may be');
my $third = terminal($l);
is_deeply([refused($third)], [1013, 'Too many terminals are open.'],
    'one more is refused');
is(scalar(my @two = shells($l)), 2, 'and starts nothing');
my @end = $open[0]->json_until(sub { $_[0]{type} eq 'error' });
is($end[-1]{message}, 'The terminal was idle for too long.', 'idle time');
is((refused($open[0]))[0], 1000, 'closes it');
$t->wait_for('the end of idle shells', sub { !shells($l) });
my $long = terminal($l);
is($long->{status}, 101, 'there is room again');
type($long, "while sleep 0.2; do echo busy; done\n");
@end = $long->json_until(sub { $_[0]{type} eq 'error' });
is($end[-1]{message}, 'The terminal was open for too long.', 'total time');
$t->wait_for('its end', sub { !shells($l) });

# --- who may not: nothing is started ---

my $user = terminal($e, role => 'user');
is_deeply([refused($user)], [1008, 'A terminal needs an administrator.'],
    'a user');
is_deeply([shells($e)], [], 'starts nothing');

my @off = ([production => env => { ENV => 'production' }],
           [unset => env => { NODETOOL_ENABLE_TERMINAL_WS => '' }],
           [zero => env => { NODETOOL_ENABLE_TERMINAL_WS => '0' }]);
for my $row (@off) {
    my ($name, %opt) = @$row;
    my $off = engine($name, %opt);
    my $refused = terminal($off);
    is_deeply([refused($refused)], [1008, 'Terminal access is disabled.'],
        "disabled: $name");
    is_deeply([shells($off)], [], 'nothing is started');
    $t->stop($off);
}
my $plain = $t->engine(name => 'plain', home => "$dir/plain", env => \%env);
is((refused(terminal($plain)))[0], 1008, 'disabled: without --terminal');
$t->stop($plain);

my $broken = engine('broken', env => { SHELL => '/no/such/shell' });
is_deeply([refused(terminal($broken))], [1011, 'The shell failed to start.'],
    'a shell that is not there');
like($t->read_file($broken->{log}),
    qr{cannot be started: /no/such/shell: no such file}, 'is logged');
is($t->stop($broken), 0, 'the engine goes on, and stops');

# --- through nginx: who is refused there starts nothing either ---

my $ng = $t->nginx(<<'CONF');
    nodetool_errors on;
    nodetool_engine unix:%%ENGINE%%;
    location = /terminal {
        nodetool_auth static;
        nodetool_auth_token secret;
        nodetool_websocket terminal;
    }
    location = /local { nodetool_auth local; nodetool_websocket terminal; }
CONF

my @token = (Authorization => 'Bearer secret');
$ws = NodeTool::WebSocket->open($ng, '/terminal', headers => \@token);
ok($ws->accepted, 'through nginx');
is(command($ws, 'echo $((6 * 7))'), "42\n", 'a shell');
is(scalar(my @one = shells($e)), 1, 'one');
type($ws, "exit 5\n");
@last = $ws->json_until(sub { $_[0]{type} eq 'exit' });
is($last[-1]{code}, 5, 'and its end');
is((refused($ws))[0], 1000, 'closed with 1000');
$t->wait_for('the end of the shell', sub { !shells($e) });
my $started = () = $t->read_file($log) =~ /started \(process/g;

for my $row (['no token', '/terminal'],
             ['another token', '/terminal', Authorization => 'Bearer other'],
             ['a foreign page', '/terminal', @token,
              Origin => 'http://evil.example'],
             ['a foreign page, without tokens', '/local',
              Origin => 'http://evil.example'],
             ['a page of a name that leads here', '/local',
              Host => 'evil.example', Origin => 'http://evil.example'],
             ['a sandboxed page', '/local', Origin => 'null']) {
    my ($what, $path, @headers) = @$row;
    my $refused = NodeTool::WebSocket->open($ng, $path, headers => \@headers);
    is($refused->{status} == 101 ? (refused($refused))[0]
        : $refused->{status}, $what =~ /token$/ ? 1008 : 403, $what);
}
$r = $t->get($ng, '/terminal', headers => \@token);
is($r->{status}, 426, 'a plain request');
is(scalar(() = $t->read_file($log) =~ /started \(process/g), $started,
    'none of them has started a shell');

# --- the engine stops: shells end ---

my $open = terminal($l);
my ($shell) = command($open, 'echo $$') =~ /(\d+)/;
is($t->stop($l), 0, 'an engine with an open terminal stops');
ok(!alive($shell), 'with its shell');

# --- the log ---

my $text = $t->read_file($log);
like($text, qr/terminal: user ada: started \(process \d+\), 1 of 4.*req-1/,
    'the start is logged');
like($text, qr/terminal: user ada: ended after \d+ s with status 7.*req-1/,
    'and the end');
unlike($text, qr/one two|home-of-user|exit 7/, 'nothing that was typed or shown');

$t->stop($e);
$t->done;
