#!/usr/bin/perl

# nodetool serve: the editor's server, and what an editor does with it.

use strict;
use warnings;

use Test::More;

use lib 't/lib';

use NodeTool::Test;
use NodeTool::WebSocket;
use NodeTool::Worker;

delete @ENV{qw(AUTH_PROVIDER WORKER_AUTH_TOKEN PORT NODETOOL_HOME
    SECRETS_MASTER_KEY NODETOOL_ENABLE_TERMINAL_WS ENV)};

my $t = NodeTool::Test->new;
my $e = start_server($t, 'serve', args => ['--store', 'memory']);
my $home = $e->{home};
my $r;

# --- the banner, the home ---

like($e->{output}, qr/^NodeTool serve \S+ is ready\.$/m, 'the banner');
like($e->{output}, qr/listening on 127\.0\.0\.1 port $e->{port}\)/,
    'loopback by default');
like($e->{output}, qr/^  Auth +local: no token is needed$/m, 'without a token');
like($e->{output}, qr{^  Console +http://127\.0\.0\.1:$e->{port}/console$}m,
    'the console');

is((stat "$home/secrets.key")[2] & 07777, 0600, 'a key for secrets');
chomp(my $key = $t->read_file("$home/secrets.key"));
like($key, qr/^[A-Za-z0-9_-]{43}$/, '32 random bytes');
unlike($e->{output}, qr/\Q$key\E/, 'which is not shown');
my %kids = children($e);
my ($engine) = grep { /engine/ } keys %kids;
like($t->read_file("/proc/$kids{$engine}/environ"),
    qr/(?:^|\0)SECRETS_MASTER_KEY=\Q$key\E\0/, 'the engine has it');
unlike($t->read_file("/proc/$kids{nginx}/environ"), qr/SECRETS_MASTER_KEY/,
    'nginx has not');
unlike(`ps -eo args`, qr/\Q$key\E/, 'nor the list of processes');

# --- pages ---

$r = $t->get($e, '/');
is($r->{status}, 302, '/');
is($r->{headers}{location}, '/console/', 'leads to the console');
$r = $t->get($e, '/console');
is("$r->{status} $r->{headers}{location}", '301 /console/', '/console, too');
$r = $t->get($e, '/console/');
is($r->{status}, 200, 'the page');
like($r->{headers}{'content-security-policy'},
    qr/^default-src 'none'; script-src 'self';/, 'has a strict policy');
for my $file ($r->{body} =~ /(?:src|href)="([^":]+)"/g) {
    is($t->get($e, "/console/$file")->{status}, 200, "$file of it");
}
is($t->get($e, '/health')->{json}{status}, 'healthy', '/health');
is($t->get($e, '/health/ready')->{json}{status}, 'ready', '/health/ready');
for my $path (qw(/console/../conf/nodetool-http.conf /conf/nodetool-http.conf
                 /examples/greeting.json)) {
    isnt($t->get($e, $path)->{status}, 200, "$path is not served");
}

# --- storage: pages among it have no say ---

for my $row (['a.html', 'sandbox'], ['a.svg', 'sandbox'], ['a.png', undef]) {
    $t->write_file("$home/storage/assets/$row->[0]", 'x');
    $r = $t->get($e, "/storage/assets/$row->[0]");
    is($r->{headers}{'content-security-policy'}, $row->[1],
        "the policy of $row->[0]");
    is($r->{headers}{'x-content-type-options'}, 'nosniff', 'no guessing');
}
$r = $t->request($e, 'PUT', '/api/storage/b/c.txt', body => 'stored');
is($r->{status}, 201, 'PUT /api/storage');
is($t->get($e, '/api/storage/b/c.txt')->{body}, 'stored', 'GET');
is($t->get($e, '/storage/assets/b/c.txt')->{body}, 'stored', 'GET /storage');
is($t->request($e, 'DELETE', '/api/storage/b/c.txt')->{status}, 204, 'DELETE');

# --- workflows ---

my @greeting = sort map { $_->{id} }
    @{ $t->get($e, '/api/workflows')->{json}{workflows} };
is_deeply(\@greeting, [qw(assistant greeting temperature-check title-list)],
    'the workflows of a new home');
