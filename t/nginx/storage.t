use strict;
use warnings;

use Test::More;
use lib 't/lib';
use NodeTool::Test;

# Objects over HTTP: what a key may be, conditions, ranges, methods; GET and
# HEAD answer as nginx's static files do.

my $t = NodeTool::Test->new;
my $ng = $t->nginx(<<'CONF', modules => [qw(base storage)], http => <<'HTTP');
    location /admin/storage/assets/ {
        nodetool_storage %%DIR%%/assets read-write;
        nodetool_storage_list on;
        client_max_body_size 1m;
    }
    location /admin/storage/temp/ { nodetool_storage %%DIR%%/temp/ read-write; }
    location /storage/assets/ { nodetool_storage %%DIR%%/assets; }
    location /storage/temp/ { nodetool_storage %%DIR%%/temp read-only; }
    location /static/ { alias %%DIR%%/assets/; }
    location ~ ^/users/(?<user>[a-z]+)/(?<file>.+)$ {
        nodetool_storage %%DIR%%/users read-write;
        nodetool_storage_key $user/files/$file;
    }
    location /renamed/ { rewrite ^/renamed/(.*)$ /storage/assets/$1 last; }
    location /limited/ {
        limit_except GET { deny all; }
        nodetool_storage %%DIR%%/assets read-write;
    }
    location /no-etag/ { etag off; nodetool_storage %%DIR%%/assets read-write; }
CONF
    nodetool_errors on;
    types { text/plain txt; image/png png; text/html html; }
HTTP

my $admin = '/admin/storage/assets';
my $public = '/storage/assets';

sub put {
    my ($key, $body, @headers) = @_;
    return $t->request($ng, 'PUT', "$admin/$key", body => $body,
        headers => \@headers);
}

sub delete_ { return $t->request($ng, 'DELETE', "$admin/$_[0]",
    headers => $_[1] || []) }

sub is_error {
    my ($r, $status, $type, $name) = @_;
    is($r->{status}, $status, $name);
    is($r->{json}{error}{type}, $type, "$name: $type");
    is($r->{json}{error}{code}, $status, "$name: code");
    return;
}

# --- a life ------------------------------------------------------------------

my $r = put('a/b/c.txt', 'one');
is($r->{status}, 201, 'PUT of a new object');
is($r->{body}, '', 'no body');
like($r->{headers}{etag}, qr/^"[0-9a-f]+\.[0-9a-f]+-3"$/, 'its tag');
my $etag = $r->{headers}{etag};

$r = $t->get($ng, "$public/a/b/c.txt");
is($r->{status}, 200, 'GET');
is($r->{body}, 'one', 'the object');
is($r->{headers}{etag}, $etag, 'the same tag');
is($r->{headers}{'content-type'}, 'text/plain', 'type by extension');
is($r->{headers}{'accept-ranges'}, 'bytes', 'ranges offered');
ok($r->{headers}{'last-modified'}, 'Last-Modified');
is($r->{headers}{'x-frame-options'}, undef, 'nothing made up');

$r = put('a/b/c.txt', 'two');
is($r->{status}, 200, 'PUT of an object that is there');
isnt($r->{headers}{etag}, $etag, 'another tag, same second and size');
is($t->get($ng, "$admin/a/b/c.txt")->{body}, 'two', 'replaced');

$r = $t->request($ng, 'HEAD', "$public/a/b/c.txt");
is($r->{status}, 200, 'HEAD');
is($r->{body}, '', 'HEAD has no body');
is($r->{headers}{'content-length'}, 3, 'HEAD has the length');

is(put('empty', '')->{status}, 201, 'PUT of an empty object');
$r = $t->get($ng, "$public/empty");
is("$r->{status} $r->{body}", '200 ', 'GET of it');

$r = delete_('a/b/c.txt');
is("$r->{status} $r->{body}", '204 ', 'DELETE');
is_error(delete_('a/b/c.txt'), 404, 'not_found', 'DELETE again');
is_error($t->get($ng, "$public/a/b/c.txt"), 404, 'not_found', 'GET then');
ok(!-e $t->dir . '/assets/a', 'folders that are empty went with it');
is(put('a', 'x')->{status}, 201, 'so the folder is a name for objects');

put('keep/one', 1);
put('keep/sub/two', 2);
is(delete_('keep/sub/two')->{status}, 204, 'DELETE beside others');
ok(-e $t->dir . '/assets/keep/one', 'others stay');
ok(!-e $t->dir . '/assets/keep/sub', 'the empty folder does not');

