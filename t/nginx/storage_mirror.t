#!/usr/bin/perl

# Storage and ngx_http_mirror_module: a request body that several requests
# share.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use NodeTool::Test;

my $t = NodeTool::Test->new;
mkdir "$t->{dir}/$_" for qw(one two);

# Notes how long the bodies are that come here.
my $mock = $t->mock('mock', sub {
    my ($sock) = @_;

    my $in = '';
    while ($in !~ /\r\n\r\n/) {
        return if !sysread $sock, $in, 65536, length $in;
    }
    my ($length) = $in =~ /^content-length: (\d+)/mi;
    my ($head, $body) = split /\r\n\r\n/, $in, 2;
    while (length $body < ($length || 0)) {
        last if !sysread $sock, $body, 65536, length $body;
    }
    $t->write_file('length', length $body);
    print {$sock} "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";
    $sock->flush;
});

my $ng = $t->nginx(<<"SERVER", modules => ['base', 'storage']);
    nodetool_errors on;
    client_max_body_size 10m;
    client_body_buffer_size 1k;
    location /one/ { nodetool_storage %%DIR%%/one read-write; }
    location /two/ { nodetool_storage %%DIR%%/two read-write; mirror /mirror; }
    location = /mirror { internal; proxy_pass http://127.0.0.1:$mock->{port}; }
    location /proxy/ { proxy_pass http://127.0.0.1:$mock->{port}; mirror /one/copy; }
    location /headers/ { proxy_pass http://127.0.0.1:$mock->{port}; mirror /one/none;
                         mirror_request_body off; }
SERVER

# In memory, in a file, and longer than what is copied at once.
for my $n (100, 5000, 3_500_000) {
    my $body = 'x' x $n;

    $t->write_file('length', '');
    like($t->request($ng, 'PUT', '/two/a', body => $body)->{status}, qr/^20[01]$/, "PUT of $n bytes");
    is(-s "$t->{dir}/two/a", $n, 'is stored');
    $t->wait_for('the mirror', sub { return $t->read_file('length') ne '' });
    is($t->read_file('length'), $n, 'and its mirror has the body, too');

    $t->write_file('length', '');
    is($t->request($ng, 'PUT', '/proxy/a', body => $body)->{status}, 200, "a mirror of $n bytes");
    is($t->read_file('length'), $n, 'that leaves the body as it is');
    $t->wait_for('the copy', sub { return (-s "$t->{dir}/one/copy" || 0) == $n });
    pass('is stored');
}

is($t->request($ng, 'PUT', '/headers/a', body => 'x')->{status}, 200, 'a mirror without the body');
is($t->get($ng, '/one/none')->{status}, 404, 'stores nothing');
is_deeply([grep { !/lock$/ } glob "$t->{dir}/*/.nodetool-tmp/*"], [], 'no upload is left');

$t->done;
