#!/usr/bin/perl

# Requests of nodes over TLS: certificates, and HTTP/2 with one connection for
# requests at the same time.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use NodeTool::Graph qw(graph node);
use NodeTool::Test;

my $t = NodeTool::Test->new;
my $dir = $t->dir;
system("openssl req -x509 -newkey rsa:2048 -nodes -keyout $dir/key.pem "
    . "-out $dir/cert.pem -days 2 -subj /CN=localhost "
    . "-addext subjectAltName=DNS:localhost 2>/dev/null") == 0
    or die 'openssl';

my $port = $t->port('tls');
my $ng = $t->nginx(<<'CONF', modules => [], http => <<'HTTP');
    listen 127.0.0.1:%%PORT_tls%% ssl http2;
    ssl_certificate %%DIR%%/cert.pem;
    ssl_certificate_key %%DIR%%/key.pem;
    access_log %%DIR%%/tls.log tls;
    location / { return 200 "hello"; }
CONF
    log_format tls '$server_protocol $connection $uri';
HTTP
my $url = "https://localhost:$port";
local $ENV{NODETOOL_HTTP_ALLOW} = 'private';

sub run {
    my ($g, $type, %data) = @_;

    my $r = $g->run(graph([node(n => $type, %data),
        node(o => 'nodetool.output.Output', name => 'o')], 'n.output>o.value'));
    return $r->{failure}{message} // $r->{results}{o};
}

my $g = NodeTool::Graph->new;
is(run($g, 'lib.http.GetRequest', url => $url),
    'the certificate of localhost is not valid', 'an unknown certificate');
$g->done;

$ENV{SSL_CERT_FILE} = "$dir/cert.pem";
$g = NodeTool::Graph->new;
is(run($g, 'lib.http.GetRequest', url => "$url/one"), 'hello', 'a known one');
is(run($g, 'lib.http.GetRequest', url => "https://127.0.0.1:$port/"),
    'the certificate of 127.0.0.1 is not valid', 'for its own name only');
my @urls = map { "$url/$_" } 1 .. 20;
is_deeply(run($g, 'lib.http.FilterValidURLs', urls => \@urls,
    max_concurrent_requests => 20), \@urls, 'many at once');
$g->done;

my @log;
$t->wait_for('the log', sub {
    @log = split /\n/, $t->read_file("$dir/tls.log");
    return @log >= 21;
});
is(scalar @log, 21, 'all arrive once');
is_deeply([grep { !m{^HTTP/2\.0 } } @log], [], 'by HTTP/2');
my %connections = map { (split / /)[1] => 1 } @log;
is(scalar keys %connections, 1, 'on one connection');

$t->expect_log(qr/SSL_do_handshake/);
$t->done;