is_error(put('a/b', 'x'), 409, 'conflict', 'PUT below an object');
is_error(put('keep', 'x'), 409, 'conflict', 'PUT onto a folder');
is_error($t->get($ng, "$public/keep"), 404, 'not_found', 'GET of a folder');
is_error($t->get($ng, "$public/a/b"), 404, 'not_found', 'GET below an object');
is_error(delete_('keep'), 404, 'not_found', 'DELETE of a folder');
is_error(delete_('a/b'), 404, 'not_found', 'DELETE below an object');

# --- methods and headers -----------------------------------------------------

for my $method (qw(POST PATCH OPTIONS PROPFIND)) {
    $r = $t->request($ng, $method, "$admin/a", body => 'x');
    is_error($r, 405, 'method_not_allowed', "$method, admin");
    is($r->{headers}{allow}, 'GET, HEAD, PUT, DELETE', "$method: Allow");
}
for my $method (qw(PUT DELETE POST)) {
    $r = $t->request($ng, $method, "$public/a", body => 'x');
    is_error($r, 405, 'method_not_allowed', "$method, public");
    is($r->{headers}{allow}, 'GET, HEAD', "$method: Allow");
}
is(put('x', 'y', 'Content-Range', 'bytes 0-0/5')->{status}, 400,
    'PUT of a part');
is_error(put('x', 'y', 'Content-Encoding', 'gzip'), 415,
    'unsupported_media_type', 'PUT of encoded content');
is(put('x', 'y', 'Content-Encoding', 'identity')->{status}, 201, 'identity');
is_error(put('big', 'x' x (1024 * 1024 + 1)), 413, 'payload_too_large',
    'client_max_body_size');
is($t->request($ng, 'PUT', '/limited/a', body => 'x')->{status}, 403,
    'limit_except');
is($t->get($ng, '/limited/a')->{status}, 200, 'and what it allows');
is($t->get($ng, '/no-etag/a')->{headers}{etag}, undef, 'etag off');

# --- keys --------------------------------------------------------------------

my @bad = (
    '', '/', '..', '.', 'a/', 'a//b', '/a', 'a/..', 'a/.', '../a', './a',
    'a/../b', 'a/./b', '../../etc/passwd', '../temp/x', '..%2f..%2fetc/passwd',
    '%2e%2e/a', '%2e%2e%2fa', '.%2e/a', '%2E./a', 'a/%2e%2e/b', 'a/%2e/b',
    'a%2f..%2fb', 'a%2f%2e%2e%2fb', '%2fetc/passwd', '%2Fetc%2Fpasswd',
    'a%2f%2fb', 'a%2f/b', 'a/%2fb', 'a%2f', 'a%00b', '%00', 'a/%00', 'a%0ab',
    'a%0d%0ab', 'a%7f', 'a%01', 'a%5cb', '..%5c..%5cb', 'a%5c..%5cb',
    'a%ff', '%c0%ae%c0%ae/b', '%c0%af', '%e0%80%af', '%ed%a0%80', 'a%c3',
    'x' x 256, join('/', ('y' x 200) x 6), '.nodetool-tmp/lock',
    '.nodetool-tmp', '.nodetool-tmp%2flock', '.nodetool-tmpx', 'a#b', 'a%zz',
    'a%2', '....//b', 'a/..;/b/../c',
);
my @good = (
    'a b' => 'a%20b', '...' => '...', '.hidden' => '.hidden', 'a..b' => 'a..b',
    '..a/b..' => '..a/b..', '%2e%2e' => '%252e%252e', 'a%2fb' => 'a%252fb',
    'a?b' => 'a%3fb', 'a#b' => 'a%23b', 'a+b' => 'a+b', 'a;b=c' => 'a;b=c',
    "\xc3\xa9/\xe2\x82\xac" => '%C3%A9/%E2%82%AC', 'n/m' => 'n%2Fm',
    ('x' x 255) => 'x' x 255, '-' => '-', '~' => '~', 'CON' => 'CON',
    'q' => 'q?x=../../y',
);

