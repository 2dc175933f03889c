#!/usr/bin/perl

# Assets: uploads, folders, lists, changes, deletions; by user; found by
# nodes; whole after a crash.

use strict;
use warnings;

use lib 't/lib';

use MIME::Base64 qw(encode_base64);
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);

use NodeTool::Test;
use NodeTool::Workflows;

my $t = NodeTool::Test->new;
my $home = $t->dir . '/home';
my $store = "$home/storage/assets";
my $base = 'http://host:7777';
my $n = 0;
our $e = $t->engine(home => $home);
my $png = "\x89PNG\r\n\x1a\n\r\n--b\r\n\0";

# NodeTool's Asset.
my @FIELDS = qw(content_type created_at duration get_url id job_id metadata
    name node_id parent_id size thumb_url user_id workflow_id);

sub ask {
    my ($op, $body, %head) = @_;

    return $t->wire($e, { op => "asset.$op", base => $base, %head },
        ref $body ? $t->encode($body) : $body);
}

sub upload {
    my ($json, $file, %head) = @_;

    $json = $t->encode($json) if ref $json;
    my $body = "--bound\r\nContent-Disposition: form-data; name=\"json\"\r\n"
        . "\r\n$json\r\n";
    $body .= "--bound\r\nContent-Disposition: form-data; name=\"file\"; "
        . "filename=\"blob\"\r\nContent-Type: image/png\r\n\r\n$file\r\n"
        if defined $file;
    return ask('create', "$body--bound--\r\n",
        content_type => 'multipart/form-data; boundary=bound', %head);
}

sub folder {
    my ($name, $parent, %head) = @_;

    my $r = ask('create', { name => $name, content_type => 'folder',
        defined $parent ? (parent_id => $parent) : () },
        content_type => 'application/json', %head);
    is($r->{status}, 201, "the folder $name") or diag($r->{body});
    return $r->{json}{id};
}

sub names {
    my (%head) = @_;

    my $r = ask('list', undef, %head);
    is(join(' ', sort keys %{ $r->{json} }), 'assets next', 'a list');
    return join ' ', map { $_->{name} } @{ $r->{json}{assets} };
}

sub message { return $_[0]{json}{error}{message} }

# --- uploads ---------------------------------------------------------------------

ok(!-e "$home/assets.db", 'no database before it is needed');
my $r = upload({ name => 'cat.png', content_type => 'image/png',
    workflow_id => 'w1', metadata => { w => 1 } }, $png);
is($r->{status}, 201, 'an upload') or diag($r->{body});
my $cat = $r->{json};
is(join(' ', sort keys %$cat), "@FIELDS", ' as NodeTool shows it');
like($cat->{id}, qr/^[0-9a-f]{32}\.png$/, ' its id');
is($cat->{get_url}, "$base/storage/assets/$cat->{id}", ' its URL');
is($cat->{thumb_url}, $cat->{get_url}, ' its thumbnail');
is($cat->{size}, length $png, ' its size');
is($cat->{user_id}, '1', ' its user');
is($cat->{parent_id}, '1', ' in his home folder');
is($cat->{workflow_id}, 'w1', ' its workflow');
is_deeply($cat->{metadata}, { w => 1 }, ' its metadata');
like($cat->{created_at}, qr/^\d{4}-\d\d-\d\dT/, ' its time');
is($t->read_file("$store/$cat->{id}"), $png, ' its bytes');
is((stat "$home/assets.db")[2] & 0777, 0600, 'the list is the engine\'s alone');

for (['notes.TXT', 'text/plain', 'txt'], ['x', 'audio/mpeg', 'mp3'],
     ['a.b/c', 'text/csv', 'bin'], ['x.toolongforone', 'text/csv', 'bin'],
     ['../x.csv', 'text/csv', 'csv'])
{
    my ($name, $type, $extension) = @$_;
    $r = upload({ name => $name, content_type => $type }, '');
    like($r->{json}{id}, qr/^[0-9a-f]{32}\.$extension$/, "$name, $type");
    is($r->{json}{size}, 0, ' an empty file');
    is($r->{json}{thumb_url}, undef, ' without a thumbnail');
    ask('delete', undef, asset_id => $r->{json}{id});
}

