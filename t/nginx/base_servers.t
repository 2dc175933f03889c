#!/usr/bin/perl

# ngx_http_nodetool_base_module over HTTP/2 and TLS, with and without a
# master process, and across reloads.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use NodeTool::Test;

my $t = NodeTool::Test->new;
my @base = (modules => ['base']);

my $server = <<'CONF';
    nodetool_errors on;
    client_max_body_size 1k;
    large_client_header_buffers 2 1k;
    http2_max_field_size 1k;
    http2_max_header_size 4k;
    location = /health { nodetool_health; }
    location /dead/ { proxy_pass http://127.0.0.1:1; }
    location /open/ { proxy_pass http://127.0.0.1:1; }
    location /url/ { return 200 "$nodetool_base_url"; }
CONF

# One request by curl: { status, type, id, head, body, json }
sub curl {
    my ($url, @args) = @_;

    # curl 7.88 takes nginx's RST_STREAM(NO_ERROR), which tells it to stop
    # sending, for an error (92) when it comes before the answer is read
    my $out;
    for (1 .. 20) {
        local $ENV{LD_PRELOAD} = '';   # a sanitizer's; curl hangs under it
        open my $pipe, '-|', 'curl', '-sik', '--max-time', '10', @args, $url
            or die "curl: $!";
        $out = do { local $/; <$pipe> };
        close $pipe;
        last if $? >> 8 != 92;
    }
    my ($head, $body) = split /\r\n\r\n/, $out, 2;
    my ($status) = $head =~ m{^HTTP/[\d.]+ (\d+)};
    my $type = $head =~ /^content-type: (.*?)\r?$/mi ? $1 : '';
    my @ids = $head =~ /^x-request-id: (.*?)\r?$/mig;
    return { status => $status, type => $type, id => "@ids",
             head => $head, body => $body,
             json => scalar eval { $t->decode($body) } };
}

sub is_error {
    my ($r, $status, $name) = @_;

    is($r->{status}, $status, "$name: status");
    is($r->{type}, 'application/json', "$name: JSON");
    is($r->{json}{error}{code}, $status, "$name: code");
    ok($r->{id}, "$name: id");
    return;
}

# --- HTTP/2 ------------------------------------------------------------------

my $h2 = $t->nginx($server, @base, name => 'nginx-h2',
    listen => '127.0.0.1:%%PORT%% http2');
my @h2 = ('--http2-prior-knowledge');
my $url = "http://127.0.0.1:$h2->{port}";

is_error(curl("$url/no", @h2), 404, 'h2');
is_error(curl("$url/dead/", @h2), 502, 'h2 upstream');
is_error(curl("$url/health", @h2, '-X', 'DELETE'), 405, 'h2 method');
is_error(curl("$url/a%00b", @h2), 400, 'h2 URI');
is_error(curl("$url/open/", @h2, '-d', 'x' x 5000), 413, 'h2 body too large');
is_error(curl("$url/open/", @h2, '-T', $t->write_file('big', 'x' x 9000), '-H',
    'Content-Length:'), 413, 'h2 body too large, without a length');
my $r = curl("$url/no", @h2, '-I', '-H', 'X-Request-Id: two');
is($r->{status}, 404, 'h2 HEAD: status');
like($r->{head}, qr/^content-length: [1-9]/m, 'h2 HEAD: a length');
is($r->{body}, '', 'h2 HEAD: no body');
is($r->{id}, 'two', "h2 HEAD: the client's id");
is(curl("$url/health", @h2)->{json}{status}, 'healthy', 'h2 health');
is(curl("$url/url/", @h2)->{body}, $url, 'h2 base URL');

# --- TLS ---------------------------------------------------------------------

system('openssl', 'req', '-batch', '-x509', '-newkey', 'ec', '-pkeyopt',
    'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=localhost',
    '-days', '1', '-keyout', $t->dir . '/key.pem', '-out',
    $t->dir . '/cert.pem') == 0 or die 'openssl';
my $tls = $t->nginx(<<"CONF" . $server, @base, name => 'nginx-tls', listen =>
    ssl_certificate @{[ $t->dir ]}/cert.pem;
    ssl_certificate_key @{[ $t->dir ]}/key.pem;
    ssl_verify_client on;
    ssl_client_certificate @{[ $t->dir ]}/cert.pem;
CONF
    '127.0.0.1:%%PORT%% ssl http2');
my @cert = ('--cert', $t->dir . '/cert.pem', '--key', $t->dir . '/key.pem');
is_error(curl("http://127.0.0.1:$tls->{port}/"), 400, 'HTTP to HTTPS (497)');
is_error(curl("https://127.0.0.1:$tls->{port}/"), 400, 'no certificate (496)');
is_error(curl("https://127.0.0.1:$tls->{port}/", '--http1.1'), 400,
    'no certificate, HTTP/1.1');
is_error(curl("https://127.0.0.1:$tls->{port}/no", @cert), 404, 'TLS');
is(curl("https://127.0.0.1:$tls->{port}/url/", @cert)->{body},
    "https://127.0.0.1:$tls->{port}", 'TLS base URL');

# several on one connection: an error does not disturb the others; over TLS,
# since curl 7.88 does not reuse a connection with prior knowledge
my @urls = map { ("https://127.0.0.1:$tls->{port}/$_") }
    qw(no health dead/ health no);
my $out = `LD_PRELOAD= curl -sk --max-time 10 --http2 @cert @urls`;
is(() = $out =~ /"status":"healthy"/g, 2, 'h2 reuse: good ones');
is(() = $out =~ /"code": (404|502)/g, 3, 'h2 reuse: errors');

# --- reload ------------------------------------------------------------------

my $slow = $t->mock('slow', sub {
    my ($sock) = @_;
    while (defined(my $line = <$sock>)) { last if $line eq "\r\n" }
    print {$sock} "HTTP/1.1 500 No\r\nContent-Length: 8\r\n\r\nhalf";
    $sock->flush;
    $t->wait_for('the go', sub { -e $t->dir . '/go' });
    print {$sock} 'half';
});
for my $master ('on', 'off') {
    unlink $t->dir . '/go';
    my $name = "nginx-master-$master";
    my $conf = $server . <<'CONF';
        location /slow/ { proxy_buffering off;
                          proxy_pass http://127.0.0.1:%%PORT_slow%%; }
CONF
    my $ng = $t->nginx($conf, @base, name => $name,
        main => "master_process $master;");
    is_error($t->get($ng, '/no') && curl("http://127.0.0.1:$ng->{port}/no"),
        404, "master $master");

    # the error body does not wait for the end of what it replaces
    my $open = $t->open_request($ng, 'GET', '/slow/',
        headers => ['Connection', 'keep-alive']);
    is($open->response->{json}{error}{code}, 500, "master $master: slow");

    # a reload in the middle of it; nginx has none without a master
    $t->write_file('go', '') if $master eq 'off';
    next if $master eq 'off';
    my $text = $t->read_file("$name.conf");
    my $gone = 0;
    for my $errors ('off', 'on') {
        $t->write_file("$name.conf",
            $text =~ s/nodetool_errors on/nodetool_errors $errors/r);
        kill 'HUP', $ng->{pid};
        $t->write_file('go', '');
        $t->wait_for('the old worker to end', sub {
            my $log = $t->read_file($ng->{errorlog});
            return $gone < (() = $log =~ /process \d+ exited with code 0/g);
        });
        $gone++;
        my $type = $t->get($ng, '/no')->{headers}{'content-type'};
        is($type, $errors eq 'on' ? 'application/json' : 'text/html',
            "master $master: reloaded, $errors");
    }
    is_error(curl("http://127.0.0.1:$ng->{port}/dead/"), 502,
        "master $master: after reloads");
}

# --- configuration -----------------------------------------------------------

for my $case (
    ['nodetool_errors maybe;', qr/invalid value "maybe"/],
    ['nodetool_errors on; nodetool_errors on;', qr/is duplicate/],
    ['nodetool_health;', qr/not allowed here/],
    ['location / { nodetool_health; nodetool_health; }', qr/is duplicate/],
    ['location / { nodetool_health 1; }', qr/invalid number of arguments/],
) {
    my ($rc, $output) = $t->nginx_check($case->[0], @base);
    isnt($rc, 0, "refused: $case->[0]");
    like($output, $case->[1], '... and says why');
}

$t->done;