for my $where ('plain', 'no openat2') {
    my $server = $ng;
    if ($where ne 'plain') {
        $server = no_openat2();
        SKIP: { skip('no seccomp on this machine', 1) if !$server }
        last if !$server;
        $admin = '/assets';
        $public = '/assets';
    }
    my $send = sub {
        my ($method, $path) = @_;
        return $t->request($server, $method, $path,
            $method eq 'PUT' ? (body => 'evil') : ());
    };
    for my $key (@bad) {
        my $name = length $key > 60 ? substr($key, 0, 60) . '...' : $key;
        # GET of no key is the list
        for my $method ($key eq '' ? qw(PUT DELETE)
            : qw(GET PUT DELETE HEAD))
        {
            my $r = $send->($method, "$admin/$key");
            is($r->{status}, 400, "$where: $method of '$name'")
                or diag($r->{body});
            next if $method eq 'HEAD' || $where ne 'plain';
            is($r->{json}{error}{type}, 'bad_request', "$method '$name': why");
        }
        is($send->('GET', "$public/$key")->{status}, 400,
            "$where: public '$name'") if $key ne '';
    }
    my @pairs = @good;
    while (my ($file, $key) = splice @pairs, 0, 2) {
        is($send->('PUT', "$admin/$key")->{status}, 201, "$where: '$key'");
        is($t->read_file("assets/$file"), 'evil', "'$key' is the file it says");
        is($send->('GET', "$public/$key")->{body}, 'evil', "GET of '$key'");
        is($send->('DELETE', "$admin/$key")->{status}, 204, "no more '$key'");
    }

    # links, planted in the store by somebody else
    my $outside = $t->write_file('outside/secret', 'secret');
    $t->write_file('assets/real/file', 'real');
    my $dir = $t->dir . '/assets';
    unlink glob "$dir/link-*";
    symlink $outside, "$dir/link-file";
    symlink $t->dir . '/outside', "$dir/link-dir";
    symlink '../outside', "$dir/link-relative";
    symlink 'real', "$dir/link-inside";
    symlink '/proc/self/root/' . $t->dir . '/outside', "$dir/link-magic";
    symlink 'nowhere', "$dir/link-dangling";
    for my $link (qw(link-dir link-relative link-inside link-magic)) {
        is($send->('GET', "$admin/?prefix=$link/")->{status}, 400,
            "$where: list of $link");
    }
    my $list = $send->('GET', "$admin/");
    is($list->{status}, 200, "$where: the list");
    unlike($list->{body}, qr/link/, "$where: has no links");
    for my $key (qw(link-file link-dir/secret link-dir/new link-dir/a/b
        link-relative/secret link-inside/file link-magic/secret link-dangling
        link-dangling/x))
    {
        for my $method (qw(GET PUT DELETE)) {
            is($send->($method, "$admin/$key")->{status}, 400,
                "$where: $method through '$key'");
        }
    }
    is($t->read_file('outside/secret'), 'secret', 'nothing changed outside');
    is(`ls $t->{dir}/outside`, "secret\n", 'nothing came there');
    is($t->read_file('assets/real/file'), 'real', 'nor behind an inner link');

    # and what is no file at all
    mkfifo("$dir/fifo");
    is($send->('GET', "$admin/fifo")->{status}, 404, 'GET of a FIFO');
    is($send->('PUT', "$admin/fifo")->{status}, 409, 'PUT onto a FIFO');
}

sub mkfifo { require POSIX; unlink $_[0]; POSIX::mkfifo($_[0], 0600); return }

# A server in a sandbox that answers ENOSYS to openat2(2).
sub no_openat2 {
    my $port = $t->port('sandbox');
    my $conf = $t->read_file('nginx.conf') =~ s{listen .*}{}sr;
    $conf =~ s/nginx(-error|-access|\.pid|-body|-proxy|-fastcgi|-uwsgi|-scgi)/sandbox$1/g;
    $conf .= "listen 127.0.0.1:$port; location /assets/ { nodetool_storage "
        . $t->dir . "/assets read-write; nodetool_storage_list on; } location / { return 404; } } }";
    my $path = $t->write_file('sandbox.conf', $conf);
    # the number of openat2 is 437 on every architecture, that of prctl is not
    return if `uname -m` ne "x86_64\n";
    my $bpf = pack('SCCL' x 4, 0x20, 0, 0, 0, 0x15, 0, 1, 437,
        0x06, 0, 0, 0x00050000 | 38, 0x06, 0, 0, 0x7fff0000);
    my $perl = 'my $bpf = pack("H*", shift); '
        . 'my $prog = pack("SxxxxxxP", 4, $bpf); '
        . 'syscall(157, 38, 1, 0, 0, 0) == 0 or die "prctl: $!"; '
        . 'syscall(157, 22, 2, $prog) == 0 or die "seccomp: $!"; '
        . 'exec @ARGV or die "exec: $!"';
    my $child = $t->spawn('nginx-sandbox', [$^X, '-e', $perl, unpack('H*', $bpf),
        $NodeTool::Test::NGINX, '-c', $path, '-p', $t->dir . '/', '-e',
        $t->dir . '/sandbox-error.log'], env => $t->nginx_env);
    if (!eval { $t->wait_port($port, $child); 1 }) {
        diag("no sandbox here: $@");
        return;
    }
    push @{ $t->{logs} }, $t->dir . '/sandbox-error.log';
    return { port => $port };
}

