use strict;
use warnings;

use File::Path qw(make_path);
use Test::More;
use lib 't/lib';
use NodeTool::Test;

# The list of a store: order, pages, prefixes, what is not in it, folders of
# thousands, deletes meanwhile; on the loop and in threads.

my $t = NodeTool::Test->new;
my $ng = $t->nginx(<<'CONF', modules => [qw(base storage)], http => <<'HTTP');
    nodetool_storage_list on;
    location /loop/ { nodetool_storage %%DIR%%/store read-write; }
    location = /exact/ { nodetool_storage %%DIR%%/store read-write; }
    location /off/ {
        nodetool_storage %%DIR%%/store read-write;
        nodetool_storage_list off;
    }
    location /threads/ {
        nodetool_storage %%DIR%%/store read-write;
        aio threads;
    }
    location /old/ {
        nodetool_storage %%DIR%%/old read-write;
        nodetool_storage_expire 1h;
    }
    location /read/ { nodetool_storage %%DIR%%/store; }
    location ~ ^/users/(?<user>[a-z]+)/(?<file>.*)$ {
        nodetool_storage %%DIR%%/users read-write;
        nodetool_storage_key $user/$file;
    }
CONF
    nodetool_errors on;
    types { text/plain txt; image/png png; }
HTTP
my $store = $t->dir . '/store';

sub query {
    my (%args) = @_;
    return join '&', map {
        my $value = $args{$_};
        utf8::encode($value) if utf8::is_utf8($value);
        $value =~ s/([^A-Za-z0-9_.~\/-])/sprintf '%%%02X', ord $1/ge;
        "$_=$value"
    } sort keys %args;
}

sub list {
    my ($where, %args) = @_;
    my $r = $t->get($ng, "/$where/?" . query(%args));
    is($r->{status}, 200, "$where: " . query(%args))
        or diag($r->{body});
    return $r->{json} || { objects => [], prefixes => [] };
}

# Keys, and folders with their slashes, in one order.
sub names {
    my ($page) = @_;
    return join ' ', sort map({ $_->{key} } @{ $page->{objects} }),
        @{ $page->{prefixes} };
}

# All pages, as one text.
sub pages {
    my ($where, %args) = @_;
    my (@all, $next);
    do {
        my $r = $t->get($ng, "/$where/?"
            . query(%args, defined $next ? (cursor => $next) : ()));
        return "$r->{status} $r->{body}" if $r->{status} != 200;
        push @all, map({ $_->{key} } @{ $r->{json}{objects} }),
            @{ $r->{json}{prefixes} };
        $next = $r->{json}{next};
    } while (defined $next && @all < 100_000);
    return join ' ', @all;
}

sub is_error {
    my ($r, $status, $message, $name) = @_;
    is($r->{status}, $status, $name);
    like($r->{json}{error}{message}, $message, "$name: says why");
    return;
}

# --- an empty store, an object -----------------------------------------------

for my $where (qw(loop threads)) {
    is($t->get($ng, "/$where/")->{body},
        '{"objects":[],"prefixes":[],"next":null}', "$where: empty");
}

my $put = $t->request($ng, 'PUT', '/loop/a/one.txt', body => 'one');
my $r = $t->get($ng, '/loop/');
is($r->{headers}{'content-type'}, 'application/json', 'type of the list');
is(scalar @{ $r->{json}{objects} }, 1, 'an object');
my $object = $r->{json}{objects}[0];
is($object->{key}, 'a/one.txt', 'its key');
is($object->{size}, 3, 'its size');
is($object->{etag}, $put->{headers}{etag}, 'its tag, as PUT and GET have it');
is($object->{content_type}, 'text/plain', 'its type');
like($object->{last_modified}, qr/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
    'its time');
is($t->request($ng, 'DELETE', '/loop/a/one.txt', headers =>
    ['If-Match', $object->{etag}])->{status}, 204, 'deleted by that tag');

$r = $t->request($ng, 'HEAD', '/loop/');
is("$r->{status} $r->{body}", '200 ', 'HEAD');

# --- order, prefixes, pages --------------------------------------------------

# "a.txt" comes before "a/", and "a0" behind it.
my @keys = ('B', 'a.txt', 'a/1', 'a/2/x', 'a/2/y', 'a/3', 'a0', 'ab/c', 'b',
    '.hidden/x', 'c d', 'c+d', 'c%20d', '"quoted"', "\xc3\xa4", 'z#?&=;z');
