#!/usr/bin/perl

# Clients of streams that are slow, that leave, that speak HTTP/2, and a reload
# beneath them; providers whose certificate is not good.

use strict;
use warnings;

use lib 't/lib';

use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep time);

use NodeTool::Test;
use NodeTool::Wire;

my $t = NodeTool::Test->new;

# One event of the dialect's text, to be sent again and again.
sub piece {
    my ($dialect) = @_;

    my $type = $dialect eq 'ollama' ? 'ndjson' : 'sse';
    my $body = NodeTool::Files::slurp("$NodeTool::Test::ROOT/t/wire/$dialect-text.$type");
    my ($start, $event) = $body =~ /^(.*?)((?:event: [^\n]*\n)?[^\n]*Grüß.*?\n(?:\r?\n)?)(?=[ed{]|$)/s;
    die "$dialect: no piece\n" if !defined $event;
    $event =~ s/Grüß/'word ' x 200/e;
    return ($start, $event);
}

my $mock = NodeTool::Wire->start($t, 'wire', more => sub {
    my ($c, $req, $model) = @_;

    my ($dialect) = $model =~ /^(\w+)-endless$/
        or return NodeTool::MockOpenAI::answer($c, $req);
    my ($start, $event) = piece($dialect);
    $c->head(200, 'Content-Type' => $dialect eq 'ollama'
        ? 'application/x-ndjson' : 'text/event-stream',
        'Transfer-Encoding' => 'chunked');
    $c->chunk($start) if length $start;
    1 while $c->chunk($event);
    return;
});
my $h2 = $t->port('h2');
my $http = NodeTool::Wire::providers($mock)
    . "server { listen 127.0.0.1:$h2 http2; location /v1/ { nodetool_chat; } }";
my $ng = $t->nginx(<<'SERVER', http => $http, modules => ['base', 'chat']);
    nodetool_errors on;
    location /v1/ { nodetool_chat; }
    location /status { stub_status; }
SERVER

sub body {
    my ($model, $stream) = @_;

    return { model => $model, messages => [{ role => 'user', content => 'hi' }],
        ($stream ? (stream => JSON::PP::true) : ()) };
}

sub begin {
    my ($model, $stream) = @_;

    return $t->open_request($ng, 'POST', '/v1/chat/completions',
        json => body($model, $stream));
}

sub file {
    my ($dialect) = @_;

    return "$dialect-text." . ($dialect eq 'ollama' ? 'ndjson' : 'sse');
}

sub rss {
    my ($worker) = split ' ', `pgrep -P $ng->{pid}`;
    return $t->read_file("/proc/$worker/status") =~ /VmRSS:\s+(\d+)/ ? $1 : 0;
}

# The provider's connections are closed within a second.
sub closes {
    my ($name, $n, $code) = @_;

    my $before = $mock->closed;
    my $start = time;
    $code->();
    ok(eval { $t->wait_for($name, sub { $mock->closed >= $before + $n }, 3) },
        "$name: the provider's connection is closed") or diag($@);
    cmp_ok(time - $start, '<', 1, 'within a second');
    return;
}

for my $dialect (@NodeTool::Wire::DIALECTS) {
    # slow readers

    my @streams = map { begin("$dialect-endless", 1) } 1 .. 20;
    $_->read_until(qr/word/) for @streams;
    my $before = rss();
    sleep 1;
    my $grown = rss() - $before;
    cmp_ok($grown, '<', 20 * 64, "$dialect: a slow reader costs no memory ($grown KiB)");
    closes("$dialect: 20 slow readers that leave", 20, sub { $_->close for @streams });

    # clients that leave

    for my $stream (0, 1) {
        my $request = begin(file($dialect) . '~9~mute', $stream);
        $t->wait_for('the request', sub {
            ($mock->requests)[-1]{body} =~ /mute/ || ($mock->requests)[-1]{path} =~ /mute/ });
        closes("$dialect: before the header, stream $stream", 1, sub { $request->close });
    }
    my $request = begin(file($dialect) . '~9~stall', 1);
    $request->read_until(qr/Gr/);
    closes("$dialect: within a stream", 1, sub { $request->close });

    # HTTP/2

    my $url = "http://127.0.0.1:$h2/v1/chat/completions";
    my $curl = 'curl -s --http2-prior-knowledge -H "Content-Type: application/json"';
    my $json = $t->write_file('h2.json', $t->encode(body(file($dialect) . '~5', 1)));
    my $want = begin(file($dialect) . '~5', 1)->response;
    my $got = `$curl -i --data \@$json $url`;
    like($got, qr{^HTTP/2 200}, "$dialect: HTTP/2");
    my $plain = sub { return NodeTool::Wire::view({ status => 200, headers =>
        { 'content-type' => 'text/event-stream' }, body => $_[0] }) };
    is_deeply($plain->($got =~ s/^.*?\r\n\r\n//sr), $plain->($want->{body}), 'the same stream');
    my $many = `$curl --no-progress-meter -Z --parallel-immediate --data \@$json $url @{[ "-o - $url " x 9 ]} 2> /dev/null`;
    is(scalar(() = $many =~ /data: \[DONE\]/g), 10, '10 streams at once');
    my $slow = $t->write_file('h2-slow.json', $t->encode(body(file($dialect) . '~9~stall', 1)));
    my $child = $t->spawn('curl-' . $dialect, ['curl', '-sN', '--http2-prior-knowledge',
        '-H', 'Content-Type: application/json', '--data', "\@$slow", $url]);
    $t->wait_for('a stream over HTTP/2', sub { $t->read_file($child->{log}) =~ /Gr/ });
    closes("$dialect: a client of HTTP/2 that leaves", 1, sub { $t->stop($child) });

    # a reload

    @streams = map { begin(file($dialect) . '~1', 1) } 1 .. 20;
    kill 'HUP', $ng->{pid};
    is(scalar(grep { $_->rest =~ /data: \[DONE\]\n\n$/ } @streams), 20,
        "$dialect: a reload drops no stream");
}

# certificates

sub openssl { system("cd $t->{dir} && openssl $_[0] >> openssl.log 2>&1") == 0
    or die $t->read_file('openssl.log') }

openssl('req -x509 -newkey rsa:2048 -nodes -days 2 -keyout ca.key -out ca.pem -subj /CN=test-ca');
openssl('req -newkey rsa:2048 -nodes -keyout tls.key -out tls.csr -subj /CN=localhost');
$t->write_file('ext', 'subjectAltName=DNS:localhost');
$t->write_file('other', 'subjectAltName=DNS:elsewhere.test');
for (['good', '-CA ca.pem -CAkey ca.key -CAcreateserial -extfile ext -days 2'],
    ['other', '-CA ca.pem -CAkey ca.key -CAcreateserial -extfile other -days 2'],
    ['expired', '-CA ca.pem -CAkey ca.key -CAcreateserial -extfile ext -days -1'],
    ['own', '-signkey tls.key -extfile ext -days 2'])
{
    openssl("x509 -req -in tls.csr $_->[1] -out $_->[0].pem");
}
my @certificates = qw(good other expired own);
my $tls = $t->nginx('location / { }', name => 'nginx-tls', modules => [], http =>
    join '', map { my $name = $_; <<"HTTP" } @certificates);
server { listen 127.0.0.1:@{[ $t->port("tls_$name") ]} ssl;
    ssl_certificate %%DIR%%/$name.pem; ssl_certificate_key %%DIR%%/tls.key;
    location / { proxy_pass http://127.0.0.1:$mock->{port}; } }
HTTP
my $secure = $t->nginx('nodetool_errors on; location /v1/ { nodetool_chat; }', name => 'nginx-secure',
    modules => ['base', 'chat'], http => join '', map { my $d = $_; map { <<"HTTP" } @certificates }
    nodetool_provider $d-$_ { url https://localhost:@{[ $t->port("tls_$_") ]}@{[ $d =~ /openai|mistral/ ? '/v1' : '' ]};
        dialect $d; models none; key sk-secret-key; ssl_trusted_certificate %%DIR%%/ca.pem; }
HTTP
    @NodeTool::Wire::DIALECTS);
for my $dialect (@NodeTool::Wire::DIALECTS) {
    for my $name (@certificates) {
        for my $stream (0, 1) {
            my $seen = $mock->requests;
            my $r = $t->request($secure, 'POST', '/v1/chat/completions', json =>
                body("$dialect-$name/" . ($stream || $dialect eq 'mistral' ? file($dialect) : "$dialect-text.json") . '~99', $stream || $dialect eq 'mistral'));
            is($r->{status}, $name eq 'good' ? 200 : 502, "$dialect: a certificate, $name, stream $stream");
            is(scalar($mock->requests) - $seen, $name eq 'good' ? 1 : 0, 'who gets the request');
            unlike($r->{body}, qr/secret-key/, 'nobody else the key');
        }
    }
}

$t->wait_for('connections to be closed', sub {
    return $t->get($ng, '/status')->{body} =~ /Active connections: 1 /;
});
pass('no connection is left');
$t->done;
