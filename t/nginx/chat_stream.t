#!/usr/bin/perl

# Streams: untouched whatever their framing, usage counted, comments while a
# provider is silent, an error event when it dies, nothing left behind.

use strict;
use warnings;

use lib 't/lib';

use IO::Select;
use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep time);

use NodeTool::MockOpenAI;
use NodeTool::Test;

my $t = NodeTool::Test->new;
my $json = JSON::PP->new->canonical;

sub delta { return 'data: ' . $json->encode((NodeTool::MockOpenAI::chunks('m', [$_[0]], {}))[1]) }
my $usage = 'data: ' . $json->encode((NodeTool::MockOpenAI::chunks('m', [], { stream_options => { include_usage => 1 } }))[-1]);
my $done = 'data: [DONE]';

utf8::downgrade($usage);

# What the mock sends, by model name.
my %bodies = (
    lf      => join("\n\n", delta('a'), delta('b'), $usage, $done, ''),
    crlf    => join("\r\n\r\n", delta('a'), delta('b'), $usage, $done, ''),
    cr      => join("\r\r", delta('a'), delta('b'), $usage, $done, ''),
    bom     => "\xef\xbb\xbf" . join("\n\n", delta('a'), $usage, $done, ''),
    comment => join("\n\n", ': hello', delta('a'), ': again', $usage, $done, ''),
    nospace => join("\n\n", map { s/^data: /data:/r } delta('a'), $usage, $done, ''),
    lines   => join("\n\n", delta('a') =~ s/,"choices"/,\ndata: "choices"/r, $usage =~ s/,"usage"/\ndata: ,"usage"/r, $done, ''),
    fields  => join("\n\n", "event: x\nid: 1\nretry: 5\n" . delta('a'), $usage, $done, ''),
    long    => join("\n\n", delta('x' x 200_000), delta('b'), $usage, $done, ''),
    utf8    => join("\n\n", delta("caf\xc3\xa9 \xf0\x9f\x98\x80"), $usage, $done, ''),
    cut     => join("\n\n", delta('a'), $usage, $done),    # no last blank line
    early   => join("\n\n", delta('a'), $usage =~ s/"choices":\[\]/"choices":[{"index":0}]/r, $done, ''),
);

utf8::downgrade($_) for values %bodies;    # substr of bytes is fast

my $mock = NodeTool::MockOpenAI->start($t, 'mock', sub {
    my ($c, $req) = @_;

    my $model = ($req->{json} || {})->{model} || '';
    if ($model =~ /^(\w+)@(\d+)$/) {
        $c->stream;
        my ($body, $size) = ($bodies{$1}, $2);
        $c->chunk(substr $body, 0, $size, '') while length $body;
        return $c->write("0\r\n\r\n");
    }
    if ($model =~ /^length-(\w+)$/) {
        return $c->body(200, 'text/event-stream', $bodies{$1});
    }
    if ($model =~ /^close-(\w+)$/) {
        $c->head(200, 'Content-Type' => 'text/event-stream', Connection => 'close');
        $c->write($bodies{$1});
        return $c->close;
    }
    if ($model =~ /^die-(before|head|between|inside|reset|chunk|trash|nodone)$/) {
        return $c->close if $1 eq 'before';
        return $c->write("HTTP/1.1 200 OK\r\nContent-Ty") && $c->close if $1 eq 'head';
        $c->stream;
        $c->chunk(delta('a') . "\n\n");
        $c->chunk(substr delta('b'), 0, 30) if $1 eq 'inside';
        return $c->write("0\r\n\r\n") if $1 eq 'nodone';
        $c->write("zz\r\n") if $1 eq 'trash';
        $c->write("40\r\ndata") if $1 eq 'chunk';
        sleep 0.05;
        return $c->reset if $1 eq 'reset';
        return $c->close;
    }
    if ($model eq 'in-band') {
        $c->stream;
        $c->chunk(delta('a') . "\n\n");
        $c->chunk(qq(data: {"error":{"message":"overloaded"}}\n\n));
        return $c->write("0\r\n\r\n");
    }
    if ($model =~ /^silent-(\w+)$/) {
        $c->wait_closed($1 eq 'forever' ? 20 : 0.35);
        return $c->json(429, { error => { message => 'slow down' } }) if $1 eq 'error';
        return $c->json(401, { error => { message => 'sk-secret' } }) if $1 eq 'refused';
        return $c->json(200, NodeTool::MockOpenAI::completion('m', 'x')) if $1 eq 'json';
        return $c->close if $1 =~ /^(?:close|forever)$/;
        $c->stream;
        $c->chunk(delta('a') . "\n\n" . substr delta('b'), 0, 20);
        $c->wait_closed(0.35);
        $c->chunk(substr(delta('b'), 20) . "\n\n");
        return $c->done;
    }
    if ($model eq 'stall') {
        $c->stream;
        $c->chunk(delta('a') . "\n\n");
        $c->wait_closed(20);
        return $c->close;
    }
    if ($model eq 'endless') {
        $c->stream;
        while ($c->chunk(delta('x' x 4000) . "\n\n")) { }
        return $c->close;
    }
    if ($model eq 'one-by-one') {
        $c->stream;
        for (1 .. 5) {
            $c->chunk(delta($_) . "\n\n");
            sysread $c->{sock}, my $buf, 1 if 0;
            my $until = time + 10;
            sleep 0.01 while !-e "$t->{dir}/go-$_" && time < $until;
        }
        return $c->done;
    }
    return NodeTool::MockOpenAI::answer($c, $req);
});