# --- what is refused ----------------------------------------------------------------

my $objects = () = glob "$store/*";
for ([{ content_type => 'image/png' }, $png, 422, qr/name must/],
     [{ name => 'x' }, $png, 422, qr/content_type must/],
     [{ name => "a\nb", content_type => 'x/y' }, $png, 422, qr/control/],
     [{ name => 'x' x 1025, content_type => 'x/y' }, $png, 422, qr/1024/],
     [{ name => 'x', content_type => 'x/y' }, undef, 422, qr/needs a file/],
     [{ name => 'x', content_type => 'folder' }, $png, 422, qr/no file/],
     [{ name => 'x', content_type => 'x/y', parent_id => 'none' }, $png, 422,
      qr/not found/],
     [{ name => 'x', content_type => 'x/y', parent_id => $cat->{id} }, $png,
      422, qr/no folder/],
     [{ name => 'x', content_type => 'x/y', metadata => [] }, $png, 422,
      qr/metadata/],
     [{ name => 'x', content_type => 'x/y', duration => -1 }, $png, 422,
      qr/duration/],
     ['[]', $png, 422, qr/JSON object/], ['{', $png, 400, qr/Malformed JSON/])
{
    my ($json, $file, $status, $message) = @$_;
    $r = upload($json, $file);
    is($r->{status}, $status, ref $json ? $t->encode($json) =~ s/x{9,}/x/r
        : $json);
    like(message($r), $message, ' its message');
}
for (['x', undef, 415], ['x', 'image/png', 415], ['{', 'application/json', 400],
     ['x', 'multipart/form-data', 415],
     ['x', 'multipart/form-data; boundary=b', 400],
     ["--b--", 'multipart/form-data; boundary=b', 400])
{
    my ($body, $type, $status) = @$_;
    is(ask('create', $body, defined $type ? (content_type => $type) : ())
        ->{status}, $status, 'a body of ' . ($type || 'no type'));
}
is(scalar(() = glob "$store/*"), $objects, 'nothing was stored');

# --- folders, lists ---------------------------------------------------------------------

my $home_folder = ask('get', undef, asset_id => '1')->{json};
is($home_folder->{name}, 'Home', 'a user\'s id is his home folder');
is(join(' ', sort keys %$home_folder), "@FIELDS", ' an asset as others');
is(ask('get', undef, asset_id => '1', role => 'admin')->{json}{name}, 'Home',
    ' an administrator\'s, too');

my $pets = folder('pets');
my $dogs = folder('dogs', $pets);
$r = ask('get', undef, asset_id => $pets)->{json};
is($r->{get_url}, undef, 'a folder has no URL');
is($r->{size}, undef, ' and no size');
$r = upload({ name => 'rex.png', content_type => 'image/png',
    parent_id => $dogs }, $png);
my $rex = $r->{json}{id};
upload({ name => 'bark.mp3', content_type => 'audio/mpeg',
    parent_id => $dogs, job_id => 'j1', node_id => 'n1' }, 'x');
is(names(), 'cat.png pets', 'what is in no folder');
is(names(parent_id => '1'), 'cat.png pets', ' the same');
is(names(parent_id => $pets), 'dogs', 'what is in a folder');
is(names(content_type => 'image'), 'cat.png rex.png', 'images, anywhere');
is(names(content_type => 'audio/mpeg'), 'bark.mp3', 'of a type');
is(names(content_type => '%'), '', ' which is no pattern');
is(names(workflow_id => 'w1'), 'cat.png', 'of a workflow');
is(names(job_id => 'j1', node_id => 'n1'), 'bark.mp3', 'of a job\'s node');
is(names(user => '2'), '', 'another user has none');

my (@pages, $cursor);
do {
    $r = ask('list', undef, limit => 2, content_type => '',
        parent_id => $dogs, defined $cursor ? (cursor => $cursor) : ());
    push @pages, join ' ', map { $_->{name} } @{ $r->{json}{assets} };
    $cursor = $r->{json}{next};
} while (defined $cursor);
is_deeply(\@pages, ['rex.png bark.mp3'], 'a page that is full is the last');
$r = ask('list', undef, limit => 1, parent_id => $dogs);
$r = ask('list', undef, limit => 1, parent_id => $dogs,
    cursor => $r->{json}{next});
