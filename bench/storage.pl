#!/usr/bin/perl

# Storage beside nginx itself: GET beside static files, PUT beside the dav
# module. One worker, loopback.
#
#   NODETOOL_BUILD=build perl bench/storage.pl

use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/lib", "$Bin/../t/lib";
use Bench;
use NodeTool::Test;

my $t = NodeTool::Test->new;
my $ok = 1;

my $ng = $t->nginx(<<'CONF', modules => [qw(base storage)], http => <<'HTTP');
    location /store/ { nodetool_storage %%DIR%%/store read-write; }
    location /fsync/ { nodetool_storage %%DIR%%/fsync read-write;
                       nodetool_storage_fsync on; }
    location /dav/ {
        root                  %%DIR%%;
        client_body_temp_path %%DIR%%/dav-tmp;
        dav_methods           PUT;
        create_full_put_path  on;
    }
CONF
    access_log             off;
    error_log              %%DIR%%/error.log warn;
    sendfile               on;
    tcp_nopush             on;
    keepalive_requests     1000000;
    client_max_body_size   0;
    client_body_buffer_size 64k;
    nodetool_storage_fsync off;
HTTP

# Keys change with every request, in eight folders; PUTs replace each other
# after a thousand.
sub put_script {
    my ($size) = @_;
    return <<"LUA";
local body = string.rep("0123456789abcdef", $size / 16)
local n = 0
wrk.method = "PUT"
wrk.body = body
function request()
    n = n + 1
    return wrk.format(nil, wrk.path .. (n % 8) .. "/" .. (n % 1000) .. ".bin")
end
LUA
}

sub url { return "http://127.0.0.1:$ng->{port}$_[0]" }

for my $get ([ '4 KiB', 4096 ], [ '1 MiB', 1 << 20 ]) {
    my ($name, $size) = @$get;
    for my $folder (qw(store dav)) {
        $t->write_file("$folder/a/$size.bin", 'x' x $size);
    }
    my $r = Bench::measure({
        static  => { url => url("/dav/a/$size.bin") },
        storage => { url => url("/store/a/$size.bin") },
    }, pids => [$ng->{pid}]);
    $ok &= Bench::compare("GET $name", $r, 'storage', 'static', 0.95);
}

for my $put ([ '4 KiB', 4096 ], [ '1 MiB', 1 << 20 ]) {
    my ($name, $size) = @$put;
    my $script = put_script($size);
    my $r = Bench::measure({
        dav     => { url => url('/dav/'), script => $script },
        storage => { url => url('/store/'), script => $script },
    }, pids => [$ng->{pid}]);
    $ok &= Bench::compare("PUT $name, no fsync", $r, 'storage', 'dav',
                          0.95);

    # apart, as what is synced here is not to slow the others down
    $r = Bench::measure({
        dav   => { url => url('/dav/'), script => $script },
        fsync => { url => url('/fsync/'), script => $script },
    }, pids => [$ng->{pid}], rounds => 3);
    Bench::compare("PUT $name, fsync in ours", $r, 'fsync', 'dav');
}

$t->stop_all;
exit($ok ? 0 : 1);
