#!/usr/bin/perl

# nodetool worker and chat-server: options, environment, homes.

use strict;
use warnings;

use Test::More;

use lib 't/lib';

use NodeTool::Test;
use NodeTool::Worker;

my $t = NodeTool::Test->new;
my ($status, $out, $err);

# --- what is wrong is said, with status 2 ---

delete @ENV{qw(AUTH_PROVIDER WORKER_AUTH_TOKEN PORT NODETOOL_HOME
    NODETOOL_REDIS_URL OPENAI_API_KEY OPENAI_BASE_URL OLLAMA_API_URL
    OLLAMA_API_KEY), map { ("${_}_API_KEY", "${_}_BASE_URL") } qw(ANTHROPIC GEMINI MISTRAL)};

($status, $out) = nodetool($t, ['--version']);
is($status, 0, '--version');
like($out, qr/^nodetool \d+\.\d+\.\d+$/, 'prints it');

for my $command ([], ['worker'], ['serve'], ['chat-server'], ['token'],
                 ['run']) {
    ($status, $out) = nodetool($t, [@$command, '--help']);
    is($status, 0, "@$command --help");
    like($out, qr/^Usage: nodetool/, 'prints usage');
}

for my $command ('worker', 'serve', 'chat-server') {
    ($status, $out) = nodetool($t, [$command, '--help']);
    is_deeply([grep { $out !~ /\b$_\b/ } qw(AUTH_PROVIDER WORKER_AUTH_TOKEN
        SUPABASE_URL SUPABASE_KEY SUPABASE_JWT_SECRET OIDC_ISSUER OIDC_AUDIENCE
        OIDC_ADMIN_CLAIM OIDC_ADMIN_VALUE AUTH_CACHE_TTL AUTH_CACHE_MAX)], [],
        "$command --help has the environment of logging in");
    is_deeply([grep { length > 80 } split /\n/, $out], [], 'in 80 columns');
}

my @wrong = (
    [[], qr/Usage/],
    [['nothing'], qr/no command "nothing"/],
    [['worker', '--nothing'], qr/see nodetool worker --help/],
    [['serve', '--nothing'], qr/see nodetool serve --help/],
    [['worker', 'x'], qr/"x" is not an option/],
    [['worker', 'x', '--', '--max-user', '1'], qr/"x" is not an option/],
    [['worker', '--', (0) x 17], qr/at most 16 words/],
    [['worker', '--port', '0'], qr/--port must be a port/],
    [['worker', '--port', '7777x'], qr/--port must be a port/],
    [['worker', '--host', 'nowhere.example'], qr/--host must be an IP address/],
    [['worker', '--http-allow', '10/8'], qr/"10\/8" is neither "private"/],
    [['worker', '--store', 'disk'], qr/redis or memory/],
    [['worker', '--store', 'memory', '--redis', 'redis://x'],
     qr/exclude each other/],
    [['worker', '--home', '/tmp/a"b'], qr/--home .* has a character/],
    [['worker', '--default-model', "a\nb"], qr/--default-model/],
    [['chat-server', '--redis', 'redis://x'], qr/chat-server --help/]
);

for my $row (@wrong) {
    ($status, undef, $err) = nodetool($t, $row->[0]);
    is($status, 2, "nodetool @{ $row->[0] }");
    like($err, $row->[1], 'says why');
}

my @environment = (
    [{ AUTH_PROVIDER => 'magic' }, qr/AUTH_PROVIDER must be/],
    [{ PORT => 'http' }, qr/\$PORT must be a port/]
);

for my $row (@environment) {
    ($status, undef, $err) = nodetool($t, ['worker', '--home',
        $t->dir . '/none'], env => $row->[0]);
    is($status, 2, join ' ', %{ $row->[0] });
    like($err, $row->[1], 'says why');
}

for my $row ([{ WORKER_AUTH_TOKEN => 'a b' }, [], qr/WORKER_AUTH_TOKEN must/],
             [{ OPENAI_BASE_URL => 'ftp://x' }, [], qr/OPENAI_BASE_URL must/],
             [{}, ['--provider', 'openai'], qr/needs OPENAI_API_KEY/],
             [{}, ['--workflow', '/nothing.json'], qr/not a workflow/]) {
    ($status, undef, $err) = nodetool($t, ['worker', '--home',
        $t->dir . '/none', '--port', $t->port, @{ $row->[1] }],
        env => $row->[0]);
    is($status, 1, join ' ', %{ $row->[0] }, @{ $row->[1] });
    like($err, $row->[2], 'says why');
}

$t->write_file('empty/token', "# no token\n");
($status, undef, $err) = nodetool($t, ['worker', '--home', $t->dir . '/empty',
    '--port', $t->port, '--store', 'memory']);