is_deeply([sort map { $_->{id} }
    @{ $t->get($e, '/api/workflows/')->{json}{workflows} }], \@greeting,
    'with a slash behind');
my $workflow = $t->get($e, '/api/workflows/greeting')->{json};
is($workflow->{input_schema}{properties}{name}{type}, 'string', 'one of them');

$r = $t->request($e, 'POST', '/api/workflows', json => { name => 'Mine',
    access => 'private', graph => $workflow->{graph} });
is($r->{status}, 201, 'a new one');
my $mine = $r->{json}{id};
is($t->get($e, "/api/workflows/$mine")->{json}{name}, 'Mine', 'is there');
$r = $t->request($e, 'PUT', "/api/workflows/$mine", json => { name => 'Ours',
    access => 'private', graph => $workflow->{graph}, run_mode => 'tool',
    tool_name => 'ours' });
is($r->{status}, 200, 'changed');
is($t->get($e, "/api/workflows/$mine")->{json}{name}, 'Ours', 'is changed');
is_deeply([map { $_->{id} }
    @{ $t->get($e, '/api/workflows?run_mode=tool')->{json}{workflows} }],
    [$mine], 'and listed');
like($t->get($e, '/api/nodes/metadata')->{body},
    qr/"nodetool\.input\.StringInput"/, 'node types');

# --- runs ---

my %ada = (json => { params => { name => 'Ada' } });
$r = $t->request($e, 'POST', "/api/workflows/$mine/run", %ada);
is($r->{json}{output}, 'Hello, Ada!', 'a run');
my $job = $r->{json}{job_id};
$r = $t->request($e, 'POST', "/api/workflows/$mine/run?stream=true", %ada);
my @lines = map { $t->decode($_) } split /\n/, $r->{body};
is($r->{headers}{'content-type'}, 'application/x-ndjson', 'a run as lines');
my ($output) = grep { $_->{type} eq 'output_update' } @lines;
is($output->{value}, 'Hello, Ada!', 'with its output');
is($lines[-1]{type}, 'job_completed', 'and its end');

$r = $t->get($e, "/api/jobs?workflow_id=$mine");
is_deeply([map { $_->{status} } @{ $r->{json}{jobs} }],
    ['completed', 'completed'], 'jobs');
for my $path ("/api/jobs/$job", "/jobs/$job") {
    is($t->get($e, $path)->{json}{status}, 'completed', $path);
}
like($t->get($e, "/api/jobs/$job/events")->{body}, qr/^data: \[DONE\]$/m,
    'events of a job');
is_deeply($t->get($e, '/api/jobs/running/all')->{json}, [], 'none runs');

is($t->request($e, 'DELETE', "/api/workflows/$mine")->{status}, 204,
    'a workflow that is deleted');
is($t->get($e, "/api/workflows/$mine")->{status}, 404, 'is gone');

# --- runs over WebSockets ---

