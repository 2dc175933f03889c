#!/usr/bin/perl

# What nodes may do with files: the workspace and the assets, nothing else.

use strict;
use warnings;

use lib 't/lib';

use File::Path qw(make_path);
use File::Temp;
use MIME::Base64 qw(encode_base64);
use Test::More;

use NodeTool::Files;
use NodeTool::Graph qw(graph node);

my $g = NodeTool::Graph->new;
my $dir = File::Temp->newdir('nodetool-files-XXXXXX', TMPDIR => 1);
make_path("$dir/work/sub", "$dir/assets/folder/deep", "$dir/assets/.hidden",
          "$dir/assets/.nodetool-tmp");

spew("$dir/secret", 'secret');
spew("$dir/work/a.txt", 'in the workspace');
spew("$dir/work/sub/b.txt", 'deeper');
spew("$dir/assets/one.txt", 'one');
spew("$dir/assets/folder/two words.txt", 'two');
spew("$dir/assets/folder/deep/three.txt", 'three');
spew("$dir/assets/.nodetool-tmp/upload", 'unfinished');
symlink "$dir/secret", "$dir/work/absolute" or die;
symlink '../secret', "$dir/work/relative" or die;
symlink "$dir", "$dir/work/folder" or die;
symlink 'sub', "$dir/work/within" or die;
symlink '../secret', "$dir/assets/link" or die;

sub file {
    my (%data) = @_;
    my %folders = delete $data{nothing} ? ()
        : (workspace => "$dir/work", assets => "$dir/assets");
    my $r = $g->run(graph([node(f => 'test.File', %data),
                           node(o => 'nodetool.output.Output', name => 'o')],
                          'f.output>o.value'), %folders);
    return $r->{failure}{message} ? "! $r->{failure}{message}"
        : $r->{results}{o};
}

# --- the workspace -----------------------------------------------------------

my $outside = 'leads out of the folder that workflows may use';

for my $case (
    ['a.txt', 'in the workspace'],
    ['/a.txt', 'in the workspace'],
    ['sub/b.txt', 'deeper'],
    ['sub/../a.txt', 'in the workspace'],
    ['./sub//b.txt', 'deeper'],
    ['within/b.txt', 'deeper'],
    ['../secret', "! file \"../secret\" $outside"],
    ['sub/../../secret', "! file \"sub/../../secret\" $outside"],
    ['/../secret', "! file \"../secret\" $outside"],
    ['absolute', "! file \"absolute\" $outside"],
    ['relative', "! file \"relative\" $outside"],
    ['folder/secret', "! file \"folder/secret\" $outside"],
    ['none.txt', '! file "none.txt" does not exist'],
    ['a.txt/x', '! file "a.txt/x" goes through something that is no folder'],
    ['x' x 300, '! file "' . 'x' x 300 . '" is too long a name'],
) {
    my ($path, $want) = @$case;
    is(file(op => 'read', key => $path), $want,
        'read ' . substr($path, 0, 30));
}

is(file(op => 'write', key => 'new/folder/c.txt'), 7, 'write');
is(slurp("$dir/work/new/folder/c.txt"), 'written', 'folders are made');
is(file(op => 'write', key => '../escape.txt'),
    "! file \"../escape.txt\" $outside", 'write outside');
is(file(op => 'write', key => 'folder/escape.txt'),
    "! file \"folder/escape.txt\" $outside", 'write through a link');
is(file(op => 'write', key => 'within/d.txt'), 7, 'through one that stays in');
is(file(op => 'write', key => 'folder/new/escape.txt'),
    "! file \"folder/new/escape.txt\" $outside", 'folders through a link');
is(file(op => 'write', key => 'a.txt/new/x'),
    '! file "a.txt/new/x" goes through something that is no folder',
    'folders through a file');
is(file(op => 'write', key => '../x/y.txt'),
    "! file \"../x/y.txt\" $outside", 'folders outside');
ok(!-e "$dir/escape.txt" && !-e "$dir/x" && !-e "$dir/new",
    'nothing was made');
is(file(op => 'read', key => 'a.txt', nothing => 1),
    '! this server gives workflows no workspace', 'no workspace');

# --- a workspace of a workflow's own -----------------------------------------

sub named {
    my ($name, %data) = @_;
    my $r = $g->run(graph([node(f => 'test.File', %data),
                           node(o => 'nodetool.output.Output', name => 'o')],
                          'f.output>o.value'), workspace => "$dir/work",
                    workspace_name => $name);
    return $r->{failure}{message} ? "! $r->{failure}{message}"
        : $r->{results}{o};
}

is(named('1/flow', op => 'read', key => 'a.txt'),
    '! file "a.txt" does not exist', 'it is made, and empty');
is(named('1/flow', op => 'write', key => '/a.txt'), 7, 'a run writes');
is(slurp("$dir/work/1/flow/a.txt"), 'written', 'into it');
is(named('1/flow', op => 'read', key => 'a.txt'), 'written',
    'the next run reads');
is(named('1/other', op => 'read', key => 'a.txt'),
    '! file "a.txt" does not exist', 'one of another workflow does not');
is(named('1/other', op => 'read', key => '../flow/a.txt'),
    "! file \"../flow/a.txt\" $outside", 'and cannot');
is(named('folder/x', op => 'read', key => 'a.txt'),
    "! the workflow's workspace $outside", 'nor by a link');