for my $key (@keys) {
    my $path = "$store/$key";
    make_path($path =~ s{/[^/]+\z}{}r);
    $t->write_file($path, $key);
}
my $sorted = join ' ', sort @keys;
utf8::decode(my $decoded = $sorted);

for my $where (qw(loop threads)) {
    is(pages($where), $decoded, 'in the order of bytes');
    for my $limit (1, 2, 3, 7, scalar @keys, 1000) {
        is(pages($where, limit => $limit), $decoded, "$where: pages of $limit");
    }
    is(names(list($where, delimiter => '/')),
        join(' ', sort grep({ !m{/} } map({ utf8::decode(my $k = $_); $k } @keys)),
            qw(.hidden/ a/ ab/)), 'folders');
    for my $limit (1, 2, 5) {
        my %seen;
        my @all = split / /, pages($where, delimiter => '/', limit => $limit);
        is(scalar(grep { $seen{$_}++ } @all), 0, 'none twice');
        # one name has a space
        is(scalar(@all), 11 + 3, "$where: folders in pages of $limit");
    }
    is(names(list($where, prefix => 'a/', delimiter => '/')),
        'a/1 a/2/ a/3', 'in a folder');
    is(names(list($where, prefix => 'a/')), 'a/1 a/2/x a/2/y a/3', 'below it');
    is(names(list($where, prefix => 'a')), 'a.txt a/1 a/2/x a/2/y a/3 a0 ab/c',
        'by the begin of a name');
    is(names(list($where, prefix => 'a', delimiter => '/')),
        'a.txt a/ a0 ab/', 'and folders');
    is(names(list($where, prefix => 'a/2/x')), 'a/2/x', 'a key');
    is(names(list($where, prefix => 'none/')), '', 'no folder');
    is(names(list($where, prefix => 'b/')), '', 'an object is no folder');
    is(names(list($where, prefix => 'c d')), 'c d', 'a space');
    is(names(list($where, cursor => 'a/2/x', limit => 2)), 'a/2/y a/3',
        'behind a key');
    is(names(list($where, cursor => 'a/2/', limit => 1)), 'a/2/x',
        'behind a folder without a delimiter: what is in it');
    is(names(list($where, cursor => 'a/', delimiter => '/', limit => 1)), 'a0',
        'behind a folder with one: the next');
    is(names(list($where, prefix => 'a/', cursor => 'a')),
        'a/1 a/2/x a/2/y a/3', 'a cursor before the prefix');
    is(names(list($where, prefix => 'a/', cursor => 'b')), '',
        'a cursor behind it');
    is(names(list($where, prefix => 'a/', cursor => 'a/2/gone')),
        'a/2/x a/2/y a/3', 'a cursor that is gone');
}
is($t->get($ng, '/loop/?prefix=c+d')->{json}{objects}[0]{key}, 'c d',
    'a plus is a space, as in forms');
is($t->get($ng, '/loop/?prefix=c%2Bd')->{json}{objects}[0]{key}, 'c+d',
    'a plus');
for my $limit (1 .. 6) {
    is(list('loop', prefix => 'a/', limit => $limit)->{next},
        ['a/1', 'a/2/x', 'a/2/y', undef, undef, undef]->[$limit - 1],
        "next of $limit of four");
}

# --- what is not in it -------------------------------------------------------

symlink '/etc', "$store/link" or die;
symlink '/etc/passwd', "$store/a/passwd" or die;
system('mkfifo', "$store/a/fifo") == 0 or die;
$t->write_file("$store/bad\\name", 'x');
$t->write_file("$store/bad\xffname", 'x');
$t->write_file("$store/bad\nname", 'x');
$t->write_file("$store/.nodetool-tmp-x", 'x');
is(pages('loop'), $decoded, 'no links, no files that are no objects');
is(pages('threads', prefix => 'link/'), '400 '
    . $t->get($ng, '/threads/?prefix=link/')->{body}, 'nothing behind a link');

make_path($t->dir . '/old');
for my $name (qw(new old)) {
    $t->write_file("old/$name", 'x');
}
utime time - 4000, time - 4000, $t->dir . '/old/old';
is(pages('old'), 'new', 'an expired object is gone');

