#!/usr/bin/perl

# conf-examples: each is started as it stands, but for ports, folders and the
# user, and does what its comments say.

use strict;
use warnings;

use lib 't/lib';
use File::Path qw(make_path);
use Test::More;
use Time::HiRes qw(time);
use NodeTool::Docs;
use NodeTool::JWT;
use NodeTool::MockIssuer;
use NodeTool::MockModels;
use NodeTool::MockOpenAI;
use NodeTool::Test;
use NodeTool::WebSocket;
use NodeTool::Workflows;

my $t = NodeTool::Test->new;
my $dir = $t->dir;
my $ROOT = $NodeTool::Test::ROOT;
my $BUILD = $NodeTool::Test::BUILD;

# --- what is put in ------------------------------------------------------------

# Folders of the system, and those here. Nothing else is changed but ports
# ("listen 80" and "upstream:443" become free ones), names that only the
# network could resolve, and the user.
sub example {
    my ($file, %opt) = @_;

    my $conf = $t->read_file("$ROOT/conf-examples/$file");
    isnt($conf, '', "conf-examples/$file");
    my $modules = join '', map {
        "load_module $BUILD/nginx/objs/ngx_http_nodetool_${_}_module.so;\n"
    } @{ $opt{modules} || \@NodeTool::Test::MODULES };

    # first, as the project itself may be in one of these
    $conf =~ s{(/var/(?:log/nginx|lib/nodetool|www)|/run/nodetool|/run/nginx\.pid|/etc/nodetool|/etc/ssl|/tmp)(?=[/;])}{$dir/$file$1}g;
    $conf =~ s{^include /etc/nginx/modules-enabled/\*\.conf;.*$}{$modules}m;
    $conf =~ s{load_module modules/}{load_module $BUILD/nginx/objs/}g;
    $conf =~ s{/usr/local/share/nodetool}{$ROOT}g;
    $conf =~ s{^user .*$}{user root;}m;
    $conf =~ s{listen +\[::\]:.*\n}{}g;
    $conf =~ s{listen +(?:127\.0\.0\.1:)?(\d+)}{'listen 127.0.0.1:' . $t->port("$file-$1")}ge;
    $conf =~ s{\Q$_\E}{$opt{replace}{$_}}g for sort keys %{ $opt{replace} };

    make_path(map { "$dir/$file$_" } '/var/log/nginx', '/var/lib/nodetool',
        '/var/www/html', '/var/www/acme', '/run/nodetool', '/etc/nodetool',
        '/etc/ssl/nodetool', '/etc/ssl/certs', '/tmp');
    $t->write_file("$file/etc/nodetool/tokens", "# tokens\nsecret-1\nsecret-2\n");
    $t->write_file("$file/etc/nodetool/openai.key", "sk-test\n");
    $t->write_file("$file/etc/nodetool/$_", $opt{files}{$_})
        for sort keys %{ $opt{files} };
    if (-e "$dir/tls/server.pem") {
        link "$dir/tls/server.pem", "$dir/$file/etc/ssl/nodetool/fullchain.pem";
        link "$dir/tls/server.key", "$dir/$file/etc/ssl/nodetool/privkey.pem";
        link "$dir/tls/ca.pem", "$dir/$file/etc/ssl/certs/ca-certificates.crt";
    }
    return $conf if $opt{text};

    my $server = $t->nginx_conf($conf, name => "nginx-$file",
        port => $t->port("$file-$opt{port}"), args => [ '-g', 'daemon off;' ],
        env => { %{ $t->nginx_env }, %{ $opt{env} || {} } });
    push @{ $t->{logs} }, "$dir/$file/var/log/nginx/error.log";
    return $server;
}

sub engine {
    my ($file, $name, @args) = @_;

    my $socket = "$dir/$file/run/nodetool/$name.sock";
    make_path("$dir/$file/run/nodetool");
    my $engine = $t->spawn("engine-$file-$name", [ "$BUILD/nodetool-engine",
        '--socket', $socket, '--home', "$dir/$file/var/lib/nodetool",
        @args ? @args : ('--store', 'memory') ]);
    $t->wait_socket($socket, $engine);
    return $engine;
}

