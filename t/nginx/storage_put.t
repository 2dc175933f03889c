use strict;
use warnings;

use IO::Socket::INET;
use POSIX qw(:sys_wait_h);
use Test::More;
use Time::HiRes qw(sleep time);
use lib 't/lib';
use NodeTool::Test;

# How objects come into a store: framings, sizes, broken uploads, crashes, and
# readers and writers at the same time.

my $t = NodeTool::Test->new;
my $threads = `$NodeTool::Test::NGINX -V 2>&1` =~ /--with-threads/
    ? 'aio threads; aio_write on;' : '';

my $ng = $t->nginx(<<"CONF", workers => 2, modules => [qw(base storage)], http => <<'HTTP');
    location /s/ { nodetool_storage %%DIR%%/store read-write; }
    location /fast/ {
        nodetool_storage %%DIR%%/store read-write;
        nodetool_storage_fsync off;
    }
    location /threads/ { $threads nodetool_storage %%DIR%%/store read-write; }
    location /small/ {
        client_body_buffer_size 1k;
        nodetool_storage %%DIR%%/store read-write;
    }
    location /mirrored/ {
        client_body_buffer_size 16k;
        mirror /mirror;
        nodetool_storage %%DIR%%/store read-write;
    }
    location = /mirror { internal; return 204; }
    location /full/ {
        nodetool_storage %%DIR%%/store read-write;
        nodetool_storage_min_free 1000000g;
    }
    location /group/ {
        nodetool_storage %%DIR%%/group read-write;
        nodetool_storage_access user:rw group:r all:r;
    }
    location /max/ {
        client_max_body_size 100k;
        nodetool_storage %%DIR%%/store read-write;
    }
    location /late/ {
        client_body_timeout 500ms;
        nodetool_storage %%DIR%%/store read-write;
    }
CONF
    nodetool_errors on;
    client_max_body_size 0;
    server {
        listen 127.0.0.1:%%PORT_h2%% http2;
        location /s/ { nodetool_storage %%DIR%%/store read-write; }
        location /max/ {
            client_max_body_size 100k;
            nodetool_storage %%DIR%%/store read-write;
        }
    }
HTTP

my $dir = $t->dir;
my @places = (qw(s fast small mirrored), $threads ? 'threads' : ());

sub uploads {
    return grep { !m{/lock$} } glob "$dir/store/.nodetool-tmp/*";
}

sub content {
    my ($size) = @_;
    my $line = "0123456789abcdefghijklmnopqrstuvwxyz\n";
    return substr $line x (1 + $size / length $line), 0, $size;
}

sub chunked {
    my ($body, $size) = @_;
    my $out = '';
    while (length $body) {
        my $part = substr $body, 0, $size, '';
        $out .= sprintf "%x\r\n%s\r\n", length $part, $part;
    }
    return "${out}0\r\n\r\n";
}

# --- every framing, every place, sizes about the buffers' ---------------------

for my $place (@places) {
    for my $size (0, 1, 1023, 1024, 1025, 16383, 16384, 16385, 300_000) {
        my $body = content($size);
        my $r = $t->request($ng, 'PUT', "/$place/n$size", body => $body);
        is($r->{status}, 201, "$place: $size bytes") or diag($r->{body});
        ok($t->read_file("store/n$size") eq $body, "$place: $size bytes whole");

        $r = $t->request($ng, 'PUT', "/$place/n$size",
            headers => [ 'Transfer-Encoding', 'chunked' ],
            body => chunked($body, 777));
        is($r->{status}, 200, "$place: $size bytes, chunked")
            or diag($r->{body});
        ok($t->read_file("store/n$size") eq $body, "$place: chunked whole");
        is($t->request($ng, 'DELETE', "/$place/n$size")->{status}, 204,
            "$place: DELETE");
    }
}

{
    # read into a file before, and copied in parts
    my $body = content(3_500_001);
    is($t->request($ng, 'PUT', '/mirrored/large', body => $body)->{status}, 201,
        'a large body that was read before');
    ok($t->read_file('store/large') eq $body, 'whole');
}