# --- errors ------------------------------------------------------------------

for my $limit ('0', '1001', '-1', 'x', '1x', '99999999999999999999') {
    is_error($t->get($ng, "/loop/?limit=$limit"), 422, qr/"limit".*1 to 1000/,
        "limit $limit");
}
is_error($t->get($ng, '/loop/?delimiter=-'), 422, qr/"delimiter"/, 'delimiter');
is_error($t->get($ng, '/loop/?cursor=' . 'x' x 1025), 422, qr/"cursor"/,
    'a long cursor');
for my $prefix ('/', '../', 'a/../', 'a//b', './', '%00/', '.nodetool-tmp/',
    '.nodetool-tmp/lock', 'x' x 1025)
{
    is_error($t->get($ng, "/loop/?prefix=$prefix"), 400, qr/^Bad request/,
        'prefix ' . substr $prefix, 0, 20);
}
is($t->get($ng, '/exact/')->{body}, $t->get($ng, '/loop/')->{body},
    'an exact location');
is_error($t->get($ng, '/off/'), 400, qr/empty/, 'a location without a list');
is_error($t->get($ng, '/read/'), 400, qr/empty/, 'a read-only location');
is_error($t->get($ng, '/users/ann/'), 400, qr/slash/, 'a location with a key');
is_error($t->request($ng, 'PUT', '/loop/', body => 'x'), 400, qr/empty/,
    'PUT of the location');
is_error($t->request($ng, 'DELETE', '/loop/'), 400, qr/empty/, 'DELETE of it');

# --- thousands ---------------------------------------------------------------

my @many = map { sprintf 'many/%05d', $_ * 7919 % 100_000 } 1 .. 5000;
my @deep = map { sprintf 'deep/%02d/%02d/%d', $_ % 50, $_ % 7, $_ } 1 .. 700;
make_path("$store/many");
$t->write_file("$store/$_", '') for @many, @deep;
make_path("$store/deep/00/empty/folders");
for my $where (qw(loop threads)) {
    is(pages($where, prefix => 'many/', limit => 1000),
        join(' ', sort @many), "$where: 5,000 in one folder");
    is(pages($where, prefix => 'many/', delimiter => '/', limit => 999),
        join(' ', sort @many), "$where: with a delimiter");
    is(pages($where, prefix => 'deep/', limit => 100),
        join(' ', sort @deep), "$where: 700 in folders of folders");
    is(scalar(split / /, pages($where, prefix => 'deep/', delimiter => '/',
        limit => 7)), 50, "$where: the first of them");
}

# --- deletes meanwhile -------------------------------------------------------

# What is not touched is in the list once, whatever happens beside it.
my %gone = map { $_ => 1 } @many[map { $_ * 2 } 0 .. 2499];
my @left = grep { !$gone{$_} } @many;
my $pid = fork;
die "fork: $!" if !defined $pid;
if ($pid == 0) {
    for my $key (keys %gone) {
        unlink "$store/$key";
        system('mkdir', '-p', "$store/many/$_"), rmdir "$store/many/$_"
            for $key =~ /00\z/ ? 'folder' : ();
    }
    POSIX::_exit(0);
}
my %seen;
$seen{$_}++ for split / /, pages('threads', prefix => 'many/', limit => 200);
is(scalar(grep { ($seen{$_} || 0) != 1 } @left), 0, 'those that stay, once');
is(scalar(grep { !$gone{$_} && $seen{$_} > 1 } keys %seen), 0, 'none twice');
waitpid $pid, 0;
is(pages('loop', prefix => 'many/', limit => 1000), join(' ', sort @left),
    'and then what is left');

# --- others are served meanwhile ---------------------------------------------

my @clients = map { $t->open_request($ng, 'GET',
    '/loop/?limit=1000&prefix=many/') } 1 .. 8;
is($t->get($ng, '/read/b')->{body}, 'b', 'a GET between lists');
is(join(' ', map { $_->response->{status} } @clients), join(' ', (200) x 8),
    'lists at the same time');
$t->open_request($ng, 'GET', '/loop/?limit=1000&prefix=many/') for 1 .. 8;
is($t->get($ng, '/read/b')->{body}, 'b', 'clients that leave do no harm');

$t->done;