is($r->{json}{assets}[0]{name}, 'bark.mp3', 'the next page');
is($r->{json}{next}, undef, ' is the last');
is(ask('list', undef, limit => 10000)->{status}, 200, 'as the editor asks');
is(ask('list', undef, limit => 0)->{status}, 422, 'a limit of 0');

sub found {
    my ($query, %head) = @_;

    my $r = ask('search', undef, query => $query, %head);
    is(join(' ', sort keys %{ $r->{json} }),
        'assets is_global_search next_cursor total_count', "search $query");
    return join ' ', map { "$_->{folder_path} / $_->{name}" }
        @{ $r->{json}{assets} };
}

is(found('rex'), 'Home / pets / dogs / rex.png', 'found, and where');
is(found(' EX.P '), 'Home / pets / dogs / rex.png', ' in capitals');
is(found('.png'), 'Home / cat.png Home / pets / dogs / rex.png', ' several');
is(found('PETS'), 'Home / pets', ' a folder');
is(found('%.png'), '', ' which is no pattern');
is(found('ar', content_type => 'audio'), 'Home / pets / dogs / bark.mp3',
    ' of a type');
is(found('ar', content_type => 'image'), '', ' not of another');
is(found('png', user => '2'), '', ' nothing of another user\'s');
is(found('cat', user => '9', role => 'admin'), 'Home / cat.png',
    ' but for an administrator');
is(found('cat', user => '9', role => 'admin', owner => '2'), '',
    ' of one user');
$r = ask('search', undef, query => 'rex')->{json}{assets}[0];
is_deeply([delete @$r{qw(folder_name folder_id folder_path)}],
    ['dogs', $dogs, 'Home / pets / dogs'], ' its folder');
is_deeply($r, ask('get', undef, asset_id => $rex)->{json}, ' an asset as others');
$r = ask('search', undef, query => 'cat')->{json};
is_deeply([@{ $r->{assets}[0] }{qw(folder_name folder_id)}], ['Home', '1'],
    ' or the home folder');
is_deeply([@$r{qw(next_cursor total_count)}], [undef, 1], ' it is all');
$r = ask('search', undef, query => 'png', limit => 1)->{json};
is($r->{next_cursor}, $cat->{id}, 'a page');
is(found('png', limit => 1, cursor => $r->{next_cursor}),
    'Home / pets / dogs / rex.png', ' the next');
is(ask('search', undef, query => "\x{e9}")->{status}, 400,
    'one letter is too short');