# slowly, byte by byte and split anywhere
for my $place (@places) {
    my $body = content(3000);
    my $head = "PUT /$place/slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
    for my $wire ("Content-Length: 3000\r\n\r\n$body",
        "Transfer-Encoding: chunked\r\n\r\n" . chunked($body, 1000))
    {
        my $c = NodeTool::HTTP->connect_to($ng->{port});
        $c->{method} = 'PUT';
        for my $piece (unpack '(a61)*', $head . $wire) {
            $c->write($piece);
            sleep 0.001;
        }
        like($c->response->{status}, qr/^20[01]$/, "$place: in small pieces");
        ok($t->read_file('store/slow') eq $body, "$place: and whole");
    }
    $t->request($ng, 'DELETE', "/$place/slow");
}

# --- keepalive, pipelining, 100-continue ---------------------------------------

{
    my $c = NodeTool::HTTP->connect_to($ng->{port});
    $c->write(join '', map {
        "PUT /s/pipe$_ HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nbody$_"
    } 1 .. 3);
    for (1 .. 3) {
        $c->{status} = undef;
        @$c{qw(method done left chunked)} = ('PUT');
        is($c->head, 201, "pipelined PUT $_");
    }
    is($t->read_file('store/pipe3'), 'body3', 'and what it stored');
    $c->close;
}
{
    my $send = sub {
        my ($path, @more) = @_;
        my $c = NodeTool::HTTP->connect_to($ng->{port});
        $c->{method} = 'PUT';
        $c->write(join "\r\n", "PUT $path HTTP/1.1", 'Host: a',
            'Content-Length: 5', 'Expect: 100-continue', 'Connection: close',
            @more, '', '');
        sysread $c->{sock}, my $line, 25;
        return ($c, $line);
    };
    my ($c, $line) = $send->('/s/expected');
    is($line, "HTTP/1.1 100 Continue\r\n\r\n", 'asks for the body');
    $c->write('hello');
    is($c->response->{status}, 201, 'and takes it');
    ($c, $line) = $send->('/s/expected', 'If-None-Match: *');
    like($line, qr{^HTTP/1.1 412}, 'does not ask for what it will not take');
    $c->close;
}

# --- HTTP/2 --------------------------------------------------------------------

SKIP: {
    skip('curl has no HTTP/2', 1) if `curl --version` !~ /HTTP2/;
    my $url = 'http://127.0.0.1:' . $t->port('h2');
    for my $size (0, 1, 16384, 65535, 65536, 3_000_000) {
        my $file = $t->write_file('upload', content($size));
        for my $framing ("--data-binary \@$file", "-T - < $file") {
            unlink "$dir/store/h2";
            my $out = `curl -s --http2-prior-knowledge -o /dev/null -w '%{http_code} %{http_version}' -X PUT $framing $url/s/h2`;
            is($out, '201 2', "HTTP/2: $size bytes, " . substr $framing, 0, 6);
            ok($t->read_file('store/h2') eq content($size), 'whole');
        }
    }
    $t->write_file('upload', content(200_000));
    # curl may see the end of the stream before the answer, so ask the log
    system("curl -s --http2-prior-knowledge -o /dev/null -T - $url/max/h2 < $dir/upload");
    $t->wait_for('the log', sub {
        $t->read_file('nginx-access.log') =~ m{"PUT /max/h2 HTTP/2.0" (\d+)} });
    like($t->read_file('nginx-access.log'), qr{"PUT /max/h2 HTTP/2.0" 413},
        'HTTP/2: client_max_body_size without a length');

    # a stream that is reset
    my $curl = $t->spawn('curl', ['sh', '-c', "(cat $dir/upload; exec sleep 60)"
        . " | exec curl -s --http2-prior-knowledge -T - $url/s/reset"],
        group => 1);
    $t->wait_for('the upload', sub { grep { -s } uploads() });
    kill 'KILL', -$curl->{pid};
    $t->wait_exit($curl, 5);
    $t->wait_for('no upload', sub { !uploads() });
    ok(!-e "$dir/store/reset", 'HTTP/2: a stream that breaks leaves nothing');
}

# --- limits --------------------------------------------------------------------