is($status, 1, 'a token file without a token');
like($err, qr/has no token; put one in/, 'says why');
is($t->read_file('empty/token'), "# no token\n", 'and stays as it is');

# --- on a loopback address, with a home that is deep ---

my $deep = $t->dir . '/' . join '/', ('deep') x 30;
my $w = start_server($t, 'worker', home => $deep, host => '127.0.0.1',
    args => ['--store', 'memory', '--default-model', 'echo'],
    env => { XDG_RUNTIME_DIR => '' });
like($w->{output}, qr/^  Auth +local: no token is needed$/m,
     'loopback: AUTH_PROVIDER is local');
ok(!-e "$deep/token", 'and makes no token');
my @replies = curl_lines($w);
is(scalar @replies, 3, 'three curl lines');
is($t->decode($replies[1])->{output}, 'Hello, Ada!', 'that work');
my ($socket) = $t->read_file("$deep/conf/worker.conf")
    =~ m{server "unix:(/tmp/nodetool-\d+-[0-9a-f]+)/engine\.sock";};
ok($socket, 'its sockets are elsewhere');
is((stat $socket)[2] & 07777, 0700, 'in a private folder');
is($t->stop($w), 0, 'stops');

# --- with a Redis that is there ---

my $away = $t->spawn('redis-away', ["$NodeTool::Test::BUILD/nodetool",
    'worker', '--home', $t->dir . '/away-home', '--port', $t->port('away'),
    '--host', '127.0.0.1', '--redis', 'redis://127.0.0.1:1']);
$t->wait_for('word of a Redis that is away', sub {
    return $t->read_file($away->{log}) =~
        /waiting for nodetool-engine.*\n.*redis: 127\.0\.0\.1: connection refused/s;
});
pass('a start that takes long says what it waits for');
$t->stop($away);

my $redis = $t->redis;
$w = start_server($t, 'worker', name => 'given-redis', host => '127.0.0.1',
    env => { NODETOOL_REDIS_URL => $redis->{url} });
my %kids = children($w);
ok(!grep({ /redis/ } keys %kids), '$NODETOOL_REDIS_URL: no Redis of its own');
@replies = curl_lines($w);
is($t->decode($replies[1])->{output}, 'Hello, Ada!', 'it runs');
is($t->get($w, '/health/ready')->{json}{store}, 'redis', 'jobs are in Redis');
my ($engine) = grep { /engine/ } keys %kids;
unlike(scalar `ps -o args= -p $kids{$engine}`, qr/\Q$redis->{url}\E/,
       'the URL is not in the list of processes');
is($t->stop($w), 0, 'stops');

# --- chat alone, with a token of the environment and a provider ---

my $provider = $t->mock('provider', sub {
    my ($sock) = @_;
    my $head = '';
    while (defined(my $line = readline $sock)) {
        $head .= $line;
        last if $line eq "\r\n";
    }
    my ($length) = $head =~ /^content-length: (\d+)/mi;
    read $sock, my $body, $length if $length;
    my ($key) = $head =~ /^authorization: Bearer (\S+)/mi;
    my $reply = $t->encode({ id => 'x', object => 'chat.completion',
        created => 1, model => 'm', choices => [{ index => 0,
        finish_reason => 'stop', message => { role => 'assistant',
        content => "key $key" } }] });
    printf {$sock} "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        . "Content-Length: %d\r\n\r\n%s", length $reply, $reply;
});

my $c = start_server($t, 'chat-server', env => {
    WORKER_AUTH_TOKEN => 'chat-token', OPENAI_API_KEY => 'sk-secret',
    OPENAI_BASE_URL => "http://127.0.0.1:$provider->{port}/v1/",
    OLLAMA_API_URL => 'http://no-such-host.invalid:11434' });
unlike($c->{output}, qr/chat-token|sk-secret/, 'no secret is shown');
unlike($t->read_file("$c->{home}/conf/chat-server.conf"),
       qr/chat-token|sk-secret/, 'nor in the configuration');
like($c->{output}, qr/no-such-host\.invalid/,
     'a provider that cannot be resolved is said');

@replies = curl_lines($c, WORKER_AUTH_TOKEN => 'chat-token');
is($t->decode($replies[0])->{choices}[0]{message}{role}, 'assistant',
   'curl: chat');

my @auth = ('Authorization', 'Bearer chat-token');
my $r = $t->request($c, 'POST', '/v1/chat/completions', headers => \@auth,
    json => { model => 'gpt-x', messages => [{ role => 'user',
    content => 'hi' }] });
is($r->{json}{choices}[0]{message}{content}, 'key sk-secret',
   'gpt-* goes to openai, with the key');
is($t->get($c, '/health')->{json}{status}, 'healthy', '/health');
is($t->get($c, '/workflows', headers => \@auth)->{status}, 404,
   'no workflows here');
is($t->stop($c), 0, 'stops');

$t->done;