# --- other ways to a key -----------------------------------------------------

$admin = '/admin/storage/assets';
$public = '/storage/assets';

is($t->request($ng, 'PUT', '/users/ann/x.png', body => 'u')->{status}, 201,
    'a key of variables');
is($t->read_file('users/ann/files/x.png'), 'u', 'in its place');
is($t->get($ng, '/users/ann/x.png')->{headers}{'content-type'}, 'image/png',
    'with its type');
is($t->get($ng, '/users/ann/a/../x.png')->{status}, 400, 'and checked');
put('r.txt', 'r');
is($t->get($ng, '/renamed/r.txt')->{body}, 'r', 'a rewritten path');
is($t->get($ng, '/renamed/a/../r.txt')->{status}, 400, 'checked as it came');
is($t->get($ng, '/admin/storage/temp/r.txt')->{status}, 404,
    'another store has other objects');

# --- conditions --------------------------------------------------------------

put('c', 'first');
my $tag = $t->get($ng, "$public/c")->{headers}{etag};
my $date = $t->get($ng, "$public/c")->{headers}{'last-modified'};
my $old = 'Mon, 01 Jan 2001 00:00:00 GMT';
my $new = 'Fri, 01 Jan 2100 00:00:00 GMT';

for my $row (
    [ 'new1', 201, 'If-None-Match', '*' ],
    [ 'c', 412, 'If-None-Match', '*' ],
    [ 'c', 412, 'If-None-Match', $tag ],
    [ 'c', 412, 'If-None-Match', "\"x\", W/$tag" ],
    [ 'none', 412, 'If-Match', '*' ],
    [ 'none', 412, 'If-Match', $tag ],
    [ 'c', 412, 'If-Match', '"x"' ],
    [ 'c', 412, 'If-Match', "W/$tag" ],
    [ 'c', 412, 'If-Match', 'nonsense' ],
    [ 'c', 412, 'If-Match', '"' ],
    [ 'c', 412, 'If-Unmodified-Since', $old ],
    [ 'none', 412, 'If-Unmodified-Since', $new ],
    [ 'new2', 201, 'If-None-Match', '"x"' ],
    )
{
    my ($key, $status, @headers) = @$row;
    is(put($key, 'put', @headers)->{status}, $status, "PUT $key @headers");
}
is($t->get($ng, "$public/c")->{body}, 'first', 'a failed condition: no change');
is($t->get($ng, "$public/none")->{status}, 404, 'and nothing new');
is(delete_('c', [ 'If-Match', '"x"' ])->{status}, 412, 'DELETE If-Match');
is(delete_('none', [ 'If-Match', '*' ])->{status}, 412, 'DELETE of nothing');
is(put('c', 'second', 'If-Unmodified-Since', $new)->{status}, 200,
    'If-Unmodified-Since holds');
is(put('c', 'third', 'If-Match', $tag)->{status}, 412, 'a tag of the past');
$tag = $t->get($ng, "$public/c")->{headers}{etag};
is(put('c', 'third', 'If-Match', "\"x\" , $tag")->{status}, 200, 'in a list');
is(put('c', 'fourth', 'If-Match', '*')->{status}, 200, 'any');
is(delete_('c', [ 'If-Match', '*' ])->{status}, 204, 'DELETE If-Match: *');

# --- GET as nginx's static files ---------------------------------------------

my $big = join '', map { sprintf "%07d\n", $_ } 1 .. 20000;
put('doc.html', $big);
$tag = $t->get($ng, "$public/doc.html")->{headers}{etag};
my $their = $t->get($ng, '/static/doc.html')->{headers}{etag};
$date = $t->get($ng, "$public/doc.html")->{headers}{'last-modified'};