# The lines of an access log, of JSON; a line is written after the reply, so
# that of the last request has to come.
sub access_log {
    my ($file, $name, $last) = @_;

    my $log = $t->wait_for("$file: the access log", sub {
        my $text = $t->read_file("$file/$name");
        return $text =~ /\Q$last\E[^\n]*\n\z/ && $text;
    });
    return map { $t->decode($_) } split /\n/, $log;
}

my @token = (headers => [ 'Authorization', 'Bearer secret-2' ]);

sub chat {
    my ($model, %more) = @_;
    return (json => { model => $model,
        messages => [ { role => 'user', content => 'one two three' } ], %more });
}

# The same requests to every worker. $request->(method, path, options).
sub worker_works {
    my ($name, $request) = @_;

    is($request->('GET', '/health')->{status}, 200, "$name: /health");
    my $r = $request->('POST', '/v1/chat/completions', chat('echo'));
    is($r->{status}, 401, "$name: no token");
    is($r->{json}{error}{type}, 'unauthorized', "$name: as a JSON error");
    $r = $request->('POST', '/v1/chat/completions', chat('echo'), @token);
    is($r->{status}, 200, "$name: chat") or diag($r->{body});
    like($r->{json}{choices}[0]{message}{content}, qr/one two three/,
        "$name: echoes");
    $r = $request->('GET', '/v1/models', @token);
    is($r->{json}{object}, 'list', "$name: models");

    $r = $request->('PUT', '/workflows/w', @token,
        json => NodeTool::Workflows::echo());
    is($r->{status}, 201, "$name: a workflow is stored") or diag($r->{body});
    $r = $request->('GET', '/workflows', @token);
    is($r->{json}{workflows}[0]{id}, 'w', "$name: and listed");
    $r = $request->('POST', '/workflows/w/run', @token,
        json => { params => { text => 'hello' } });
    is($r->{status}, 200, "$name: and run") or diag($r->{body});
    is($r->{json}{status}, 'completed', "$name: to its end");
    is($request->('GET', "/jobs/$r->{json}{job_id}", @token)->{status}, 200,
        "$name: its job");

    my $png = "\x89PNG\r\n\x1a\n" . 'x' x 5000;
    $r = $request->('PUT', '/admin/storage/assets/a/b.png', body => $png);
    is($r->{status}, 401, "$name: PUT without a token");
    $r = $request->('PUT', '/admin/storage/assets/a/b.png', @token,
        body => $png);
    is($r->{status}, 201, "$name: PUT") or diag($r->{body});
    $r = $request->('GET', '/storage/assets/a/b.png');
    is($r->{status}, 200, "$name: public GET");
    is($r->{headers}{'content-type'}, 'image/png', "$name: its type");
    ok($r->{body} eq $png, "$name: the same bytes");
    is($request->('DELETE', '/admin/storage/assets/a/b.png', @token)->{status},
        204, "$name: DELETE");
    return;
}

# --- a throw-away authority, and a certificate for all names --------------------

make_path("$dir/tls");
$t->write_file('tls/server.cnf', "subjectAltName = DNS:nodetool.example.com, DNS:my-worker-abc123-ew.a.run.app\n");
my $openssl = join ' && ', "cd $dir/tls",
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -keyout ca.key -out ca.pem -subj /CN=test-authority",
    "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out server.csr -subj /CN=nodetool.example.com",
    "openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile server.cnf -out server.pem";
is(system("($openssl) > $dir/tls/log 2>&1"), 0, 'certificates')
    or diag($t->read_file('tls/log'));