is(named('a.txt/x', op => 'read', key => 'a.txt'), '! the workflow\'s '
    . 'workspace goes through something that is no folder', 'no folder');

# --- loading -----------------------------------------------------------------

sub image { return { type => 'image', uri => $_[0] } }

my $no = 'cannot be opened here; upload it to /storage/assets/ or use a '
    . 'data: URI';

for my $case (
    [image('/storage/assets/one.txt'), 'one'],
    [image('http://test/storage/assets/one.txt'), 'one'],
    [image('/storage/assets/one.txt?v=1'), 'one'],
    [image('/storage/assets/folder/two%20words.txt'), 'two'],
    [image('asset://folder/deep/three.txt'), 'three'],
    [image('/api/storage/folder/deep/three.txt'), 'three'],
    ['/storage/assets/one.txt', 'one'],
    [{ type => 'image', uri => '', asset_id => 'one.txt' }, 'one'],
    [image('data:text/plain;base64,' . encode_base64('hello world', '')),
     'hello world'],
    [image("data:text/plain;base64,aGVs\nbG8="), 'hello'],
    [image('data:text/plain;base64,aGVsbG8'), 'hello'],
    [image('data:text/plain;base64,aGVsbG8%3D'), 'hello'],
    [image('data:;base64,'), ''],
    [image('file:///sub/%62.txt'), 'deeper'],
    [image('file:///none'), '! file "none" does not exist'],
    [image('file:///'), '! file "/" is a folder'],
    [image('file:///../secret'),
     '! file "../secret" leads out of the folder that workflows may use'],
    [image('file:///absolute'),
     '! file "absolute" leads out of the folder that workflows may use'],
    [image('file:///a%'), "! \"file:///a%\" $no"],
    [image('file:a.txt'), "! \"file:a.txt\" $no"],
    [image('data:text/plain;base64,a'), '! the data: URI is malformed'],
    [image('data:text/plain;base64,a*bc'), '! the data: URI is malformed'],
    [image('data:text/plain;base64,aGVs=bG8='), '! the data: URI is malformed'],
    [image('data:,%2'), '! the data: URI is malformed'],
    [image('data:text/plain'), '! the data: URI is malformed'],
    [image('/storage/assets/none'), '! asset "none" does not exist'],
    [image('/storage/assets/../../secret'),
     '! asset "../../secret": the key has a segment "." or ".."'],
    [image('/storage/assets/%2e%2e/secret'),
     '! asset "../secret": the key has a segment "." or ".."'],
    [image('/storage/assets/a%00b'), "! \"/storage/assets/a%00b\" $no"],
    [image('/storage/assets/link'), "! asset \"link\" $outside"],
    [image('/storage/assets/.nodetool-tmp/upload'),
     '! asset ".nodetool-tmp/upload": the key is reserved'],
    [image('/storage/assets/folder'), '! asset "folder" is a folder'],
    [image('http://elsewhere/x.png'), "! \"http://elsewhere/x.png\" $no"],
    [image('file:///etc/passwd'), '! file "etc/passwd" does not exist'],
    [image('/etc/passwd'), "! \"/etc/passwd\" $no"],
    [image(''), '! a media value has neither "uri" nor "asset_id"'],
    [5, '! a media value has neither "uri" nor "asset_id"'],
) {
    my ($ref, $want) = @$case;
    my $got = file(op => 'load', ref => $ref);
    my $name = 'load ' . NodeTool::Graph::text($ref);
    $want =~ /^! asset "[^"]*": the key has/
        ? like($got, qr/^! asset "[^"]*": /, $name) : is($got, $want, $name);
}

# --- storing and listing -----------------------------------------------------

is_deeply(file(op => 'store', key => 'made/by a node.txt'),
    { type => 'text',
      uri => 'http://test/storage/assets/made/by%20a%20node.txt',
      asset_id => 'made/by a node.txt' }, 'store');
is(slurp("$dir/assets/made/by a node.txt"), 'stored', 'it is there');
is_deeply(file(op => 'store', key => 'one.txt')->{asset_id}, 'one.txt',
    'store over another');
is(slurp("$dir/assets/one.txt"), 'stored', 'it has replaced it');
is_deeply([glob "$dir/assets/.nodetool-tmp/engine-*"], [],
    'no temporary file is left');
like(file(op => 'store', key => '../x'), qr/^! asset "\.\.\/x": /,
    'a bad key');
is(file(op => 'store', key => 'folder'), '! asset "folder" is a folder',
    'a folder is not replaced');
is_deeply([glob "$dir/assets/.nodetool-tmp/engine-*"], [],
    'nor is one left then');
is(file(op => 'store', key => 'one.txt/x'),
    '! asset "one.txt/x" goes through something that is no folder',
    'under a file');

is_deeply(file(op => 'list', key => ''),
    ['folder/deep/three.txt', 'folder/two words.txt', 'made/by a node.txt',
     'one.txt'], 'list all');
is_deeply(file(op => 'list', key => 'folder/'),
    ['folder/deep/three.txt', 'folder/two words.txt'], 'list a folder');
is_deeply(file(op => 'list', key => 'nothing'), [], 'list what is not there');
like(file(op => 'list', key => '../'), qr/^! folder "\.\.": /,
    'list outside');
is(file(op => 'list', key => '', nothing => 1),
    '! this server gives workflows no assets', 'no assets');

$g->done;
done_testing();
