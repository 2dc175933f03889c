use strict;
use warnings;

use Test::More;
use lib 't/lib';
use NodeTool::Test;

# Objects that expire: gone to clients at once, from the disk soon after.

my $t = NodeTool::Test->new;
my $dir = $t->dir;

# what was there before the server starts
my $past = time - 1000;
for my $name (map { "many/$_/" . $_ % 7 } 1 .. 1500) {
    utime $past, $past, $t->write_file("temp/$name", 'old');
}
utime $past, $past, $t->write_file('temp/old', 'old'),
    $t->write_file('temp/a/b/old', 'old'), $t->write_file('assets/old', 'old'),
    $t->write_file('outside/old', 'old');
$t->write_file('temp/a/new', 'new');
$t->write_file('temp/' . join('/', ('d') x 500) . '/deep', 'x');
symlink "$dir/outside", "$dir/temp/link";
symlink "$dir/outside/old", "$dir/temp/a/link";
utime $past, $past, "$dir/temp/" . join('/', ('d') x 500) . '/deep';
system('find', "$dir/temp", '-type', 'd', '-exec', 'touch', '-d', '1000 seconds ago', '{}', '+');

for my $master ('on', 'off') {
    my $ng = $t->nginx(<<'CONF', name => "nginx-$master", modules => [qw(base storage)], main => "master_process $master;");
        nodetool_errors on;
        location /admin/temp/ {
            nodetool_storage %%DIR%%/temp read-write;
            nodetool_storage_expire 100s;
        }
        location /temp/ { nodetool_storage %%DIR%%/temp; }
        location /assets/ { nodetool_storage %%DIR%%/assets read-write; }
        location /quick/ {
            nodetool_storage %%DIR%%/quick read-write;
            nodetool_storage_expire 1s;
        }
CONF
    $t->wait_for('the sweeper', sub {
        my @left = `find $dir/temp -mindepth 1 2>/dev/null`;
        return @left == 6;    # a, a/new, two links, .nodetool-tmp, lock
    });
    ok(-e "$dir/temp/a/new", "$master: what is new stays");
    ok(!-e "$dir/temp/a/b", 'folders go with what was in them');
    ok(!-e "$dir/temp/many", 'many of them, too');
    ok(!-e "$dir/temp/d", 'and deep ones');
    ok(-l "$dir/temp/link", 'links are left alone');
    is($t->read_file('outside/old'), 'old', 'and not followed');
    ok(-e "$dir/assets/old", 'other stores are not swept');
    is($t->get($ng, '/assets/old')->{body}, 'old', 'nor does GET hide theirs');

    # expired, and not yet swept
    for my $path ('/temp/x', '/admin/temp/x') {
        utime $past, $past, $t->write_file('temp/x', 'x');
        is($t->get($ng, $path)->{status}, 404, "GET $path: expired");
        is($t->request($ng, 'HEAD', $path)->{status}, 404, "HEAD $path");
    }
    is($t->request($ng, 'DELETE', '/admin/temp/x')->{status}, 404,
        'DELETE of what has expired');
    is($t->request($ng, 'PUT', '/admin/temp/x', body => 'y',
        headers => [ 'If-Match', '*' ])->{status}, 412, 'If-Match: *');
    is($t->request($ng, 'PUT', '/admin/temp/x', body => 'y',
        headers => [ 'If-None-Match', '*' ])->{status}, 201, 'If-None-Match: *');
    is($t->get($ng, '/temp/x')->{body}, 'y', 'and it lives again');
    is($t->request($ng, 'DELETE', '/admin/temp/x')->{status}, 204, 'until then');

    # one that is written, and expires
    is($t->request($ng, 'PUT', '/quick/a/b', body => 'x')->{status}, 201, 'PUT');
    $t->wait_for('its end', sub {
        $t->get($ng, '/quick/a/b')->{status} == 404 });
    $t->wait_for('its file', sub { !-e "$dir/quick/a" });
    pass('swept');
    my $log = $t->read_file("nginx-$master-error.log");
    like($log, qr/\d+ expired objects and dead uploads removed/, 'and said');

    # timers do not keep an old worker
    if ($master eq 'on') {
        my ($old) = `pgrep -P $ng->{pid}` =~ /(\d+)/;
        kill 'HUP', $ng->{pid};
        $t->wait_for('the old worker to leave', sub { !kill 0, $old });
        pass('a reload');
    }
    $t->stop($ng, 'QUIT');
}

$t->done;