for (['x', 400], [' x ', 400], ['', 400], [undef, 400]) {
    my ($query, $status) = @$_;
    is(ask('search', undef, defined $query ? (query => $query) : ())
        ->{status}, $status, 'search of ' . ($query // 'nothing'));
}

sub tree {
    my ($asset) = @_;

    return $asset->{name} . (exists $asset->{children}
        ? '(' . join(' ', map { tree($_) } @{ $asset->{children} }) . ')' : '');
}

my @trees = ([$pets, 'pets(dogs(rex.png bark.mp3))'],
    [$dogs, 'dogs(rex.png bark.mp3)'],
    ['1', 'Home(cat.png pets(dogs(rex.png bark.mp3)))']);
for (@trees) {
    my ($id, $tree) = @$_;
    $r = ask('tree', undef, asset_id => $id);
    is(@{ $r->{json}{assets} }, 1, 'one tree') or diag($r->{body});
    is(tree($r->{json}{assets}[0]), $tree, " $tree");
}
is_deeply($r->{json}{assets}[0]{children}[0],
    ask('get', undef, asset_id => $cat->{id})->{json}, ' of assets as others');
is(ask('tree', undef, asset_id => $pets, user => '2')->{status}, 403,
    'the tree of another\'s');
is(ask('tree', undef, asset_id => '1', user => '2')->{status}, 404,
    ' or of his home folder');
is(tree(ask('tree', undef, asset_id => '9', user => '9', role => 'admin')
    ->{json}{assets}[0]), 'Home()', ' and an administrator\'s own');
is(tree(ask('tree', undef, asset_id => $dogs, user => '9', role => 'admin')
    ->{json}{assets}[0]), 'dogs(rex.png bark.mp3)', ' or another\'s');
is(ask('get', undef, asset_id => '9', user => '9', role => 'admin')
    ->{json}{name}, 'Home', ' an administrator has a home folder, too');
is(ask('tree', undef, asset_id => 'none')->{status}, 404, 'a tree of nothing');

# --- users -----------------------------------------------------------------------------

for my $op ('get', 'put', 'delete') {
    is(ask($op, { name => 'x' }, asset_id => $cat->{id}, user => '2')
        ->{status}, 403, "$op of another's");
}
is(upload({ name => 'x', content_type => 'x/y', parent_id => $pets }, 'x',
    user => '2')->{status}, 403, 'nor into his folders');
is(ask('get', undef, asset_id => $cat->{id}, user => '9', role => 'admin')
    ->{json}{name}, 'cat.png', 'an administrator sees it');
upload({ name => 'hers', content_type => 'x/y' }, 'x', user => '2');
is(names(user => '9', role => 'admin'), 'cat.png pets hers',
    ' and the lists of all');
is(names(user => '9', role => 'admin', owner => '2'), 'hers', ' or of one');
is(ask('get', undef, asset_id => 'none')->{status}, 404, 'one that is not there');

# --- changes ----------------------------------------------------------------------------

$r = ask('put', { name => 'tom.png', parent_id => $pets,
    metadata => { a => [1] }, duration => 1.5 }, asset_id => $cat->{id});
is($r->{status}, 200, 'changed');
is($r->{json}{name}, 'tom.png', ' its name');
is($r->{json}{id}, $cat->{id}, ' not its id');
is($r->{json}{created_at}, $cat->{created_at}, ' nor its time');
is_deeply($r->{json}{metadata}, { a => [1] }, ' its metadata');
is($r->{json}{duration}, 1.5, ' its duration');
is(names(parent_id => $pets), 'tom.png dogs', ' its folder');
$r = ask('put', { data => encode_base64('new bytes'),
    data_encoding => 'base64' }, asset_id => $cat->{id});
is($r->{json}{size}, 9, 'its bytes');
is($t->read_file("$store/$cat->{id}"), 'new bytes', ' are those');
ask('put', { data => 'text' }, asset_id => $cat->{id});
is($t->read_file("$store/$cat->{id}"), 'text', ' or a text');

for ([$pets, { parent_id => $pets }, 422], [$pets, { parent_id => $dogs }, 422],
     [$pets, { content_type => 'image/png' }, 422],
     [$cat->{id}, { content_type => 'folder' }, 422],
     [$cat->{id}, { parent_id => 'none' }, 422],
     [$cat->{id}, { name => '' }, 422], [$cat->{id}, { data => 1 }, 422],
     [$cat->{id}, { data => '!', data_encoding => 'base64' }, 422],
     [$cat->{id}, { data => 'x', data_encoding => 'hex' }, 422],
     [$pets, { data => 'x' }, 422], [$cat->{id}, '{', 400],
     ['none', { name => 'x' }, 404])
{
    my ($id, $body, $status) = @$_;
    is(ask('put', $body, asset_id => $id)->{status}, $status,
        'refused: ' . (ref $body ? $t->encode($body) : $body));
}
is($t->read_file("$store/$cat->{id}"), 'text', 'nothing was changed');
is(names(parent_id => $pets), 'tom.png dogs', ' nor moved');

# --- nodes find them -----------------------------------------------------------------------

my $text = upload({ name => 'a.txt', content_type => 'text/plain' },
    'found it')->{json};
for my $ref ({ uri => '', asset_id => $text->{id} }, { uri => $text->{get_url} },
    { uri => "/api/storage/$text->{id}" })
{
    NodeTool::Workflows::store($t, $e, 'load', { graph => {
        nodes => [{ id => 's', type => 'nodetool.document.SplitRecursively',
            data => { document => { type => 'document', %$ref } } },
            { id => 'o', type => 'nodetool.output.Output',
            data => { name => 'output' } }],
        edges => [{ id => 'e', source => 's', sourceHandle => 'text',
            target => 'o', targetHandle => 'value' }] } });
    $r = $t->wire($e, { op => 'job.run', workflow_id => 'load', base => $base },
        '{}');
    is($r->{json}{output}, 'found it', 'found by ' . $t->encode($ref));
}

# --- deletions ------------------------------------------------------------------------------

$r = ask('delete', undef, asset_id => $text->{id});
is($r->{status}, 200, 'deleted');
is_deeply($r->{json}, { deleted_asset_ids => [$text->{id}] },
    ' as NodeTool says it');
ok(!-e "$store/$text->{id}", ' with its bytes');
is(ask('delete', undef, asset_id => $text->{id})->{status}, 404, ' once');
$r = ask('delete', undef, asset_id => $pets);
is(@{ $r->{json}{deleted_asset_ids} }, 5, 'a folder with all in it');
ok(!-e "$store/$rex", ' their bytes, too');
is(names(content_type => 'image'), '', ' none is left');

unlink "$store/" . (my $gone = upload({ name => 'x', content_type => 'x/y' },
    'x')->{json}{id});
is(ask('delete', undef, asset_id => $gone)->{status}, 200,
    'one whose bytes are gone');

# --- two engines of one home --------------------------------------------------------------------

my @engines = ($e, $t->engine(name => 'second', home => $home));
my @writers = map {
    my $i = $_;
    my $pid = fork;
    if (!$pid) {
        local $e = $engines[$i % 2];
        upload({ name => "p$i", content_type => 'text/plain' }, $i,
            user => 'both') for 1 .. 5;
        $t->wire($e, { op => 'setting.put', user => "both" }, $t->encode(
            { settings => { (qw(NODETOOL_DEFAULT_MODEL
                NODETOOL_DEFAULT_IMAGE_MODEL NODETOOL_DEFAULT_TTS_MODEL
                NODETOOL_DEFAULT_ASR_MODEL))[$i] => 'a/b' } }));
        POSIX::_exit(0);
    }
    $pid;
} 0 .. 3;
waitpid $_, 0 for @writers;
is(@{ ask('list', undef, user => 'both')->{json}{assets} }, 20,
    'what both stored at once is there');
is(scalar(grep { defined $_->{value} } @{ $t->wire($engines[1],
    { op => 'setting.list', user => 'both' })->{json}{settings} }), 4,
    ' settings, too');
$t->stop($engines[1]);

# --- crashes -----------------------------------------------------------------------------------

my $log = $t->dir . '/acknowledged';
my $writer = fork;
if ($writer == 0) {
    open my $out, '>', $log or POSIX::_exit(1);
    $out->autoflush(1);
    for my $i (1 .. 100_000) {
        my $id = eval { upload({ name => "n$i", content_type => 'text/plain' },
            "bytes $i")->{json}{id} } or last;
        print {$out} "$i $id\n";
    }
    POSIX::_exit(0);
}
$t->wait_for('some uploads', sub { -e $log && -s $log > 500 });
kill 'KILL', $e->{pid};
waitpid $writer, 0;
$t->wait_exit($e, 5);
$t->stop($e);
$e = $t->engine(name => 'again', home => $home);
my @lost;
for (split /\n/, $t->read_file($log)) {
    my ($i, $id) = split ' ';
    my $asset = ask('get', undef, asset_id => $id)->{json};
    push @lost, $i if ($asset->{name} || '') ne "n$i"
        || eval { $t->read_file("$store/$id") } ne "bytes $i";
}
is_deeply(\@lost, [], 'killed: what was acknowledged is there');

# --- a damaged database --------------------------------------------------------------------------

$t->stop($e);
unlink "$home/assets.db-wal", "$home/assets.db-shm";
$t->write_file("$home/assets.db", 'no database' x 100);
$e = $t->engine(name => 'damaged', home => $home);
$r = ask('list');
is($r->{status}, 500, 'a damaged database is an error');
unlike(message($r), qr{/|sqlite}i, ' that tells no path');
is($t->read_file("$home/assets.db"), 'no database' x 100,
    ' and it stays as it is');
is($t->wire($e, { op => 'health' })->{status}, 200, 'the engine goes on');

$t->done;