# One request by curl to a TLS port under nodetool.example.com.
sub tls {
    my ($port, $method, $path, %opt) = @_;

    my $body = exists $opt{json} ? $t->encode($opt{json}) : $opt{body};
    my @headers = @{ $opt{headers} || [] };
    push @headers, 'Content-Type', 'application/json' if exists $opt{json};
    my @argv = ('curl', '-s', '-i', '--cacert', "$dir/tls/ca.pem",
        '--connect-to', "::127.0.0.1:$port", '-X', $method,
        @{ $opt{args} || [] });
    push @argv, '-I' if $method eq 'HEAD';
    while (my ($name, $value) = splice @headers, 0, 2) {
        push @argv, '-H', "$name: $value";
    }
    if (defined $body) {
        push @argv, '--data-binary', '@' . $t->write_file('tls/body', $body),
            '-H', 'Expect:';
    }
    open my $fh, '-|:raw', @argv,
        'https://' . ($opt{host} || 'nodetool.example.com') . $path
        or die "curl: $!";
    my $output = do { local $/; <$fh> };
    close $fh;
    my ($head, $content) = split /\r\n\r\n/, $output // '', 2;
    my ($version, $status) = ($head // '') =~ m{^HTTP/(\S+) (\d+)};
    my %headers = map { /^([^:]+): (.*)/ ? (lc $1 => $2) : () }
        split /\r\n/, $head // '';
    return { status => $status, version => $version, headers => \%headers,
        body => $content, exit => $? >> 8,
        json => scalar eval { $t->decode($content) } };
}

# --- existing-nginx.conf ---------------------------------------------------------

{
    my $file = 'existing-nginx.conf';
    my $app = $t->mock('app', sub {
        my ($sock) = @_;
        while (defined(my $line = <$sock>)) { last if $line eq "\r\n" }
        print {$sock} "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nthe app";
    });
    engine($file, 'engine');
    my $ng = example($file, port => 80, replace => {
        '127.0.0.1:3000' => "127.0.0.1:$app->{port}",
        'api.openai.com' => '127.0.0.1',
    });
    $t->write_file("$file/var/www/html/index.html", '<h1>Hello</h1>');
    my $on = sub {
        my ($host) = @_;
        return sub {
            my ($method, $path, %opt) = @_;
            push @{ $opt{headers} = [ @{ $opt{headers} || [] } ] }, 'Host', $host;
            return $t->request($ng, $method, $path, %opt);
        };
    };
    my $site = $on->('www.example.com');
    is($site->('GET', '/')->{body}, '<h1>Hello</h1>', 'the site');
    is($site->('GET', '/api/x')->{body}, 'the app', 'its application');
    like($site->('GET', '/none')->{body}, qr/<html>/, 'its own error pages');
    is($site->('GET', '/workflows')->{status}, 404, 'nothing new but chat');
    is($site->('POST', '/v1/chat/completions', chat('echo'), @token)->{status},
        200, 'chat beside it');
    is($site->('GET', '/v1/models')->{json}{error}{code}, 401, 'with tokens');
    worker_works($file, $on->('nodetool.example.com'));
    $t->stop($ng, 'QUIT');
}

# --- edge-tls.conf -----------------------------------------------------------------

{
    my $file = 'edge-tls.conf';
    engine($file, 'engine');
    $t->expect_log(qr/setrlimit\(RLIMIT_NOFILE/);    # more than this user may
    my $ng = example($file, port => 443,
        replace => { 'api.openai.com' => '127.0.0.1' });
    my $port = $ng->{port};
    my $request = sub { return tls($port, @_) };
    worker_works($file, $request);

    my $r = tls($port, 'GET', '/health');
    is($r->{version}, 2, 'HTTP/2');
    like($r->{headers}{'strict-transport-security'}, qr/max-age=63072000/, 'HSTS');
    like(tls($port, 'GET', '/none', @token)->{headers}{'strict-transport-security'},
        qr/max-age/, 'on errors, too');
    is(tls($port, 'GET', '/health', args => [ '--http1.1' ])->{version}, '1.1',
        'HTTP/1.1');
    for my $version ('1.2', '1.3') {
        is(tls($port, 'GET', '/health', args => [ "--tlsv$version", '--tls-max',
            $version ])->{status}, 200, "TLS $version");
    }
    is(tls($port, 'GET', '/health', args => [ '--tlsv1.0', '--tls-max', '1.1',
        '--ciphers', 'DEFAULT@SECLEVEL=0' ])->{exit}, 35, 'no older TLS');
    is(tls($port, 'GET', '/health', host => 'other.example.com')->{exit}, 35,
        'no answer to another name');
    tls($port, 'PUT', '/admin/storage/assets/x.html', @token, body => '<script>');
    $r = tls($port, 'GET', '/storage/assets/x.html');
    is($r->{headers}{'content-security-policy'}, 'sandbox', 'uploads do not run');
    is($r->{headers}{'x-content-type-options'}, 'nosniff', 'nor are guessed');

    my $plain = $t->port("$file-80");
    $r = $t->request($plain, 'POST', '/v1/models?a=b', body => '{}');
    is($r->{status}, 308, 'plain HTTP redirects');
    is($r->{headers}{location}, 'https://nodetool.example.com/v1/models?a=b',
        'to the same path');
    $t->write_file("$file/var/www/acme/.well-known/acme-challenge/x", 'proof');
    is($t->get($plain, '/.well-known/acme-challenge/x')->{body}, 'proof',
        'but for ACME');

    # 20 a second with 40 at once: more, by one user, are refused
    my $many = `curl -s --cacert $dir/tls/ca.pem --connect-to ::127.0.0.1:$port -H 'Authorization: Bearer secret-1' -o /dev/null -w '%{http_code} %header{retry-after}\\n' 'https://nodetool.example.com/v1/models?[1-90]'`;
    my @limited = grep { /^429/ } split /\n/, $many;
    ok(@limited > 5, 'limit_req by $nodetool_user') or diag($many);
    like($limited[0] // '', qr/^429 \d+/, 'with Retry-After');
    is(tls($port, 'GET', '/health')->{status}, 200,
        'a client without a token counts by its address');

    my @log = access_log($file, 'var/log/nginx/access.log', '/v1/models');
    my ($chat) = grep { $_->{path} eq '/v1/chat/completions' && $_->{user} } @log;
    is("$chat->{user} $chat->{provider} $chat->{status}", '1 echo 200',
        'the log is JSON, with user and provider');
    ok($chat->{completion_tokens} > 0 && $chat->{tls} =~ /TLSv1/, 'and more');
    ok((grep { $_->{job_id} } @log), 'jobs, too');
    unlike($t->read_file("$file/var/log/nginx/access.log"), qr/secret/,
        'and no token');
    $t->stop($ng, 'QUIT');
}

# --- editor.conf --------------------------------------------------------------------

{
    my $file = 'editor.conf';
    engine($file, 'engine');
    my $ng = example($file, port => 7777);
    $t->write_file("$file/var/lib/nodetool/storage/assets/x.svg", '<svg/>');

    is($t->get($ng, '/health')->{status}, 200, 'editor: health');
    is($t->get($ng, '/')->{headers}{location}, '/console/', 'the console');
    my $r = $t->get($ng, '/console/');
    like($r->{headers}{'content-security-policy'}, qr/default-src 'none'/,
        'with its policy') if $r->{status} == 200;
    $r = $t->request($ng, 'POST', '/v1/chat/completions', chat('echo'));
    is($r->{status}, 200, 'chat');
    $r = $t->request($ng, 'POST', '/api/workflows',
        json => NodeTool::Workflows::echo());
    is($r->{status}, 201, 'a workflow') or diag($r->{body});
    $r = $t->request($ng, 'POST', "/api/workflows/$r->{json}{id}/run",
        json => { params => { text => 'x' } });
    is($r->{json}{status}, 'completed', 'runs');
    is($t->get($ng, '/storage/assets/x.svg')->{headers}
        {'content-security-policy'}, 'sandbox', 'uploads do not run');

    for my $path (qw(/predict /ws/predict /chat /ws/chat /updates /ws/updates
                     /ws)) {
        my $ws = NodeTool::WebSocket->open($ng, $path);
        ok($ws->accepted, "a WebSocket at $path");
        $ws->close(1000);
        is(NodeTool::WebSocket->open($ng, $path, headers =>
            [Origin => 'http://evil.example'])->{status}, 403,
            'not for other sites');
    }
    is(NodeTool::WebSocket->open($ng, '/terminal')->{status}, 404,
        'no terminal');
    $t->stop($ng, 'QUIT');
}

# --- edge-supabase.conf ------------------------------------------------------------

{
    my $file = 'edge-supabase.conf';
    my $secret = 'a-secret-of-the-project-of-32-bytes-or-more';
    my $issuer = NodeTool::MockIssuer->start($t, 'project');
    my $url = $issuer->url;
    my $key = NodeTool::JWT->ec($t, 'key-1');
    $issuer->set(keys => [$key->jwk]);
    engine($file, 'engine');
    $t->expect_log(qr/setrlimit\(RLIMIT_NOFILE/);
    my $ng = example($file, port => 443, replace => {
        'https://abcdefghijkl.supabase.co' => $url,
        'api.openai.com' => '127.0.0.1' },
        env => { SUPABASE_KEY => 'anon', SUPABASE_JWT_SECRET => $secret });
    my $port = $ng->{port};
    worker_works($file, sub { return tls($port, @_) });

    my %from = (iss => "$url/auth/v1");
    my %token = (ada => NodeTool::JWT->hs($secret)->sign({ %from, sub => 'ada' }),
        bob => $key->sign({ %from, sub => 'bob' }),
        service => $key->sign({ %from, sub => 's', role => 'service_role' }));
    my $as = sub {
        my ($who, $method, $path, %opt) = @_;
        return tls($port, $method, $path, %opt, headers =>
            [Authorization => "Bearer $token{$who}"]);
    };
    my %flow = (json => NodeTool::Workflows::echo());
    is($as->('ada', 'PUT', '/workflows/hers', %flow)->{status}, 201, 'a user');
    is($as->('bob', 'PUT', '/workflows/hers', %flow)->{status}, 403,
        'has what is hers');
    is($as->('service', 'GET', '/workflows/hers')->{status}, 200,
        'which an administrator sees');
    is($as->($_->[0], 'PUT', '/admin/storage/assets/u.txt', body => 'x')->{status},
        $_->[1], "$_->[0] in the admin's storage")
        for ['ada', 403], ['service', 201];
    unlike($t->read_file("$file/var/log/nginx/access.log"), qr/\Q$token{ada}\E/,
        'no token in the log');
    $t->stop($ng, 'QUIT');
}

# --- chat-only.conf ---------------------------------------------------------------

{
    my $file = 'chat-only.conf';
    my $openai = NodeTool::MockOpenAI->start($t, 'openai');
    my $ng = example($file, port => 8080, modules => [qw(base auth chat)],
        replace => { 'https://api.openai.com' => "http://127.0.0.1:$openai->{port}",
            '11434' => '1' },
        env => { WORKER_AUTH_TOKEN => 'secret-2', OPENAI_API_KEY => 'sk-x' });
    is($t->get($ng, '/health')->{status}, 200, 'health');
    is($t->get($ng, '/v1/models')->{status}, 401, 'a token is needed');
    my $r = $t->request($ng, 'POST', '/v1/chat/completions', chat('echo'), @token);
    like($r->{json}{choices}[0]{message}{content}, qr/one two three/, 'chat');
    my $s = $t->open_request($ng, 'POST', '/v1/chat/completions', @token,
        chat('echo', stream => JSON::PP::true()));
    my @events = $s->events;
    is($events[-1]{data}, '[DONE]', 'a stream');
    $r = $t->request($ng, 'POST', '/v1/chat/completions', chat('fast'), @token);
    is($r->{status}, 200, 'a provider') or diag($r->{body});
    my ($sent) = $openai->requests;
    is($sent->{json}{model}, 'gpt-4o-mini', 'asked for the model behind the name');
    is($sent->{headers}{authorization}, 'Bearer sk-x', 'with its own key');
    $r = $t->request($ng, 'POST', '/v1/chat/completions', chat('llama'), @token);
    is($r->{status}, 502, 'a provider that is not there');
    is($r->{json}{error}{type}, 'bad_gateway', 'is a JSON error');
    is($t->get($ng, '/v1/models', @token)->{status}, 200,
        'and only misses in the list');
    is($t->get($ng, '/workflows', @token)->{status}, 404, 'nothing but chat');
    ok((grep { ($_->{provider} // '') eq 'echo' }
        access_log($file, 'var/log/nginx/access.log', '"status":"404"')), 'JSON log');
    $t->stop($ng, 'QUIT');
}

# --- gateway.conf, and docs/gateway.md, which takes it apart -------------------------

{
    my $file = 'gateway.conf';
    my $guide = $t->read_file("$ROOT/docs/gateway.md");
    my $squeeze = sub { join "\n", map { s/^\s+//r } grep { /\S/ } split /\n/, $_[0] };
    my $whole = $squeeze->($t->read_file("$ROOT/conf-examples/$file") =~ s/^ *#.*\n//mgr);
    my @pieces = NodeTool::Docs::blocks($guide, 'nginx');
    cmp_ok(scalar @pieces, '>', 4, 'the guide has pieces of it');
    ok(index($whole, $squeeze->($_)) >= 0, 'as they stand in the file')
        or diag($_) for @pieces;

    my $mock = NodeTool::MockModels->start($t, 'models');
    my $ng = example($file, port => 8080, modules => [qw(base auth chat)],
        env => { GEMINI_API_KEY => 'key-gemini' },
        replace => { 'https://api.openai.com' => $mock->url('/openai'),
            'dialect              anthropic;' => 'dialect anthropic; url ' . $mock->url('/anthropic;'),
            'dialect  gemini;' => 'dialect gemini; url ' . $mock->url('/gemini;'),
            '10.0.0.1:8000' => '127.0.0.1:1', '10.0.0.2:8000' => '127.0.0.1:1' },
        files => { token => "secret-2\n", keys => '',
            prices => $t->read_file("$ROOT/conf-examples/prices"),
            'openai.keys' => "key-openai\nkey-openai\n",
            'anthropic.keys' => "key-anthropic\n" });
    is($t->get($ng, '/v1/models')->{status}, 401, 'a token is needed');

    local %ENV = (%ENV, URL => "http://127.0.0.1:$ng->{port}", TOKEN => 'secret-2',
        ETC => "$dir/$file/etc/nodetool", PATH => "$BUILD:$ENV{PATH}");
    my @commands = NodeTool::Docs::commands($guide);
    cmp_ok(scalar @commands, '>', 6, 'the guide has commands');
    for (@commands) {
        NodeTool::Docs::check(@$_);
        next if $_->[0] !~ /key create/;
        my $key = $t->read_file("$file/etc/nodetool/ci.key") =~ s/\s+\z//r;
        $t->wait_for('workers know the key', sub {
            return $t->request($ng, 'GET', '/v1/models/smart',
                headers => [ 'Authorization', "Bearer $key" ])->{status} == 200;
        });
    }

    my ($line) = $t->read_file("$file/var/log/nginx/error.log")
        =~ /(nodetool request [^\n]*model="fast".*)/;
    like($line, qr/provider="openai" upstream_model="gpt-4o-mini" tried="vllm 502, openai 200"/,
        'a fallback, in the log');
    my @log = access_log($file, 'var/log/nginx/access.log', '"cache":"hit"');
    ok((grep { $_->{key} eq 'ci' && $_->{user} eq 'bob' && ($_->{cost} || 0) > 0 } @log),
        'a key, its user and what it spent');
    is($t->request($ng, 'GET', '/metrics')->{status}, 401, 'metrics need the token');
    $t->stop($ng, 'QUIT');
}

# --- several-engines.conf -----------------------------------------------------------

SKIP: {
    skip('no redis-server', 1) if !-x '/usr/bin/redis-server';
    my $file = 'several-engines.conf';
    my $redis = $t->redis(name => 'redis-engines');
    my @engines = map {
        engine($file, "engine-$_", '--redis', $redis->{url})
    } 1 .. 3;
    my $ng = example($file, port => 7777);
    my $request = sub { return $t->request($ng, @_) };
    worker_works($file, $request);
    is($t->get($ng, '/health/ready')->{status}, 200, 'ready');

    my $run = sub {
        my $r = $request->('POST', '/workflows/w/run', @token,
            json => { params => { text => 'x' } });
        my $job = $request->('GET', "/jobs/" . ($r->{json}{job_id} // ''), @token);
        return "$r->{status} $job->{status}";
    };
    is_deeply([ map { $run->() } 1 .. 6 ], [ ('200 200') x 6 ],
        'each engine knows the others\' jobs');
    $t->stop($engines[0]);
    is_deeply([ map { $run->() } 1 .. 6 ], [ ('200 200') x 6 ],
        'one less is no matter');
    $t->stop($_) for @engines[1, 2];
    $t->expect_log(qr/engine-\d\.sock/);
    like($request->('POST', '/workflows/w/run', @token, json => {})->{status},
        qr/^50[23]$/, 'none is one');
    is($request->('POST', '/v1/chat/completions', chat('echo'), @token)->{status},
        200, 'and chat goes on');
    $t->stop($ng, 'QUIT');
}

# --- cloud-run.conf, cloud-run.sh -----------------------------------------------------

my $service;
{
    my $file = 'cloud-run.conf';
    my $conf = example($file, text => 1,
        replace => { '169.254.0.0/16' => '127.0.0.1' });
    # what the container has as root is the user's here
    $conf = "user root;\n$conf" if $> == 0;
    $conf =~ s{(access_log|error_log) +/dev/std\w+}{$1 $dir/$file/$1};
    $conf =~ s{access_log +/dev/stdout}{access_log $dir/$file/access_log};
    $conf =~ s{listen \$\{PORT\}}{listen 127.0.0.1:\${PORT}};
    my $path = $t->write_file("$file/cloud-run.conf", $conf);
    my $port = $t->port('cloud-run');
    my %env = (%{ $t->nginx_env }, PORT => $port, TMPDIR => "$dir/$file/tmp",
        PATH => "$BUILD:/usr/sbin:$ENV{PATH}",
        NODETOOL_HOME => "$dir/$file/home", NODETOOL_NGINX_CONF => $path,
        NODETOOL_ENGINE_SOCKET => "$dir/$file/tmp/nodetool-engine.sock");
    my $script = "$ROOT/conf-examples/cloud-run.sh";

    my $failed = $t->spawn('cloud-run-no-token', [ $script ], env => \%env);
    is($t->wait_exit($failed, 10) >> 8, 2, 'no token: it does not start');
    like($t->read_file($failed->{log}), qr/set WORKER_AUTH_TOKEN/, 'and says why');

    $env{WORKER_AUTH_TOKEN} = 'secret-2';
    $service = $t->spawn('cloud-run', [ $script ], env => \%env, group => 1);
    $t->wait_port($port, $service);
    $service->{port} = $port;
    $t->wait_for('the engine', sub { -S "$dir/$file/tmp/nodetool-engine.sock" });
    worker_works($file, sub { return $t->request($port, @_) });

    my $r = $t->request($port, 'GET', '/ping', headers =>
        [ 'X-Forwarded-For', '6.6.6.6, 203.0.113.9', 'X-Forwarded-Proto', 'https' ]);
    is($r->{status}, 200, '/ping');
    $t->request($port, 'GET', '/v1/models', headers => [ @{ $token[1] },
        'X-Forwarded-For', '6.6.6.6, 203.0.113.9' ]);
    my @log = access_log($file, 'access_log', '/v1/models');
    is($log[-1]{httpRequest}{remoteIp}, '203.0.113.9',
        'the client is who the front end says, not who it says it is');
    is($log[-1]{severity}, 'INFO', 'for Cloud Logging');
}

# --- cloud-run-proxy.conf -------------------------------------------------------------

{
    # Cloud Run's front end, in small: TLS by name, and the service behind it
    my $name = 'my-worker-abc123-ew.a.run.app';
    my $front = $t->nginx("server_name $name; ssl_certificate $dir/tls/server.pem;
        ssl_certificate_key $dir/tls/server.key;
        if (\$http_host != $name) { return 421; }
        location / { proxy_pass http://127.0.0.1:$service->{port};
            proxy_http_version 1.1; proxy_set_header Connection '';
            proxy_set_header X-Forwarded-Host \$http_x_forwarded_host;
            proxy_request_buffering off; proxy_buffering off; client_max_body_size 0; }
        location /v1/slow/ { nodetool_echo_delay 100ms; nodetool_chat; }",
        name => 'nginx-front', listen => '127.0.0.1:' . $t->port('nginx-front') . ' ssl',
        http => 'log_format names "$ssl_server_name $http_host $request_method $uri $connection";
            access_log %%DIR%%/front.log names; nodetool_model "*" echo;
            server { listen 127.0.0.1:' . $t->port('nginx-front') . ' ssl default_server;
                ssl_reject_handshake on; }');
    my $file = 'cloud-run-proxy.conf';
    my $ng = example($file, port => 443, replace => {
        "server $name:443" => "server 127.0.0.1:$front->{port}" });
    my $port = $ng->{port};

    is(tls($port, 'GET', '/health')->{status}, 200, 'through the proxy');
    my $r = tls($port, 'POST', '/v1/chat/completions', chat('echo'), @token);
    like($r->{json}{choices}[0]{message}{content}, qr/one two three/, 'chat');
    $r = tls($port, 'PUT', '/admin/storage/temp/p.txt', @token, body => 'through');
    is($r->{status}, 201, 'an upload') or diag($r->{body});
    is(tls($port, 'GET', '/storage/temp/p.txt')->{body}, 'through', 'and back');
    $r = tls($port, 'GET', '/storage/temp/p.txt', args => [ '-r', '0-2' ]);
    is("$r->{status} $r->{body}", '206 thr', 'a range');
    like($t->read_file('front.log'), qr/^\Q$name $name\E GET/m, 'SNI and Host');
    my %connections = map { /(\d+)$/ ? ($1 => 1) : () }
        split /\n/, $t->read_file('front.log');
    ok(keys %connections <= 3, 'connections are kept');

    # events leave one by one: the delay is between them, not before them
    open my $curl, '-|', 'curl', '-sN', '--cacert', "$dir/tls/ca.pem",
        '--connect-to', "::127.0.0.1:$port", '-H', 'Content-Type: application/json',
        '-d', $t->encode({ chat('echo', stream => JSON::PP::true()) }->{json}),
        'https://nodetool.example.com/v1/slow/chat/completions';
    my @times;
    while (<$curl>) { push @times, time if /^data: / }
    close $curl;
    ok(@times > 3 && $times[-1] - $times[0] > 0.2, 'streams unbuffered')
        or diag("@times");

    # the service goes away
    kill 'TERM', $front->{pid};
    $t->wait_exit($front, 10);
    $t->expect_log(qr/connect\(\) failed/);
    $r = tls($port, 'POST', '/v1/chat/completions', chat('echo'), @token);
    is($r->{status}, 502, 'a service that is away');
    is($r->{json}{error}{type}, 'bad_gateway', 'as a JSON error');
    $t->stop($ng, 'QUIT');
}

# --- and the end of the container, within ten seconds, streams or not -------------------

{
    my $c = $t->open_request($service->{port}, 'POST', '/v1/chat/completions',
        chat('echo', stream => JSON::PP::true()), @token);
    $c->event;
    my $start = time;
    my $status = $t->stop($service, 'TERM', 12);
    is($status, 0, 'SIGTERM: a clean end');
    cmp_ok(time - $start, '<', 9.5, 'within ten seconds');
    ok(!IO::Socket::INET->new(PeerAddr => "127.0.0.1:$service->{port}"),
        'and nothing listens');
}

# --- Dockerfile: what it builds and runs with, as it cannot be built here ----------------

{
    my ($build, $image) = split /^FROM debian:12-slim/m,
        $t->read_file("$ROOT/conf-examples/Dockerfile");
    my ($packages) = $t->read_file("$ROOT/Makefile")
        =~ /^DEPS_BUILD\s*=((?:.*\\\n)*.*)/m;
    for my $package (grep { /-dev$/ } split /[\s\\]+/, $packages) {
        like($build, qr/\s\Q$package\E\s/, "builds with $package");
    }
    # what is linked directly; what that needs, its packages bring along
    my %path; # ldconfig names the machine's own architecture first
    m{^\s*(\S+) .*=> (/\S+)} and $path{$1} ||= $2 for `/sbin/ldconfig -p`;
    my %library = map { /NEEDED\s+(\S+)/ && $path{$1} ? ($path{$1} => 1) : () }
        `objdump -p $BUILD/nodetool-engine $BUILD/nodetool $BUILD/nginx/objs/*.so`;
    my %package;
    for my $path (keys %library) {
        # a merged /usr: dpkg knows one of the two names
        my ($owner) = map { /^([^:]+):/ ? $1 : () }
            `dpkg -S $path /usr$path 2>/dev/null`;
        $package{$owner} = 1 if defined $owner;
    }
    # nginx itself depends on these
    delete @package{qw(libc6 libssl3 zlib1g libcrypt1)};
    for my $package (sort grep { !/asan|ubsan|gcc|stdc/ } keys %package) {
        like($image, qr/\s\Q$package\E\s/, "runs with $package");
    }
    like($image, qr{COPY conf-examples/cloud-run\.sh }, 'has its script');
}

$t->done;