for my $headers (
    [], [ 'Range', 'bytes=0-9' ], [ 'Range', 'bytes=-5' ],
    [ 'Range', 'bytes=159990-' ], [ 'Range', 'bytes=160000-' ],
    [ 'Range', 'bytes=5-1' ], [ 'Range', 'bytes=0-0,10-19,-1' ],
    [ 'Range', 'bytes=0-0, 1-1, 2-2, 159999-' ], [ 'Range', 'lines=1-2' ],
    [ 'Range', 'bytes=0-9', 'If-Range', 'ETAG' ],
    [ 'Range', 'bytes=0-9', 'If-Range', '"no"' ],
    [ 'Range', 'bytes=0-9', 'If-Range', $date ],
    [ 'Range', 'bytes=0-9', 'If-Range', $old ],
    [ 'If-None-Match', 'ETAG' ], [ 'If-None-Match', '"a", W/ETAG' ],
    [ 'If-None-Match', '*' ], [ 'If-None-Match', '"no"' ],
    [ 'If-Match', 'ETAG' ], [ 'If-Match', '"no"' ], [ 'If-Match', '*' ],
    [ 'If-Modified-Since', $date ], [ 'If-Modified-Since', $old ],
    [ 'If-Unmodified-Since', $date ], [ 'If-Unmodified-Since', $old ],
    [ 'If-None-Match', '"no"', 'If-Modified-Since', $date ],
    [ 'Range', 'bytes=0-9', 'If-None-Match', 'ETAG' ],
    [ 'Accept-Encoding', 'gzip' ],
    )
{
    for my $method (qw(GET HEAD)) {
        my ($ours, $theirs) = map {
            my ($path, $etag) = @$_;
            same($t->request($ng, $method, $path,
                headers => [ map { s/ETAG/$etag/r } @$headers ]), $etag);
        } [ "$public/doc.html", $tag ], [ '/static/doc.html', $their ];
        is_deeply($ours, $theirs, "$method @$headers, as static");
    }
}
for my $path (qw(keep/one empty a none/none)) {
    my $theirs = same($t->get($ng, "/static/$path"));
    my $ours = same($t->get($ng, "$public/$path"));
    is_deeply($ours, $theirs, "GET $path, as static")
        if $theirs->{status} == 200;
    is($ours->{status}, $theirs->{status}, "GET $path: status as static");
}

# An answer without what must differ: dates, boundaries, error texts, tags.
sub same {
    my ($r, $etag) = @_;
    my %h = %{ $r->{headers} };
    delete @h{qw(date x-request-id)};
    $h{etag} = 'ETAG' if defined $h{etag};
    my ($boundary) = ($h{'content-type'} || '') =~ /boundary=(\w+)/;
    if ($boundary) {
        s/$boundary/BOUNDARY/g for $h{'content-type'}, $r->{body};
    }
    return { status => $r->{status}, headers => \%h, body => $r->{body} };
}

is_deeply([ glob $t->dir . '/*/.nodetool-tmp/*' ],
    [ map { $t->dir . "/$_/.nodetool-tmp/lock" } qw(assets temp users) ],
    'no upload is left anywhere');

# --- the configuration -------------------------------------------------------

for my $row (
    [ 'location /a { nodetool_storage /tmp/x; }', qr/needs "nodetool_storage_key"/ ],
    [ 'location ~ ^/a/ { nodetool_storage /tmp/x; }', qr/needs "nodetool_storage_key"/ ],
    [ 'location /a/ { nodetool_storage /tmp/x write; }', qr/invalid parameter "write"/ ],
    [ 'location /a/ { nodetool_storage /tmp/x; nodetool_storage /tmp/y; }', qr/is duplicate/ ],
    [ 'location /a/ { nodetool_storage; }', qr/invalid number of arguments/ ],
    [ 'nodetool_storage /tmp/x;', qr/is not allowed here/ ],
    [ 'location /a/ { nodetool_storage /tmp/x; nodetool_storage_expire 1s; }
       location /b/ { nodetool_storage /tmp/x; nodetool_storage_expire 2s; }',
      qr/two different "nodetool_storage_expire" times, 1 and 2/ ],
    )
{
    my ($conf, $re) = @$row;
    my ($status, $output) = $t->nginx_check($conf, modules => [qw(base storage)]);
    isnt($status, 0, "refused: $conf");
    like($output, $re, 'and why');
}
my ($status, $output) = $t->nginx_check(
    'location /a/ { nodetool_storage %%DIR%%/not-made/deep read-write; }',
    modules => [qw(base storage)]);
is($status, 0, 'a test of the configuration') or diag($output);
ok(!-e $t->dir . '/not-made', 'makes nothing');

$t->done;