my $http = <<"HTTP";
log_format chat '\$status \$nodetool_model \$nodetool_prompt_tokens \$nodetool_completion_tokens \$nodetool_total_tokens \$nodetool_ttft';
access_log %%DIR%%/chat.log chat;
nodetool_errors on;
nodetool_provider mock { url http://127.0.0.1:$mock->{port}/v1; read_timeout 10s; }
nodetool_provider hasty { url http://127.0.0.1:$mock->{port}/v1; read_timeout 300ms; }
nodetool_provider nobody { url http://127.0.0.1:%%PORT_nobody%%/v1; }
nodetool_model hasty-* hasty \$hasty;
map \$nodetool_model \$hasty { ~^hasty-(?<rest>.*) \$rest; }
nodetool_model nobody nobody;
nodetool_model * mock;
HTTP
my $server = <<'SERVER';
location /v1/ { nodetool_chat; }
location /off/ { nodetool_chat; nodetool_stream_usage off; }
location /ping/ { nodetool_chat; nodetool_chat_keepalive_comment 100ms; }
location /gzip/ { nodetool_chat; gzip on; gzip_min_length 0; gzip_types *; }
location /status { stub_status; }
location /slow-echo/ { nodetool_chat; nodetool_model echo echo; nodetool_echo_delay 20ms; }
location /echo/ { nodetool_chat; nodetool_model echo echo; }
SERVER
my $ng = $t->nginx($server, http => $http, modules => ['base', 'chat']);

sub stream {
    my ($model, %opt) = @_;

    my $path = delete $opt{path} || '/v1';
    my $to = delete $opt{to} || $ng;
    my $headers = delete $opt{headers};
    return $t->open_request($to, 'POST', "$path/chat/completions", headers =>
        $headers, json => { model => $model, stream => JSON::PP::true,
        messages => [{ role => 'user', content => 'hi' }], %opt });
}

sub without_usage {
    my ($body) = @_;

    my $bare = $usage =~ s/^data: //r;
    $body =~ s/data: ?\Q$bare\E(?:\r\n\r\n|\n\n|\r\r)//;
    return $body;
}

# --- framing -----------------------------------------------------------------

for my $name (sort keys %bodies) {
    for my $size (1, 2, 3, 7, 100, 1_000_000) {
        next if $name eq 'long' && $size < 100;
        my $r = stream("$name\@$size")->response;
        is($r->{status}, 200, "$name in pieces of $size");
        ok(!$r->{truncated}, 'has its end');
        my $want = without_usage($bodies{$name});
        $want = $bodies{$name} =~ s/\Q$usage\E\n\n//r . "\n\n" if $name eq 'cut';
        # a comment before an event belongs to it
        $want =~ s/: again\n\n// if $name eq 'comment';
        $want = $bodies{lines} =~ s/data: \{[^\n]*\ndata: ,"usage"[^\n]*\n\n//r if $name eq 'lines';
        ok($r->{body} eq $want, 'bytes are as sent, without the usage chunk')
            or diag(substr($r->{body}, 0, 2000), "\nwanted:\n", substr $want, 0, 2000);
    }
    my $r = stream("$name\@5", stream_options => { include_usage => JSON::PP::true })->response;
    my $want = $bodies{$name} . ($name eq 'cut' ? "\n\n" : '');
    ok($r->{body} eq $want, "$name with usage asked for is untouched");
    ok(stream("$name\@5", path => '/off')->response->{body} eq $want,
        "$name is untouched with nodetool_stream_usage off");
}
my $r = stream('lf@1000')->response;
is($r->{headers}{'content-type'}, 'text/event-stream; charset=utf-8', 'Content-Type of the provider');
is($r->{headers}{'x-accel-buffering'}, 'no', 'X-Accel-Buffering');
is($r->{headers}{'cache-control'}, 'no-cache', 'Cache-Control');
is($r->{headers}{'content-length'}, undef, 'no Content-Length');

for my $name (qw(lf crlf cut)) {
    my $want = without_usage($bodies{$name});
    $want = $bodies{$name} =~ s/\Q$usage\E\n\n//r . "\n\n" if $name eq 'cut';
    ok(stream("length-$name")->response->{body} eq $want, "$name with a Content-Length");
    $r = stream("close-$name")->response;
    ok($r->{body} eq $want, "$name that ends with the connection") or diag $r->{body};
    ok(!$r->{truncated}, 'has its end');
}

sub logged {
    my ($re) = @_;

    return $t->wait_for("log line $re", sub {
        my @lines = grep { /$re/ } split /\n/, $t->read_file('chat.log');
        return $lines[-1];
    });
}
like(logged(qr/ lf\@1 /), qr/ 9 3 12 \d+\.\d{3}$/, 'usage is counted');
like(logged(qr/ crlf\@1 /), qr/ 9 3 12 /, 'with CRLF');
like(logged(qr/ lines\@1 /), qr/ 9 3 12 /, 'in several data lines');
like(logged(qr/ cut\@1 /), qr/ 9 3 12 /, 'in a stream that was cut');
like(logged(qr/ early\@1 /), qr/ 9 3 12 /, 'beside choices');

# Each event leaves at once.
for my $path ('/v1', '/gzip') {
    unlink "$t->{dir}/go-$_" for 1 .. 5;
    my $s = stream('one-by-one', path => $path);
    for (1 .. 5) {
        like($s->event(5)->{data}, qr/"$_ "/, "$path: event $_ arrives");
        $t->write_file("go-$_", '');
    }
    is($s->event(5)->{data}, '[DONE]', 'and the end');
}
SKIP: {
    unlink "$t->{dir}/go-$_" for 1 .. 5;
    my $s = stream('one-by-one', path => '/gzip', headers => ['Accept-Encoding' => 'gzip']);
    is($s->head && $s->{headers}{'content-encoding'}, 'gzip', 'gzip on');
    skip 'no Compress::Zlib', 1 if !eval { require Compress::Zlib; 1 };
    my $inflate = Compress::Zlib::inflateInit(-WindowBits => 31);
    my $text = '';
    for (1 .. 5) {
        my $word = $_;
        $t->wait_for("event $word", sub {
            my $bytes = $s->read_until(qr/./s);
            $bytes .= $s->{out};
            $s->{out} = '';
            $text .= ($inflate->inflate($bytes))[0];
            return $text =~ /"$word "/;
        });
        $t->write_file("go-$word", '');
    }
    ok(1, 'events leave at once through gzip');
}

# --- a provider that dies ----------------------------------------------------

my $lost = 'The provider "mock" ended before its stream was complete';
for (['before', 502], ['head', 502]) {
    my ($how, $status) = @$_;
    $r = stream("die-$how")->response;
    is($r->{status}, $status, "dies $how: a status");
    is($r->{json}{error}{type}, 'bad_gateway', 'in JSON');
}
is(stream('nobody')->response->{status}, 502, 'nobody listens');
is(stream('hasty-stall-before')->response->{status}, 200, 'a mock without that name answers');
for my $how (qw(between inside reset chunk trash nodone)) {
    $r = stream("die-$how")->response;
    is($r->{status}, 200, "dies $how: too late for a status");
    my @events = split /\n\n/, $r->{body};
    is($events[0], delta('a'), 'what was whole has come');
    is($#events, 1, 'then one event') or diag $r->{body};
    is_deeply($t->decode($events[1] =~ s/^data: //r), { error => { message =>
        $lost, type => 'bad_gateway', code => 502 } }, 'which is an error');
}
$r = stream('in-band')->response;
is($r->{body}, delta('a') . qq(\n\ndata: {"error":{"message":"overloaded"}}\n\n), 'an error of the provider passes, alone');

$r = stream('hasty-silent-forever')->response;
is($r->{status}, 504, 'silent before the first byte: 504');
is($r->{json}{error}{type}, 'timeout', 'in JSON');
$r = stream('hasty-stall')->response;
is($r->{status}, 200, 'silent after it');
like($r->{body}, qr/\n\ndata: \{"error": \{"message": "The provider \\"hasty\\" did not go on in time", "type": "timeout", "code": 504\}\}\n\n$/, 'is an error event');
ok(!$r->{truncated}, 'and the response has its end');

# --- comments ----------------------------------------------------------------

my $s = stream('silent-stream', path => '/ping');
is($s->event(5)->{comment}, ' ping', 'a comment before the first byte');
is($s->{status}, 200, 'comes with a header');
is($s->{headers}{'content-type'}, 'text/event-stream', 'of a stream');
is($s->{headers}{'x-accel-buffering'}, 'no', 'as any other');
my $rest = $s->rest;
my ($before, $between) = $rest =~ /^((?:: ping\n\n)*)\Q@{[delta('a')]}\E\n\n((?:: ping\n\n)+)\Q@{[delta('b')]}\E\n\n\Q$done\E\n\n$/;
ok(defined $between, 'comments stand between events only') or diag $rest;
ok(!$s->{truncated}, 'the stream has its end');

my %late = (error => ['slow down', 'rate_limited', 429],
    refused => ['The provider "mock" refused the gateway\'s credentials (status 401)', 'bad_gateway', 502],
    json => ['The provider "mock" did not stream', 'bad_gateway', 502],
    close => [$lost, 'bad_gateway', 502]);
for (sort keys %late) {
    $s = stream("silent-$_", path => '/ping');
    is($s->event(5)->{comment}, ' ping', "a comment, then $_");
    my @events = $s->events;
    is(scalar @events, 1, 'one event');
    is_deeply($t->decode($events[0]{data}), { error => { message => $late{$_}[0],
        type => $late{$_}[1], code => $late{$_}[2] } }, 'which is the error');
    ok(!$s->{truncated}, 'and the end') if $_ ne 'close';
}
$s = stream('hasty-stall', path => '/ping');
like($s->rest, qr/: ping\n\n.*"code": 504/s, 'comments do not keep a dead provider alive');
unlike(stream('lf@1', path => '/ping')->rest, qr/ping/, 'no comments where all goes well');
$r = $t->request($ng, 'POST', '/ping/chat/completions', json => { model => 'silent-json', messages => [{}] });
is($r->{json}{object}, 'chat.completion', 'no comments in a reply that is no stream');

# --- a client that leaves ----------------------------------------------------

for my $model (qw(stall endless silent-forever)) {
    my $closed = $mock->closed;
    $s = stream($model);
    $s->event if $model ne 'silent-forever';
    my $seen = $mock->requests;
    $t->wait_for('the request', sub { (grep { $_->{json}{model} eq $model } $mock->requests) }) ;
    my $start = time;
    $s->close;
    $t->wait_for('the provider to be left', sub { $mock->closed > $closed }, 5);
    cmp_ok(time - $start, '<', 1.5, "$model: the provider is left at once");
}

# A client that does not read holds up its own stream, in bounded memory.
$s = stream('endless');
$s->head;
my ($worker) = $t->read_file('nginx.pid') =~ /(\d+)/;
my ($pid) = `ps -o pid= --ppid $worker` =~ /(\d+)/;
my $rss = sub { return (split ' ', $t->read_file("/proc/$pid/statm"))[1] * 4 };
sleep 0.3;
my $size = $rss->();
sleep 0.5;
cmp_ok($rss->() - $size, '<', 1000, 'memory of a stream that is not read');
$s->close;

# --- echo --------------------------------------------------------------------

$s = stream('echo', path => '/slow-echo', messages => [{ role => 'user', content => 'a b c' }]);
my $start = time;
my @events = $s->events;
is(scalar @events, 8, 'echo by the word');
cmp_ok(time - $start, '>', 0.1, 'with a delay');
$s = stream('echo', path => '/echo', messages => [{ role => 'user', content => 'w ' x 20_000 }]);
is(scalar(grep { defined } $s->events), 20_006, 'a long echo');
$s = stream('echo', path => '/slow-echo', messages => [{ role => 'user', content => 'w ' x 1000 }]);
$s->event;
$s->close;

# --- reload, and nothing left ------------------------------------------------

$s = stream('silent-stream', path => '/ping');
$s->event;
kill 'HUP', $ng->{pid};
like($s->rest, qr/\Q$done\E\n\n$/, 'a reload drops no stream');
is(stream('lf@1')->response->{status}, 200, 'and the new worker streams');

$t->wait_for('all connections to be closed', sub {
    return $t->get($ng, '/status')->{body} =~ /^Active connections: 1 /;
});
ok(1, 'no connection is left');

# --- HTTP/2 ------------------------------------------------------------------

SKIP: {
    skip 'curl has no HTTP/2', 4 if `curl --version` !~ /HTTP2/;
    my $h2 = $t->nginx($server, http => $http, modules => ['base', 'chat'],
        name => 'nginx-h2', listen => '127.0.0.1:' . $t->port('nginx-h2') . ' http2');
    my $curl = sub {
        my ($path, $model, @args) = @_;
        return ('curl', '-sN', '--http2-prior-knowledge', '-H', 'Content-Type: application/json', '-d',
            $t->encode({ model => $model, stream => JSON::PP::true, messages => [{}] }), @args,
            "http://127.0.0.1:$h2->{port}$path/chat/completions");
    };
    my $run = sub { open my $fh, '-|', @_ or die $!; local $/; return scalar <$fh> };
    ok($run->($curl->('/v1', 'lf@1')) eq without_usage($bodies{lf}), 'a stream over HTTP/2');
    like($run->($curl->('/v1', 'die-between')), qr/"code": 502\}\}\n\n$/, 'an error event over HTTP/2');
    like($run->($curl->('/ping', 'silent-error')), qr/^: ping\n\n.*"code": 429\}\}\n\n$/s, 'comments over HTTP/2');
    for my $model (qw(stall silent-forever)) {
        my $closed = $mock->closed;
        my $n = () = grep { $_->{json}{model} eq $model } $mock->requests;
        my $child = $t->spawn('curl', [$curl->('/v1', $model)]);
        $t->wait_for('the request', sub { $n < grep { $_->{json}{model} eq $model } $mock->requests });
        $start = time;
        $t->stop($child, 'KILL');
        $t->wait_for('the provider to be left', sub { $mock->closed > $closed }, 5);
        cmp_ok(time - $start, '<', 1.5, "HTTP/2, $model: the provider is left at once");
    }
}

$t->done;
