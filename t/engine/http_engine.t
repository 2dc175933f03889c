#!/usr/bin/perl

# Requests of an engine's jobs, and of `nodetool run`: what cancelling and
# stopping do to them.

use strict;
use warnings;

use lib 't/lib';

use Test::More;
use Time::HiRes qw(time);

use NodeTool::Jobs;
use NodeTool::MockOpenAI;
use NodeTool::Test;
use NodeTool::Workflows;

my $t = NodeTool::Test->new;
my $mock = NodeTool::MockOpenAI->start($t, 'web', sub {
    my ($c, $req) = @_;

    return $c->body(200, 'text/plain', 'hello') if $req->{path} eq '/hello';
    $c->stream if $req->{path} eq '/stream';
    $c->wait_closed(20);
    return $c->close;
});
my $url = "http://127.0.0.1:$mock->{port}";

sub get {
    my ($path) = @_;

    return NodeTool::Workflows::chain('Get',
        ['lib.http.GetRequest', { url => "$url$path" }],
        ['nodetool.output.Output', { name => 'output' }, 'value']);
}

sub engine {
    my ($name, @args) = @_;

    my $e = $t->engine(name => $name, args => ['--drain', 1, @args]);
    NodeTool::Workflows::store($t, $e, $_, get("/$_"))
        for qw(hello stream silent);
    return $e;
}

# Starts a job that waits for the server, and waits for its request.
sub start {
    my ($e, $path) = @_;

    my $n = () = $mock->requests;
    my $id = NodeTool::Jobs::submit($t, $e, $path);
    $t->wait_for('the request', sub { (() = $mock->requests) > $n });
    return $id;
}

# The result of a run, or its error.
sub result {
    my $json = $t->wire($_[0], { op => 'job.run', workflow_id => $_[1] })->{json};
    return $json->{error}{message} // $json->{output};
}

my $e = engine('guarded');
like(result($e, 'hello'), qr/private network/, 'refused by default');
is($t->stop($e), 0, 'the engine stops');

$e = engine('open', '--http-allow', '127.0.0.1');
is(result($e, 'hello'), 'hello', 'allowed');

for my $path (qw(stream silent)) {
    my $closed = $mock->closed;
    my $id = start($e, $path);
    my $from = time;
    $t->wire($e, { op => 'job.cancel', job_id => $id });
    NodeTool::Jobs::wait_status($t, $e, $id, 'cancelled');
    $t->wait_for('the close', sub { $mock->closed > $closed });
    cmp_ok(time - $from, '<', 2, "/$path: cancelled and closed at once");
}

my $closed = $mock->closed;
start($e, $_) for qw(stream silent);
my $from = time;
is($t->stop($e), 0, 'an engine stops while requests are under way');
cmp_ok(time - $from, '<', 5, 'soon');
$t->wait_for('the close', sub { $mock->closed >= $closed + 2 });
pass('their connections are closed');

# --- the command --------------------------------------------------------------

my $file = $t->write_file('stream.json', $t->encode(get('/stream')));
my @run = ("$NodeTool::Test::BUILD/nodetool", 'run', $file, '--home',
    $t->dir . '/run');
my $c = $t->spawn('refused', [@run]);
is($t->wait_exit($c, 10) >> 8, 1, 'nodetool run refuses, too');
like($t->read_file($c->{log}), qr/private network/, 'and says why');
$c = $t->spawn('wrong', [@run, '--http-allow', 'x']);
is($t->wait_exit($c, 10) >> 8, 2, 'a list that is none');

$closed = $mock->closed;
my $n = () = $mock->requests;
$c = $t->spawn('run', [@run, '--http-allow', 'private']);
$t->wait_for('the request', sub { (() = $mock->requests) > $n });
$from = time;
isnt($t->stop($c, 'INT'), undef, 'Ctrl-C');
cmp_ok(time - $from, '<', 3, 'ends it at once');
$t->wait_for('the close', sub { $mock->closed > $closed });
pass('and closes the connection');

$t->done;
