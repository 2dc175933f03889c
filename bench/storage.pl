#!/usr/bin/perl

# Storage beside nginx itself: GET beside static files, PUT beside the dav
# module. One worker, loopback.
#
#   NODETOOL_BUILD=build perl bench/storage.pl

use strict;
use warnings;

use File::Temp ();
use FindBin qw($Bin);
use lib "$Bin/lib", "$Bin/../t/lib";
use Bench;
use NodeTool::Test;

my $t = NodeTool::Test->new;
my $ok = 1;

# A folder in memory, else one on the disk.
my $memory = -w '/dev/shm' && File::Temp->newdir(DIR => '/dev/shm');
symlink $memory || $t->dir . '/no-memory', $t->dir . '/memory';
mkdir $t->dir . '/no-memory';

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
    location /memory-store/ { nodetool_storage %%DIR%%/memory/store read-write; }
    location /memory-dav/ {
        alias                 %%DIR%%/memory/dav/;
        client_body_temp_path %%DIR%%/memory/dav-tmp;
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

# Objects of 4 KiB are new ones, on the disk. Those of 1 MiB replace each other
# after two hundred, in memory where there is a tmpfs: so neither the disk's
# speed is measured, nor ext4's search for an inode that was not freed lately,
# which costs ten times what a server does.
sub put_script {
    my ($size, $keys) = @_;
    my $name = $keys ? "(n % $keys)" : 'start .. "-" .. n';
    return <<"LUA";
local body = string.rep("0123456789abcdef", $size / 16)
local start = os.time()
local n = 0
wrk.method = "PUT"
wrk.body = body
function request()
    n = n + 1
    return wrk.format(nil, wrk.path .. (n % 8) .. "/" .. $name .. ".bin")
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

for my $put ([ '4 KiB', 4096, 'disk', '', 0 ],
    [ '1 MiB', 1 << 20, $memory ? 'tmpfs' : 'disk', 'memory-', 200 ])
{
    my ($name, $size, $where, $prefix, $keys) = @$put;
    my $script = put_script($size, $keys);
    my $r = Bench::measure({
        dav     => { url => url("/${prefix}dav/"), script => $script },
        storage => { url => url("/${prefix}store/"), script => $script },
    }, pids => [$ng->{pid}]);
    $ok &= Bench::compare("PUT $name, $where", $r, 'storage', 'dav', 0.95);
}

# What it costs that a PUT survives a power failure, which dav does not offer.
for my $put ([ '4 KiB', 4096, 1000 ], [ '1 MiB', 1 << 20, 200 ]) {
    my ($name, $size, $keys) = @$put;
    my $script = put_script($size, $keys);
    my $r = Bench::measure({
        storage => { url => url('/store/'), script => $script },
        fsync   => { url => url('/fsync/'), script => $script },
    }, pids => [$ng->{pid}], rounds => 3);
    Bench::compare("PUT $name, disk, fsync", $r, 'fsync', 'storage');
}

$t->stop_all;
exit($ok ? 0 : 1);