for my $body (content(200_000), undef) {
    my @request = defined $body ? (body => $body)
        : (body => chunked(content(200_000), 4000),
           headers => [ 'Transfer-Encoding', 'chunked' ]);
    my $r = $t->request($ng, 'PUT', '/max/big', @request);
    is($r->{status}, 413, 'client_max_body_size');
    is($r->{json}{error}{type}, 'payload_too_large', 'as an error of the API');
}
$t->expect_log(qr/make room for .* failed \(28/);
my $r = $t->request($ng, 'PUT', '/full/x', body => 'x');
is($r->{status}, 503, 'nodetool_storage_min_free');
is($r->{json}{error}{type}, 'service_unavailable', 'its type');
like($r->{json}{error}{message}, qr/full/, 'its message');
ok($r->{headers}{'retry-after'}, 'Retry-After');

{
    my $umask = (stat "$dir/store/h2")[2] & 0777;
    is($umask, 0600, 'objects are the owner\'s');
    $t->request($ng, 'PUT', '/group/a/b', body => 'x');
    is((stat "$dir/group/a/b")[2] & 0777, 0644, 'nodetool_storage_access');
    is((stat "$dir/group/a")[2] & 0777, 0755, 'of folders');
}

# --- a full disk, and one that is not ours -------------------------------------

SKIP: {
    mkdir "$dir/tiny";
    skip('cannot mount here', 1)
        if system("mount -t tmpfs -o size=1m tmpfs $dir/tiny 2>/dev/null") != 0;
    my $tiny = eval {
        $t->nginx('client_max_body_size 0; nodetool_errors on;
            location /s/ { nodetool_storage %%DIR%%/tiny read-write; }
            location /t/ { aio threads; aio_write on;
                nodetool_storage %%DIR%%/tiny read-write; }',
            name => 'nginx-tiny', modules => [qw(base storage)]);
    };
    $t->expect_log(qr/write upload of .* failed \(28: No space/);
    for my $place (qw(s t)) {
        is($t->request($tiny, 'PUT', "/$place/old", body => 'old')->{status},
            $place eq 's' ? 201 : 200, 'a small object');
        my $r = $t->request($tiny, 'PUT', "/$place/old", body => content(4 << 20));
        is($r->{status}, 503, 'the disk is full');
        like($r->{json}{error}{message}, qr/full/, 'it says so');
        is($t->get($tiny, "/$place/old")->{body}, 'old', 'the old object stays');
        is(`ls $dir/tiny/.nodetool-tmp`, "lock\n", 'the upload does not');
        is($t->request($tiny, 'PUT', "/$place/new", body => 'new')->{status},
            $place eq 's' ? 201 : 200, 'and there is room again');
    }
    $t->stop($tiny, 'QUIT');
    system("umount $dir/tiny") == 0 or diag('umount failed');
}

SKIP: {
    skip('only root can', 1) if $> != 0;
    mkdir "$dir/locked";
    mkdir "$dir/locked/in";
    $t->write_file('locked/in/x', 'x');
    $t->write_file('locked/y', 'y');
    chmod 0700, "$dir/locked/in";
    chmod 0600, "$dir/locked/y";
    my ($uid, $gid) = (getpwnam 'nobody')[2, 3];
    chown $uid, $gid, "$dir/locked";
    my $port = $t->port('locked');
    my $conf = $t->read_file('nginx.conf') =~ s/user root;/user nobody nogroup;/r;
    $conf =~ s/nginx(-error|-access|\.pid|-body|-proxy|-fastcgi|-uwsgi|-scgi)/locked$1/g;
    $conf =~ s/server \{.*/server { listen 127.0.0.1:$port; location \/s\/ {
        nodetool_storage $dir\/locked read-write; }
        location \/made\/ { nodetool_storage $dir\/made\/here read-write; } } }/s;
    my $locked = $t->nginx_conf($conf, name => 'locked', port => $port);
    for my $row (['GET', 'in/x'], ['PUT', 'in/x'], ['DELETE', 'in/x'],
        ['PUT', 'in/new'], ['GET', 'y'])
    {
        my ($method, $key) = @$row;
        my $r = $t->request($locked, $method, "/s/$key",
            $method eq 'PUT' ? (body => 'x') : ());
        is($r->{status}, 403, "$method of what the worker may not: 403");
        is($r->{json}{error}{type}, 'forbidden', 'its type');
        unlike($r->{body}, qr{/}, 'no path in it') if $r->{json};
    }
    is($t->request($locked, 'PUT', '/made/a', body => 'x')->{status}, 201,
        'a store that the master made is the workers\'');
    is((stat "$dir/made/here")[4], $uid, 'its owner');
    $t->stop($locked, 'QUIT');
}

# --- uploads that break off ----------------------------------------------------

$t->request($ng, 'PUT', '/s/stays', body => 'old');
for my $place (@places) {
    next if $place eq 'mirrored';    # the body is read elsewhere first
    for my $head ('Content-Length: 1000000', 'Transfer-Encoding: chunked') {
        my $c = NodeTool::HTTP->connect_to($ng->{port});
        $c->write("PUT /$place/stays HTTP/1.1\r\nHost: a\r\n$head\r\n\r\n");
        $c->write(($head =~ /chunk/ ? "f4240\r\n" : '') . content(200_000));
        $t->wait_for('an upload', sub { grep { -s } uploads() });
        $c->close;
        $t->wait_for('no upload', sub { !uploads() });
        is($t->get($ng, '/s/stays')->{body}, 'old', "$place: $head, broken off");
    }
}
{
    my $c = NodeTool::HTTP->connect_to($ng->{port});
    $c->{method} = 'PUT';
    $c->write("PUT /s/stays HTTP/1.1\r\nHost: a\r\n"
        . "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nnonsense\r\n");
    is($c->response->{status}, 400, 'bad chunks');
    $c = NodeTool::HTTP->connect_to($ng->{port});
    $c->{method} = 'PUT';
    $c->write("PUT /late/stays HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx");
    is(eval { $c->head; 1 }, undef, 'client_body_timeout: closed');
    $t->wait_for('no upload', sub { !uploads() });
    is($t->get($ng, '/s/stays')->{body}, 'old', 'nothing came of either');
}

# --- a worker that dies, a reload, and what is left -----------------------------

sub workers { return map { /(\d+)/ ? $1 : () } `pgrep -P $ng->{pid}` }

sub stuck {
    my ($key) = @_;
    my %known = map { $_ => 1 } uploads();
    my $c = NodeTool::HTTP->connect_to($ng->{port});
    $c->{method} = 'PUT';
    $c->write("PUT /s/$key HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
        . "Content-Length: 200000\r\n\r\n" . content(150_000));
    my ($file) = $t->wait_for('the upload',
        sub { [ grep { -s && !$known{$_} } uploads() ]->[0] });
    return ($c, $file);
}

$t->expect_log(qr/worker process \d+ exited on signal 9/);
my @before = workers();
my ($dead, $leftover) = stuck('crashed');
kill 'KILL', @before;
$t->wait_for('new workers', sub {
    my @now = workers();
    my %old = map { $_ => 1 } @before;
    return @now == 2 && !grep { $old{$_} } @now;
});
ok(-e $leftover, 'kill -9 of a worker leaves an upload');
ok(!-e "$dir/store/crashed", 'and no object');
my ($alive, $going) = stuck('alive');
my $past = time - 3600;
utime $past, $past, $leftover, $going;
kill 'HUP', $ng->{pid};
$t->wait_for('the leftover to go', sub { !-e $leftover });
pass('a new worker removes it');
ok(-e $going, 'but not the upload that an old worker still takes');
$alive->write(substr content(200_000), 150_000);
is($alive->response->{status}, 201, 'which ends well');
is(-s "$dir/store/alive", 200_000, 'and whole');

# --- readers and writers at once -------------------------------------------------

sub in_parallel {
    my ($count, $code) = @_;
    my @pids = map {
        my $n = $_;
        my $pid = fork // die "fork: $!";
        if ($pid == 0) {
            my $ok = eval { $code->($n) };
            print STDERR "child $n: $@" if $@;
            POSIX::_exit($ok ? 0 : 1);
        }
        $pid;
    } 1 .. $count;
    return grep { waitpid($_, 0); $? == 0 } @pids;
}

{
    my $end = time + 1.5;
    my $size = 400_000;
    $t->request($ng, 'PUT', '/fast/busy', body => '1' x $size);
    my $ok = in_parallel(6, sub {
        my ($n) = @_;
        while (time < $end) {
            if ($n <= 2) {
                my $r = $t->request($ng, 'PUT', '/fast/busy', body => $n x $size);
                return 0 if $r->{status} != 200;
            } else {
                my $r = $t->get($ng, '/s/busy');
                my $first = substr $r->{body}, 0, 1;
                return 0 if $r->{status} != 200 || $r->{truncated}
                    || $r->{body} ne $first x $size;
            }
        }
        return 1;
    });
    is($ok, 6, 'readers see the old object or the new, whole');
}
{
    my %status;
    pipe my $in, my $out;
    in_parallel(12, sub {
        my ($n) = @_;
        my $r = $t->request($ng, 'PUT', '/fast/first', body => $n,
            headers => [ 'If-None-Match', '*' ]);
        syswrite $out, "$n $r->{status}\n";
        return 1;
    });
    close $out;
    while (<$in>) { my ($n, $s) = split; push @{ $status{$s} }, $n }
    is(scalar @{ $status{201} || [] }, 1, 'If-None-Match: *, one of many is first');
    is(scalar @{ $status{412} || [] }, 11, 'the others learn it');
    is($t->get($ng, '/s/first')->{body}, $status{201}[0], 'and it is there');
}
{
    # a counter, kept right by If-Match
    $t->request($ng, 'PUT', '/fast/count', body => '0');
    my $ok = in_parallel(4, sub {
        for (1 .. 10) {
            while (1) {
                my $r = $t->get($ng, '/s/count');
                my $put = $t->request($ng, 'PUT', '/fast/count',
                    body => $r->{body} + 1,
                    headers => [ 'If-Match', $r->{headers}{etag} ]);
                last if $put->{status} == 200;
                return 0 if $put->{status} != 412;
            }
        }
        return 1;
    });
    is($ok, 4, 'If-Match, many writers');
    is($t->get($ng, '/s/count')->{body}, 40, 'no update is lost');
}
{
    my $end = time + 1;
    my $ok = in_parallel(4, sub {
        my ($n) = @_;
        while (time < $end) {
            my $r = $t->request($ng, 'PUT', "/fast/deep/er/$n", body => $n);
            return 0 if $r->{status} != 201;
            $r = $t->request($ng, 'DELETE', "/fast/deep/er/$n");
            return 0 if $r->{status} != 204;
        }
        return 1;
    });
    is($ok, 4, 'folders that come and go break no PUT');
    ok(!-e "$dir/store/deep", 'and are gone in the end');
}

# --- memory ----------------------------------------------------------------------

sub rss {
    my $max = 0;
    for my $pid (workers()) {
        my ($kb) = $t->read_file("/proc/$pid/status") =~ /VmHWM:\s+(\d+)/;
        $max = $kb if $kb && $kb > $max;
    }
    return $max;
}

for my $framing ('Content-Length', 'chunked') {
    my $size = $ENV{NODETOOL_TEST_BIG} ? 5 << 30 : 256 << 20;
    my $before = rss();
    my $c = NodeTool::HTTP->connect_to($ng->{port}, timeout => 600);
    $c->{method} = 'PUT';
    my $block = "\0" x (1 << 20);
    $c->write("PUT /fast/big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
        . ($framing eq 'chunked' ? "Transfer-Encoding: chunked\r\n\r\n"
            : "Content-Length: $size\r\n\r\n"));
    for (1 .. $size >> 20) {
        $c->write($framing eq 'chunked' ? "100000\r\n$block\r\n" : $block);
    }
    $c->write("0\r\n\r\n") if $framing eq 'chunked';
    like($c->response->{status}, qr/^20[01]$/, "$framing: " . ($size >> 20) . ' MiB');
    is(-s "$dir/store/big", $size, 'whole');
    my $grown = rss() - $before;
    SKIP: {
        skip('the address sanitizer keeps what is freed', 1) if $ENV{NODETOOL_SAN};
        cmp_ok($grown, '<', 2048, "in constant memory (grown by $grown KiB)");
    }
}
unlink "$dir/store/big";

is_deeply([ uploads() ], [], 'no upload is left');
$t->done;