for my $path ('/predict', '/ws/predict', '/ws') {
    my $ws = NodeTool::WebSocket->open($e, $path);
    ok($ws->accepted, $path);
    $ws->send_json({ command => 'run_job', data => {
        workflow_id => 'greeting', params => { name => 'Ada' } } });
    # those with a number: /ws has updates of all jobs as well
    my @events = $ws->json_until(sub { $_[0]{job_seq}
        && $_[0]{type} eq 'job_update'
        && $_[0]{status} =~ /^(?:completed|failed)$/ });
    is($events[-1]{status}, 'completed', 'a job');
    my ($shown) = grep { ($_->{type} // '') eq 'output_update' } @events;
    is($shown->{value}, 'Hello, Ada!', 'its output');
    is(($ws->close(1000))[0], 1000, 'closed');
}

# --- chat and updates ---

my $thread = $t->request($e, 'POST', '/api/threads',
    json => { title => 'A talk' })->{json}{id};
for my $path ('/chat', '/ws/chat') {
    my $ws = NodeTool::WebSocket->open($e, $path);
    ok($ws->accepted, $path);
    $ws->send_json({ type => 'message', role => 'user', content => 'Hello',
        model => 'echo', thread_id => $thread });
    my @messages = $ws->json_until(sub { $_[0]{type} eq 'message' });
    is($messages[-1]{content}, 'You said: Hello', 'an answer');
    is(($ws->close(1000))[0], 1000, 'closed');
}
$r = $t->get($e, "/api/messages?thread_id=$thread");
is_deeply([map { $_->{role} } @{ $r->{json}{messages} }],
    [('user', 'assistant') x 2], 'the thread is kept');

my @open;
for my $path ('/updates', '/ws/updates') {
    my $ws = NodeTool::WebSocket->open($e, $path);
    my ($stats) = reverse $ws->json_until(
        sub { ($_[0]{type} // '') eq 'system_stats' });
    cmp_ok($stats->{stats}{memory_total_gb}, '>', 0, "$path: the machine");
    push @open, $ws;
}

# --- assets ---

my $png = pack 'H*', '89504e470d0a1a0a0000000d49484452000000010000000108060000'
    . '001f15c4890000000d49444154789c6364f8cf500f0003860180' . '5a347d6b'
    . '0000000049454e44ae426082';
my $form = join "\r\n", '--b', 'Content-Disposition: form-data; name="json"', '',
    '{"name":"dot.png","content_type":"image/png"}', '--b',
    'Content-Disposition: form-data; name="file"; filename="dot.png"',
    'Content-Type: image/png', '', $png, '--b--', '';
$r = $t->request($e, 'POST', '/api/assets', body => $form, headers =>
    ['Content-Type', 'multipart/form-data; boundary=b']);
is($r->{status}, 201, 'an upload') or diag($r->{body});
my $asset = $r->{json};
is($asset->{size}, length $png, 'its size');
my ($stored) = $asset->{get_url} =~ m{^http://[^/]+(/.*)};
$r = $t->get($e, $stored);
ok($r->{body} eq $png, 'is shown where its URL says');
is($r->{headers}{'content-type'}, 'image/png', 'with its type');
is_deeply([map { $_->{name} } @{ $t->get($e, '/api/assets')->{json}{assets} }],
    ['dot.png'], 'and listed');
like($t->request($e, 'DELETE', "/api/assets/$asset->{id}")->{status}, qr/^20/,
    'deleted');
is($t->get($e, $stored)->{status}, 404, 'it is gone');

# --- settings and secrets ---

$r = $t->request($e, 'PUT', '/api/settings/secrets/OPENAI_API_KEY',
    json => { value => 'sk-of-mine', description => 'mine' });
like($r->{status}, qr/^20[01]$/, 'a secret is set') or diag($r->{body});
$r = $t->get($e, '/api/settings/secrets');
like($r->{body}, qr/"OPENAI_API_KEY"/, 'and listed');
unlike($r->{body} . $t->get($e, '/api/settings/secrets/OPENAI_API_KEY')->{body}
    . $t->get($e, '/api/settings')->{body}, qr/sk-of-mine/, 'never in clear');
is(system('grep', '-rqF', 'sk-of-mine', $home) >> 8, 1,
    'nor anywhere in the home');
is($t->request($e, 'DELETE', '/api/settings/secrets/OPENAI_API_KEY')->{status},
    204, 'deleted');

# --- the terminal is off; other sites are refused ---

for my $path ('/terminal', '/ws/terminal') {
    is((NodeTool::WebSocket->open($e, $path)->closed)[0], 1008, "$path is off");
}
for my $path (qw(/ws /predict /ws/predict /chat /ws/chat /updates /ws/updates
                 /terminal /ws/terminal)) {
    is(NodeTool::WebSocket->open($e, $path, headers =>
        [Origin => 'http://evil.example'])->{status}, 403,
        "$path is not for other sites");
}

# --- one server with an engine a home ---

for my $command (qw(worker serve)) {
    my ($status, undef, $err) = nodetool($t, [$command, '--home', $home,
        '--port', $t->port]);
    is($status, 1, "a $command of the same home");
    like($err, qr/another nodetool serve \(process $e->{pid}\) uses/,
        'says who uses it');
}
my $asked = time;
is($t->stop($e), 0, 'stops');
cmp_ok(time - $asked, '<', 8, 'and does not wait for open WebSockets');
is_deeply([map { ($_->closed)[0] } @open], [1001, 1001],
    'which are told that it goes away');

# --- a key that is given; a worker takes the one that is there ---

$e = start_server($t, 'serve', name => 'given', args => ['--store', 'memory'],
    env => { SECRETS_MASTER_KEY => 'given-key-' . 'x' x 32,
             SECRETS_MASTER_KEY_OLD => 'old-key-' . 'x' x 32 });
ok(!-e "$e->{home}/secrets.key", 'SECRETS_MASTER_KEY: no key is made');
%kids = children($e);
like($t->read_file("/proc/$kids{$engine}/environ"),
    qr/SECRETS_MASTER_KEY=given-key-x+\0/, 'the engine has it');
like($t->read_file("/proc/$kids{$engine}/environ"),
    qr/SECRETS_MASTER_KEY_OLD=old-key-x+\0/, 'and the one before');
unlike($t->read_file("/proc/$kids{nginx}/environ"), qr/given-key|old-key/,
    'nginx has not');
$t->stop($e);

# --- the terminal, where it is asked for ---

$e = start_server($t, 'serve', name => 'terminal', args =>
    ['--store', 'memory'], env => { NODETOOL_ENABLE_TERMINAL_WS => 1,
    SHELL => '/bin/sh', HOME => $t->dir });
like($e->{output}, qr/^  Terminal +administrators have a shell/m,
    'the banner says so');
my $shell = NodeTool::WebSocket->open($e, '/ws/terminal');
$shell->send_json({ type => 'input', data => "echo \$((6 * 7)); exit 3\n" });
my @shown = $shell->json_until(sub { $_[0]{type} eq 'exit' });
like(join('', map { $_->{data} // '' } @shown), qr/\b42\r\n/, 'a shell');
is($shown[-1]{code}, 3, 'and its end');
is(($shell->closed)[0], 1000, 'closed');
$t->stop($e);

for my $row ([serve => '127.0.0.1', qr/^  Terminal +off: ENV/m,
                 ENV => 'production'],
             [worker => '127.0.0.1', qr/\A(?!.*^  Terminal)/ms, ENV => 'dev'],
             [serve => '0.0.0.0', qr/^  Terminal +off: other machines/m,
                 AUTH_PROVIDER => 'none']) {
    my ($command, $host, $said, %more) = @$row;
    $e = start_server($t, $command, name => "no-terminal-$command-$host",
        host => $host, args => ['--store', 'memory'],
        env => { NODETOOL_ENABLE_TERMINAL_WS => 1, %more });
    like($e->{output}, $said, "$command $host: why there is none");
    like($e->{output}, qr/no token is needed, by anybody who can reach it$/m,
        'but that nobody needs a token') if $host eq '0.0.0.0';
    my $no = NodeTool::WebSocket->open($e, '/ws/terminal');
    is($no->{status} == 101 ? ($no->closed)[0] : $no->{status},
        $command eq 'worker' ? 404 : 1008, 'and none is there');
    $t->stop($e);
}

my $w = start_server($t, 'worker', home => $home, host => '127.0.0.1',
    args => ['--store', 'memory']);
%kids = children($w);
like($t->read_file("/proc/$kids{$engine}/environ"),
    qr/SECRETS_MASTER_KEY=\Q$key\E\0/, 'a worker of this home');
is($t->get($w, '/console')->{status}, 301, 'has the console');
$t->stop($w);

$t->write_file('empty/secrets.key', "\n");
my ($status, undef, $err) = nodetool($t, ['serve', '--home',
    $t->dir . '/empty', '--port', $t->port, '--store', 'memory']);
is($status, 1, 'a key file that is empty');
like($err, qr/secrets\.key is empty/, 'says so');

# --- another address needs a token ---

$e = start_server($t, 'serve', name => 'open', host => '0.0.0.0',
    args => ['--store', 'memory']);
like($e->{output}, qr/^  Auth +static$/m, 'static on other addresses');
is($t->get($e, '/api/storage/x')->{status}, 401, 'a token is needed');
is($t->get($e, '/console')->{status}, 301, 'but for the page');
$t->stop($e);

$t->done;
