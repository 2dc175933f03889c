#!/usr/bin/perl

# nodetool worker: what it starts, says, keeps running, and stops.

use strict;
use warnings;

use Test::More;

use lib 't/lib';

use NodeTool::Test;
use NodeTool::WebSocket;
use NodeTool::Worker;

# What has ended may still wait for its parent to look at it.
sub alive {
    my ($pid) = @_;

    return `ps -o stat= -p $pid` =~ /^[^Z\s]/;
}

my $t = NodeTool::Test->new;
my $w = start_server($t, 'worker', env => { HOME => $t->dir });
my $home = $w->{home};

# --- the banner ---

my ($token) = $w->{output} =~ /^  Token +(\S+)$/m;
like($token, qr/^[A-Za-z0-9_-]{43}$/, 'the token is shown');
like($w->{output}, qr{^  Address +http://127\.0\.0\.1:$w->{port} }m, 'address');
my %started = children($w);
like($w->{output}, qr{^  Processes  nodetool $w->{pid}, .*, nginx $started{nginx}$}m,
    'what runs');
like($w->{output}, qr{^  Logs +\Q$home\E/logs$}m, 'where logs are');

my @replies = curl_lines($w);
is(scalar @replies, 3, 'three curl lines');
is($t->decode($replies[0])->{choices}[0]{message}{role}, 'assistant',
   'curl: chat');
is($t->decode($replies[1])->{output}, 'Hello, Ada!', 'curl: run');
like($replies[2], qr/"status":"completed".*^data: \[DONE\]\n\n\z/ms,
     'curl: run as a stream');

# --- the home ---

is((stat $home)[2] & 07777, 0700, 'the home is private');
is((stat "$home/token")[2] & 07777, 0600, 'the token, too');
is($t->read_file("$home/token"), "$token\n", 'and kept');
ok(-d "$home/$_", $_) for qw(workflows storage/assets storage/temp workspace
    redis logs run conf);

# --- the surface ---

my @auth = ('Authorization', "Bearer $token");
is($t->get($w, '/ping')->{json}{status}, 'healthy', '/ping needs no token');
is($t->get($w, '/health')->{json}{status}, 'healthy', '/health neither');
is($t->get($w, '/health/ready')->{json}{status}, 'ready', 'nor /health/ready');

my $r = $t->get($w, '/workflows');
is($r->{status}, 401, 'workflows need one');
is($r->{json}{error}{type}, 'unauthorized', 'and say so');
is($t->get($w, '/metrics')->{status}, 401, 'so do metrics');
like($t->get($w, '/metrics', headers => \@auth)->{body},
    qr/^nodetool_requests_in_flight 0$/m, 'which its owner may read');

$r = $t->get($w, '/workflows', headers => \@auth);
is_deeply([sort map { $_->{id} } @{ $r->{json}{workflows} }],
          [qw(assistant greeting temperature-check title-list)], 'the examples');

$r = $t->request($w, 'POST', '/workflows/temperature-check/run',
    headers => \@auth, json => { params => { temperature => 30 } });
is($r->{json}{results}{advice}, '30.0 degrees: open a window.', 'an If');

$r = $t->request($w, 'POST', '/workflows/title-list/run', headers => \@auth,
    json => { params => { text => 'a b, c' } });
is_deeply($r->{json}{results}, { titles => ['A B', 'C'], line => 'A B; C' },
          'ForEach and Collect');

$r = $t->request($w, 'PUT', '/admin/storage/assets/a/b.txt',
    headers => \@auth, body => 'stored');
is($r->{status}, 201, 'an asset is stored');
is($t->get($w, '/storage/assets/a/b.txt')->{body}, 'stored', 'and public');
for my $type (['wav', 'audio/wav'], ['flac', 'audio/flac'],
              ['csv', 'text/csv']) {
    $t->request($w, 'PUT', "/admin/storage/assets/a/b.$type->[0]",
        headers => \@auth, body => 'x');
    is($t->get($w, "/storage/assets/a/b.$type->[0]")->{headers}{'content-type'},
        $type->[1], "the type of $type->[0]");
}

for my $path (qw(/api/workflows /api/workflows/greeting /api/jobs
        /api/nodes/metadata /api/assets /api/settings /api/settings/secrets
        /api/threads /api/messages /api/storage/a/b.txt /ws /predict /ws/predict
        /chat /ws/chat /updates /ws/updates /terminal /ws/terminal)) {
    is($t->get($w, $path, headers => \@auth)->{status}, 404,
        "$path is the editor's");
    is(NodeTool::WebSocket->open($w, $path, headers => \@auth)->{status}, 404,
        'and no WebSocket');
}
is($t->get($w, '/console/')->{status}, 200, 'the console is here, too');

$r = $t->get($w, '/nothing', headers => \@auth);
is($r->{status}, 404, 'an unknown path');
is($r->{json}{error}{type}, 'not_found', 'in JSON');
$r = $t->request($w, 'POST', '/nothing', headers => \@auth, json => {});
is($r->{status}, 404, 'for any method');
is($t->get($w, '/nothing')->{status}, 401, 'after the token was asked for');
unlike($t->read_file("$home/logs/worker-error.log"), qr/open\(\)/,
       'and no file is looked for');

$r = $t->get($w, '/v1/models/echo', headers => \@auth);
is($r->{json}{id}, 'echo', 'one model');
$r = $t->get($w, '/v1/nothing', headers => \@auth);
is($r->{status}, 404, 'an unknown path of the chat surface');

# --- children that die ---

sub run_greeting {
    my $reply = eval {
        $t->request($w, 'POST', '/workflows/greeting/run', headers => \@auth,
            json => { params => { name => 'Bob' } });
    };
    return $reply && $reply->{json} && $reply->{json}{output};
}

for my $name (qw(nodetool-engine redis-server nginx)) {
    my %before = children($w);
    my ($comm) = grep { index($name, $_) == 0 } keys %before;
    ok($comm, "$name runs");
    kill 'KILL', $before{$comm};
    $t->wait_for("$name to be back", sub {
        my %now = children($w);
        return $now{$comm} && $now{$comm} != $before{$comm};
    });
    $t->wait_for("runs after $name has died", sub {
        return (run_greeting() || '') eq 'Hello, Bob!';
    });
    like($t->read_file($w->{log}),
         qr/nodetool: \Q$name\E \(process $before{$comm}\) was killed by signal 9/,
         "its end is said");
    like($t->read_file($w->{log}), qr/nodetool: \Q$name\E is started again/,
         'its start, too');
}

$r = $t->get($w, '/jobs?limit=100', headers => \@auth);
cmp_ok(scalar @{ $r->{json}{jobs} }, '>=', 7, 'jobs outlive what died');

# --- signals ---

kill 'HUP', $w->{pid};
$t->wait_for('the reload', sub {
    return $t->read_file($w->{log}) =~ /reloading nginx/;
});
is(run_greeting(), 'Hello, Bob!', 'serves after a reload');

$t->expect_log(qr/holds no token/);
my $tokens = $t->read_file("$home/token");
$t->write_file("$home/token", "# none\n");
kill 'HUP', $w->{pid};
$t->wait_for('word of a configuration that is refused', sub {
    return $t->read_file($w->{log}) =~
        /nginx is not reloaded, .*\n.*\[emerg\].*token/;
});
is(run_greeting(), 'Hello, Bob!', 'serves as before');
$t->write_file("$home/token", $tokens);

my ($status, undef, $err) = nodetool($t, ['worker', '--home', $home,
    '--port', $t->port]);
is($status, 1, 'a second worker of this home');
like($err, qr/another nodetool worker \(process $w->{pid}\) uses \Q$home\E/,
     'says who uses it');

($status, undef, $err) = nodetool($t, ['worker', '--home', "$home-2",
    '--port', $w->{port}]);
is($status, 1, 'a second worker on this port');
like($err, qr/port $w->{port} on 0\.0\.0\.0 is in use/, 'says so');
ok(!-e "$home-2", 'and changes nothing');

# an upload that is on its way when the worker is told to stop
my %kids = children($w);
my $upload = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$w->{port}");
print {$upload} "PUT /admin/storage/assets/late HTTP/1.1\r\nHost: x\r\n",
    "Authorization: Bearer $token\r\nContent-Length: 10\r\n\r\n12345";
$upload->flush;
$t->wait_for('the upload to have begun', sub {
    return glob "$home/storage/assets/.nodetool-tmp/*";
});
kill 'TERM', $w->{pid};
$t->wait_for('the end of listening', sub {
    return !IO::Socket::INET->new(PeerAddr => "127.0.0.1:$w->{port}");
});
print {$upload} '67890';
$upload->flush;
like(scalar readline $upload, qr{^HTTP/1\.1 201 }, 'it is drained');
close $upload;

is($t->wait_exit($w, 30), 0, 'SIGTERM: ends with status 0');
like($t->read_file($w->{log}), qr/nodetool: stopped$/m, 'says that it stopped');
ok(!alive($kids{$_}), "no $_ is left") for sort keys %kids;

# --- the second start ---

unlink "$home/workflows/title-list.json";
$t->write_file('My Flow.json', $t->read_file("$NodeTool::Test::ROOT/examples/greeting.json")
    =~ s/"id": "greeting"/"id": ""/r);
$w = start_server($t, 'worker', home => $home, env => { HOME => $t->dir },
    args => ['--workflow', $t->dir . '/My Flow.json', '--store', 'memory',
             '--', '--max-user', '3']);
unlike($w->{output}, qr/\Q$token\E/, 'the token is shown only once');
@replies = curl_lines($w);
is($t->decode($replies[1])->{output}, 'Hello, Ada!',
   'curl lines read it from its file');
ok(!-e "$home/workflows/title-list.json", 'examples are seeded only once');
$r = $t->request($w, 'POST', '/workflows/my-flow/run', headers => \@auth,
    json => {});
is($r->{json}{output}, 'Hello, World!', '--workflow');
my %names = children($w);
ok(!grep({ /redis/ } keys %names), '--store memory: no Redis');
my ($engine) = grep { /engine/ } keys %names;
like($t->read_file("/proc/$names{$engine}/cmdline"), qr/--max-user\0003\0/,
    'what stands behind -- is the engine\'s');
is($t->stop($w, 'INT'), 0, 'SIGINT: ends with status 0');

# --- a worker that is killed takes its children with it ---

$w = start_server($t, 'worker', home => $home);
%kids = children($w);
is(scalar keys %kids, 3, 'three children');
kill 'KILL', $w->{pid};
$t->wait_exit($w, 10);
$w = start_server($t, 'worker', home => $home);
@replies = curl_lines($w);
is($t->decode($replies[1])->{output}, 'Hello, Ada!',
   'it starts again at once');
ok(!grep({ alive($_) } values %kids), 'when they have ended');
$r = $t->get($w, '/jobs?limit=100', headers => \@auth);
cmp_ok(scalar @{ $r->{json}{jobs} }, '>=', 8, 'with its jobs');
is($t->stop($w), 0, 'and stops');

$t->done;
