#!/usr/bin/perl

# nodetool.workspace.*, lib.os.*, nodetool.compare.*: what nodes do with the
# files of a workspace.

use strict;
use warnings;
use utf8;

use lib 't/lib';

use Fcntl qw(O_NONBLOCK O_RDONLY);
use File::Path qw(make_path);
use File::Temp;
use MIME::Base64 qw(encode_base64);
use POSIX ();
use Test::More;

use NodeTool::Files;
use NodeTool::Graph qw(graph node);
use NodeTool::NodeTable qw(run_table);

my $dir = File::Temp->newdir('nodetool-files-XXXXXX', TMPDIR => 1);
make_path("$dir/work/sub/deep", "$dir/work/.hidden", "$dir/assets");
my %folders = (workspace => "$dir/work", assets => "$dir/assets");
my $g = NodeTool::Graph->new;

sub put {
    my ($path, $content) = @_;

    open my $fh, '>:raw', "$dir/$path" or die "$path: $!";
    print {$fh} $content;
    close $fh or die "$path: $!";
    return;
}

# The rest of a table's lines, all of a type "PREFIX.TYPE".
sub table {
    my ($rows) = @_;

    utf8::encode($rows);
    run_table($rows, %folders, graph => $g);
    return;
}

# What a streaming node sends, or its error.
sub stream {
    my ($type, $output, %data) = @_;

    my $r = $g->run(graph([
            node(n => $type, %data),
            node(c => 'nodetool.control.Collect'),
            node(out => 'nodetool.output.Output', name => 'o')],
        "n.$output>c.input_item", 'c.output>out.value'), %folders);
    return $r->{failure}{message} ? "! $r->{failure}{message}"
        : $r->{results}{o};
}

# One node on its own: its events, and its error.
sub alone {
    my ($type, %data) = @_;

    my $r = $g->run(graph([node(n => $type, %data)]), %folders);
    return ($r->{events}, $r->{failure}{message});
}

sub event {
    my ($type, $events) = @_;

    my ($event) = grep { $_->{type} eq $type } @$events;
    delete $event->{type} if $event;
    return $event;
}

put('secret', 'secret');
put('work/a.txt', "one\r\ntwo\rthree\n");
put('work/latin.txt', "caf\xe9");
put('work/bom.txt', "\xef\xbb\xbfx");
put('work/wide.txt', "\xff\xfeh\0i\0");
put('work/data.bin', "\0\xff\x10");
put('work/empty', '');
put('work/b.md', '12345');
put('work/sub/c.txt', 'c');
put('work/sub/deep/d.txt', 'd');
put('work/.hidden/e.txt', 'e');
put('work/.dot.txt', 'e');
symlink '../secret', "$dir/work/out" or die;
symlink 'a.txt', "$dir/work/link" or die;
symlink 'nothing', "$dir/work/dangling" or die;
symlink '..', "$dir/work/sub/up" or die;

my $outside = 'leads out of the folder that workflows may use';

# --- nodetool.workspace: looking ---------------------------------------------

table(<<"TABLE");
nodetool.workspace.GetWorkspaceDir {} => '/'
nodetool.workspace.WorkspaceFileExists {"path":"a.txt"} => True
nodetool.workspace.WorkspaceFileExists {"path":"sub"} => True
nodetool.workspace.WorkspaceFileExists {"path":"."} => True
nodetool.workspace.WorkspaceFileExists {"path":"none"} => False
nodetool.workspace.WorkspaceFileExists {"path":"a.txt/none"} => False
nodetool.workspace.WorkspaceFileExists {"path":"dangling"} => False
nodetool.workspace.WorkspaceFileExists {"path":"link"} => True
nodetool.workspace.WorkspaceFileExists {"path":"out"} !! $outside
nodetool.workspace.WorkspaceFileExists {"path":""} !! 'path' must not be empty
nodetool.workspace.WorkspaceFileExists {"path":"/etc/passwd"} !! must be relative to the workspace
nodetool.workspace.WorkspaceFileExists {"path":"../secret"} !! must not lead out with ".."
nodetool.workspace.WorkspaceFileExists {"path":"sub/../../secret"} !! must not lead out
nodetool.workspace.WorkspaceFileExists {"path":"a..b"} => False
nodetool.workspace.IsWorkspaceFile {"path":"a.txt"} => True
nodetool.workspace.IsWorkspaceFile {"path":"sub"} => False
nodetool.workspace.IsWorkspaceFile {"path":"none"} => False
nodetool.workspace.IsWorkspaceFile {} !! 'path' must not be empty
nodetool.workspace.IsWorkspaceDirectory {"path":"sub"} => True
nodetool.workspace.IsWorkspaceDirectory {"path":"a.txt"} => False
nodetool.workspace.IsWorkspaceDirectory {"path":"none"} => False
nodetool.workspace.GetWorkspaceFileSize {"path":"b.md"} => 5
nodetool.workspace.GetWorkspaceFileSize {"path":"empty"} => 0
nodetool.workspace.GetWorkspaceFileSize {"path":"sub"} !! "sub" is not a file
nodetool.workspace.GetWorkspaceFileSize {"path":"none"} !! file "none" does not exist
nodetool.workspace.GetWorkspaceFileInfo {"path":"none"} !! file "none" does not exist
nodetool.workspace.JoinWorkspacePaths {"paths":["a","b/","c.txt"]} => 'a/b/c.txt'
nodetool.workspace.JoinWorkspacePaths {"paths":["a"]} => 'a'
nodetool.workspace.JoinWorkspacePaths {"paths":[]} !! 'paths' must not be empty
nodetool.workspace.JoinWorkspacePaths {"paths":["a","/b"]} !! must be relative
nodetool.workspace.JoinWorkspacePaths {"paths":["/a"]} !! must be relative
nodetool.workspace.JoinWorkspacePaths {"paths":["a","..","b"]} !! must not lead out
TABLE

utime 1_000_000_000, 1_000_000_001, "$dir/work/b.md" or die;
{
    local $ENV{TZ} = 'UTC';
    my $utc = NodeTool::Graph->new;
    my ($info) = NodeTool::NodeTable::run_node($utc,
        'nodetool.workspace.GetWorkspaceFileInfo', '{"path":"./b.md"}',
        %folders);
    like($info, qr/^\{'path':\ '\.\/b\.md',\ 'name':\ 'b\.md',\ 'size':\ 5,
        \ 'is_file':\ True,\ 'is_directory':\ False,
        \ 'created':\ '20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?',
        \ 'modified':\ '2001-09-09T01:46:41',
        \ 'accessed':\ '2001-09-09T01:46:40'\}$/x, 'GetWorkspaceFileInfo');
    $utc->done;
}

# --- listing -----------------------------------------------------------------

my $list = 'nodetool.workspace.ListWorkspaceFiles';
my $true = JSON::PP::true;

is_deeply(stream($list, 'file', pattern => '*.txt'),
    [qw(a.txt bom.txt latin.txt wide.txt)], 'files by pattern, no hidden ones');
is_deeply(stream($list, 'file'), [qw(a.txt b.md bom.txt dangling data.bin empty
    latin.txt link out sub wide.txt)], 'all, folders and links, too');
is_deeply(stream($list, 'file', path => 'sub', pattern => '*.txt',
        recursive => $true), ['sub/c.txt', 'sub/deep/d.txt'],
    'recursively, relative to the workspace, through no link');
is_deeply(stream($list, 'file', pattern => '*.txt', recursive => $true),
    [qw(a.txt bom.txt latin.txt wide.txt sub/c.txt sub/deep/d.txt)],
    'recursively from the root');
is_deeply(stream($list, 'file', pattern => '.d*'), ['.dot.txt'],
    'hidden ones on demand');
is_deeply(stream($list, 'file', pattern => '*/*.txt'), ['sub/c.txt'],
    'a pattern with a slash');
is_deeply(stream($list, 'file', pattern => '**/*.txt'), ['sub/c.txt'],
    '** is * where it is not asked to be recursive');
is_deeply(stream($list, 'file', pattern => 'sub/**', recursive => $true),
    [qw(sub/c.txt sub/deep sub/up sub/deep/d.txt)], '** at the end');
is_deeply(stream($list, 'file', pattern => '[!a-c]*.txt'),
    ['latin.txt', 'wide.txt'], 'a set');
is_deeply(stream($list, 'file', path => 'nowhere'), [], 'no such folder');
my ($events) = alone($list, path => 'nowhere');
is(event(log_update => $events)->{content}, 'There is no folder "nowhere"',
    '... is said');
like(stream($list, 'file', path => '..'), qr/must not lead out/,
    'a folder outside');
like(stream($list, 'file', path => 'sub/up/..'), qr/must not lead out/,
    'a folder upwards');
like(stream($list, 'file', pattern => '../*'), qr/must stay in the folder/,
    'a pattern outside');
like(stream($list, 'file', pattern => '/*'), qr/must stay in the folder/,
    'an absolute pattern');
like(stream($list, 'file', pattern => ''), qr/must not be empty/,
    'no pattern');
like(stream($list, 'file', pattern => '*' x 5000), qr/longer than/,
    'a long pattern');

# --- reading and writing -----------------------------------------------------

table(<<"TABLE");
nodetool.workspace.ReadTextFile {"path":"a.txt"} => 'one\\ntwo\\nthree\\n'
nodetool.workspace.ReadTextFile {"path":"empty"} => ''
nodetool.workspace.ReadTextFile {"path":"latin.txt","encoding":"latin-1"} => 'café'
nodetool.workspace.ReadTextFile {"path":"latin.txt","encoding":"ISO_8859_1"} => 'café'
nodetool.workspace.ReadTextFile {"path":"latin.txt","encoding":"cp1252"} => 'café'
nodetool.workspace.ReadTextFile {"path":"latin.txt"} !! 'encoding': what is at byte 3 is no text in "utf-8"
nodetool.workspace.ReadTextFile {"path":"latin.txt","encoding":"ascii"} !! at byte 3
nodetool.workspace.ReadTextFile {"path":"bom.txt"} => '\\ufeffx'
nodetool.workspace.ReadTextFile {"path":"bom.txt","encoding":"utf-8-sig"} => 'x'
nodetool.workspace.ReadTextFile {"path":"wide.txt","encoding":"utf-16"} => 'hi'
nodetool.workspace.ReadTextFile {"path":"a.txt","encoding":"klingon"} !! there is no encoding "klingon"
nodetool.workspace.ReadTextFile {"path":"a.txt","encoding":"ascii//TRANSLIT"} !! there is no such encoding
nodetool.workspace.ReadTextFile {"path":"a.txt","encoding":""} !! there is no such encoding
nodetool.workspace.ReadTextFile {"path":"none"} !! file "none" does not exist
nodetool.workspace.ReadTextFile {"path":"sub"} !! "sub" is not a file
nodetool.workspace.ReadTextFile {"path":"out"} !! $outside
nodetool.workspace.ReadTextFile {"path":"link"} => 'one\\ntwo\\nthree\\n'
nodetool.workspace.WriteTextFile {"path":"new/x.txt","content":"é\\n"} => 'new/x.txt'
nodetool.workspace.ReadTextFile {"path":"new/x.txt"} => 'é\\n'
nodetool.workspace.WriteTextFile {"path":"new/x.txt","content":"+","append":true} => 'new/x.txt'
nodetool.workspace.ReadTextFile {"path":"new/x.txt"} => 'é\\n+'
nodetool.workspace.WriteTextFile {"path":"new/x.txt","content":"-"} => 'new/x.txt'
nodetool.workspace.WriteTextFile {"path":"new/w","content":"é","encoding":"utf-16","append":true} => 'new/w'
nodetool.workspace.WriteTextFile {"path":"new/w","content":"!","encoding":"utf-16","append":true} => 'new/w'
nodetool.workspace.ReadTextFile {"path":"new/w","encoding":"utf-16"} => 'é!'
nodetool.workspace.WriteTextFile {"path":"new/l","content":"é","encoding":"latin-1"} => 'new/l'
nodetool.workspace.WriteTextFile {"path":"new/a","content":"aé","encoding":"ascii"} !! what is at byte 1 cannot be written in "ascii"
nodetool.workspace.WriteTextFile {"path":"new/s","content":"s","encoding":"utf-8-sig"} => 'new/s'
nodetool.workspace.WriteTextFile {"path":"sub","content":""} !! file "sub" is a folder
nodetool.workspace.WriteTextFile {"path":"a.txt/x","content":""} !! goes through something that is no folder
nodetool.workspace.WriteTextFile {"path":"out","content":"x"} !! $outside
nodetool.workspace.WriteTextFile {"path":"/x","content":"x"} !! must be relative
nodetool.workspace.WriteTextFile {"path":"","content":"x"} !! 'path' must not be empty
nodetool.workspace.ReadBinaryFile {"path":"data.bin"} => 'AP8Q'
nodetool.workspace.ReadBinaryFile {"path":"empty"} => ''
nodetool.workspace.ReadBinaryFile {"path":"none"} !! does not exist
nodetool.workspace.ReadBinaryFile {"path":"sub"} !! is not a file
nodetool.workspace.WriteBinaryFile {"path":"new/b","content":"AP8Q"} => 'new/b'
nodetool.workspace.WriteBinaryFile {"path":"new/none"} => 'new/none'
nodetool.workspace.WriteBinaryFile {"path":"new/c","content":"A*"} !! 'content' is not base64
nodetool.workspace.WriteBinaryFile {"path":"../b","content":""} !! must not lead out
TABLE
is(slurp("$dir/work/new/x.txt"), '-', 'a text over another');

# What is no file is not waited for, whether somebody reads it or not.
POSIX::mkfifo("$dir/work/new/pipe", 0600) or die;
run_table(<<'TABLE', %folders, graph => $g);
nodetool.workspace.WriteTextFile {"path":"new/pipe","content":"x"} !! "new/pipe" is not a file
nodetool.text.SaveTextFile {"folder":"new","name":"pipe","text":"x"} !! "new/pipe" is not a file
TABLE
sysopen my $reader, "$dir/work/new/pipe", O_RDONLY | O_NONBLOCK or die;
run_table(<<'TABLE', %folders, graph => $g);
nodetool.workspace.WriteTextFile {"path":"new/pipe","content":"x"} !! "new/pipe" is not a file
TABLE
close $reader or die;
unlink "$dir/work/new/pipe" or die;

is(slurp("$dir/work/new/w"), "\xff\xfe\xe9\0!\0", 'one byte order mark');
is(slurp("$dir/work/new/l"), "\xe9", 'latin-1');
is(slurp("$dir/work/new/s"), "\xef\xbb\xbfs", 'utf-8-sig');
ok(!-e "$dir/work/new/a", 'nothing is written of what cannot be');
is(slurp("$dir/work/new/b"), "\0\xff\x10", 'bytes');
is(slurp("$dir/work/new/none"), '', 'no bytes');
is(slurp("$dir/secret"), 'secret', 'nothing is written outside');

# --- making, copying, moving, deleting ---------------------------------------

utime 1_000_000_000, 1_000_000_000, "$dir/work/b.md" or die;
chmod 0600, "$dir/work/b.md" or die;
table(<<"TABLE");
nodetool.workspace.CreateWorkspaceDirectory {"path":"m/n/o"} => 'm/n/o'
nodetool.workspace.CreateWorkspaceDirectory {"path":"m/n/o"} => 'm/n/o'
nodetool.workspace.CreateWorkspaceDirectory {"path":"m/p/"} => 'm/p/'
nodetool.workspace.CreateWorkspaceDirectory {"path":"."} => '.'
nodetool.workspace.CreateWorkspaceDirectory {"path":"a.txt"} !! file "a.txt" exists already
nodetool.workspace.CreateWorkspaceDirectory {"path":"a.txt/b"} !! goes through something
nodetool.workspace.CreateWorkspaceDirectory {"path":"../b"} !! must not lead out
nodetool.workspace.CreateWorkspaceDirectory {"path":"sub/up/../x"} !! must not lead out
nodetool.workspace.CopyWorkspaceFile {"source":"b.md","destination":"cp/to.md"} => 'cp/to.md'
nodetool.workspace.CopyWorkspaceFile {"source":"data.bin","destination":"cp/to.md"} => 'cp/to.md'
nodetool.workspace.CopyWorkspaceFile {"source":"b.md","destination":"cp"} => 'cp'
nodetool.workspace.CopyWorkspaceFile {"source":"b.md","destination":"./b.md"} !! are the same file
nodetool.workspace.CopyWorkspaceFile {"source":"link","destination":"a.txt"} !! are the same file
nodetool.workspace.CopyWorkspaceFile {"source":"sub","destination":"cp/tree"} => 'cp/tree'
nodetool.workspace.CopyWorkspaceFile {"source":"sub","destination":"cp/tree"} !! file "cp/tree" exists already
nodetool.workspace.CopyWorkspaceFile {"source":"sub","destination":"sub/deep/x"} !! folder "sub" cannot be copied into itself
nodetool.workspace.CopyWorkspaceFile {"source":".","destination":"cp/all"} !! cannot be copied into itself
nodetool.workspace.CopyWorkspaceFile {"source":"none","destination":"x"} !! file "none" does not exist
nodetool.workspace.CopyWorkspaceFile {"source":"b.md","destination":"out"} !! $outside
nodetool.workspace.CopyWorkspaceFile {"source":"out","destination":"x"} !! $outside
nodetool.workspace.CopyWorkspaceFile {"source":"b.md"} !! 'destination' must not be empty
nodetool.workspace.CopyWorkspaceFile {"destination":"x"} !! 'source' must not be empty
nodetool.workspace.MoveWorkspaceFile {"source":"cp/b.md","destination":"mv/new/b.md"} => 'mv/new/b.md'
nodetool.workspace.MoveWorkspaceFile {"source":"cp/to.md","destination":"mv"} => 'mv'
nodetool.workspace.MoveWorkspaceFile {"source":"cp/tree","destination":"mv/tree"} => 'mv/tree'
nodetool.workspace.MoveWorkspaceFile {"source":"mv/tree","destination":"mv/tree/deep/x"} !! cannot be moved into itself
nodetool.workspace.MoveWorkspaceFile {"source":"mv/tree/c.txt","destination":"mv/to.md"} => 'mv/to.md'
nodetool.workspace.MoveWorkspaceFile {"source":"mv/tree","destination":"mv/to.md"} !! cannot be moved over "mv/to.md"
nodetool.workspace.MoveWorkspaceFile {"source":"mv/to.md","destination":"mv"} !! "mv/to.md" exists already
nodetool.workspace.MoveWorkspaceFile {"source":"none","destination":"x"} !! does not exist
nodetool.workspace.MoveWorkspaceFile {"source":".","destination":"x"} !! must end with the name
nodetool.workspace.MoveWorkspaceFile {"source":"b.md","destination":"../x"} !! must not lead out
nodetool.workspace.DeleteWorkspaceFile {"path":"mv"} !! set 'recursive' to delete it
nodetool.workspace.DeleteWorkspaceFile {"path":"none"} !! file "none" does not exist
nodetool.workspace.DeleteWorkspaceFile {"path":"."} !! is a folder
nodetool.workspace.DeleteWorkspaceFile {"path":".","recursive":true} !! must end with the name
nodetool.workspace.DeleteWorkspaceFile {"path":"sub/.","recursive":true} !! must end with the name
nodetool.workspace.DeleteWorkspaceFile {"path":"../secret"} !! must not lead out
nodetool.workspace.DeleteWorkspaceFile {} !! 'path' must not be empty
nodetool.workspace.DeleteWorkspaceFile {"path":"dangling"} => []
TABLE
ok(-d "$dir/work/m/n/o" && -d "$dir/work/m/p", 'folders');
is(slurp("$dir/work/mv/new/b.md"), '12345', 'copied and moved');
is((stat "$dir/work/mv/new/b.md")[9], 1_000_000_000, 'with its time');
is((stat _)[2] & 0777, 0600, 'and mode');
is(slurp("$dir/work/mv/to.md"), 'c', 'a file is replaced');
is(slurp("$dir/work/mv/tree/deep/d.txt"), 'd', 'a tree');
ok(!-l "$dir/work/mv/tree/up", 'without its link');
is(slurp("$dir/work/a.txt"), "one\r\ntwo\rthree\n", 'a file survives its own copy');
ok(!-l "$dir/work/dangling", 'a link is deleted');

($events) = alone('nodetool.workspace.CopyWorkspaceFile', source => 'sub',
    destination => 'cp/again');
is(event(log_update => $events)->{content},
    '"sub/up" is left out: it is a symbolic link', 'which is said');

symlink '../..', "$dir/work/mv/tree/away" or die;
table(<<'TABLE');
nodetool.workspace.DeleteWorkspaceFile {"path":"mv","recursive":true} => []
nodetool.workspace.DeleteWorkspaceFile {"path":"cp/","recursive":true} => []
TABLE
ok(!-e "$dir/work/mv" && !-e "$dir/work/cp", 'trees are deleted');
is(slurp("$dir/secret"), 'secret', 'not what links in them lead to');
make_path("$dir/work/chain" . '/x' x 200);
table(<<'TABLE');
nodetool.workspace.DeleteWorkspaceFile {"path":"chain","recursive":true} !! has too many folders one in another
TABLE

# --- SaveImageFile, SaveVideoFile --------------------------------------------

my $png = "\x89PNG\r\n\x1a\nrest";
my $uri = 'data:image/png;base64,' . encode_base64($png, '');
my %png = (type => 'image', uri => $uri);
put('assets/v.mp4', 'film');

# The ref and the events of a node that saves.
sub saved {
    my ($type, $property, $ref, %data) = @_;

    my $r = $g->run(graph([
            node(n => "nodetool.workspace.$type", $property => $ref, %data),
            node(out => 'nodetool.output.Output', name => 'o')],
        'n.output>out.value'), %folders);
    return ($r->{failure}{message} ? "! $r->{failure}{message}"
        : $r->{results}{o}, $r->{events});
}

my ($ref, $log) = saved('SaveImageFile', 'image', \%png, folder => './pics/');
is(slurp("$dir/work/pics/image.png"), $png, 'an image');
is($ref->{uri}, $uri, 'its ref holds the image');
is_deeply($ref->{metadata}, { path => 'pics/image.png' }, 'and where it is');
is_deeply(event(save_update => $log), { node_id => 'n', name => 'image.png',
    value => $ref, output_type => 'image', metadata => {} }, 'save_update');
for my $n (1, 2) {
    ($ref) = saved('SaveImageFile', 'image', \%png, folder => 'pics');
    is($ref->{metadata}{path}, "pics/image_$n.png", "the next free name, $n");
}
($ref) = saved('SaveImageFile', 'image', \%png, folder => 'pics',
    overwrite => $true);
is($ref->{metadata}{path}, 'pics/image.png', 'or over it');
my $year = (localtime)[5] + 1900;
($ref) = saved('SaveImageFile', 'image', \%png, filename => 'i%Y.PNG');
is($ref->{metadata}{path}, "i$year.PNG", 'a name of the time, in the root');
for my $case (
    [{ filename => 'x.jpg' }, 'let the name end with .png'],
    [{ filename => 'x' }, 'the image is a PNG and is not converted'],
    [{ filename => '' }, "'filename' must not be empty"],
    [{ filename => '../x.png' }, "'filename' must not lead out"],
    [{ folder => '/tmp' }, "'folder' must be relative"],
    [{ image => { type => 'image', uri => 'data:,text' } }, 'in no format'],
    [{ image => { type => 'image', uri => '' } }, 'has neither "uri" nor'],
) {
    my ($data, $want) = @$case;
    ($ref) = saved('SaveImageFile', 'image', \%png, %$data);
    like($ref, qr/^! .*\Q$want/, "SaveImageFile: $want");
}

($ref) = saved('SaveVideoFile', 'video',
    { type => 'video', uri => '', asset_id => 'v.mp4', metadata => { a => 1 } },
    folder => 'films');
is(slurp("$dir/work/films/video.mp4"), 'film', 'a video');
is_deeply($ref->{metadata}, { a => 1, path => 'films/video.mp4' }, 'its ref');
is($ref->{asset_id}, 'v.mp4', 'which is the one that came');
($ref) = saved('SaveVideoFile', 'video', { type => 'video', uri => '' });
like($ref, qr/^! a media value/, 'no video');

# --- lib.os: paths -----------------------------------------------------------

table(<<'TABLE');
lib.os.WorkspaceDirectory {} => '/'
lib.os.AbsolutePath {"path":"a/../b"} => '/b'
lib.os.AbsolutePath {"path":"~"} => '/'
lib.os.AbsolutePath {"path":"~/x"} => '/x'
lib.os.AbsolutePath {"path":"../../x"} => '/x'
lib.os.AbsolutePath {} !! 'path' must not be empty
lib.os.NormalizePath {"path":"a//b/./c/../d/"} => 'a/b/d'
lib.os.NormalizePath {"path":"../a/../../b"} => '../../b'
lib.os.NormalizePath {"path":"/../a"} => '/a'
lib.os.NormalizePath {"path":"//a"} => '//a'
lib.os.NormalizePath {"path":"///a"} => '/a'
lib.os.NormalizePath {"path":"a/.."} => '.'
lib.os.NormalizePath {"path":"~/a"} => '~/a'
lib.os.NormalizePath {} !! 'path' must not be empty
lib.os.Basename {"path":"a/b.tar.gz"} => 'b.tar.gz'
lib.os.Basename {"path":"a/b.tar.gz","remove_extension":true} => 'b.tar'
lib.os.Basename {"path":"a/.profile","remove_extension":true} => '.profile'
lib.os.Basename {"path":"a/"} => ''
lib.os.Basename {"path":"  "} !! 'path' must not be empty
lib.os.Dirname {"path":"a/b/c"} => 'a/b'
lib.os.Dirname {"path":"a/b/"} => 'a/b'
lib.os.Dirname {"path":"/a"} => '/'
lib.os.Dirname {"path":"//a"} => '//'
lib.os.Dirname {"path":"a//b"} => 'a'
lib.os.Dirname {"path":"a"} => ''
lib.os.Dirname {} => ''
lib.os.GetDirectory {"path":"~/a/b"} => '/a'
lib.os.GetDirectory {} !! 'path' must not be empty
lib.os.FileName {"path":"a/b.c"} => 'b.c'
lib.os.FileName {"path":"b"} => 'b'
lib.os.FileName {} !! 'path' must not be empty
lib.os.FileExtension {"path":"a.b/c.tar.gz"} => '.gz'
lib.os.FileExtension {"path":"a.b/c"} => ''
lib.os.FileExtension {"path":"..c"} => ''
lib.os.FileExtension {"path":"c."} => '.'
lib.os.FileExtension {} !! 'path' must not be empty
lib.os.SplitPath {"path":"a/b/c"} => {'dirname': 'a/b', 'basename': 'c'}
lib.os.SplitPath {} => {'dirname': '', 'basename': ''}
lib.os.SplitExtension {"path":"a/b.c"} => {'root': 'a/b', 'extension': '.c'}
lib.os.SplitExtension {"path":"a/.b"} => {'root': 'a/.b', 'extension': ''}
lib.os.SplitExtension {} => {'root': '', 'extension': ''}
lib.os.JoinPaths {"paths":["a","b"]} => 'a/b'
lib.os.JoinPaths {"paths":["a/","b"]} => 'a/b'
lib.os.JoinPaths {"paths":["a","/b","c"]} => '/b/c'
lib.os.JoinPaths {"paths":["","b"]} => 'b'
lib.os.JoinPaths {"paths":["a",""]} => 'a/'
lib.os.JoinPaths {} !! 'paths' must not be empty
lib.os.RelativePath {"target_path":"a/b","start_path":"a"} => 'b'
lib.os.RelativePath {"target_path":"a/b","start_path":"a/c/d"} => '../../b'
lib.os.RelativePath {"target_path":"/a/b"} => 'a/b'
lib.os.RelativePath {"target_path":"ab","start_path":"a"} => '../ab'
lib.os.RelativePath {"target_path":"a","start_path":"a/b"} => '..'
lib.os.RelativePath {"target_path":"a","start_path":"a"} => '.'
lib.os.RelativePath {"target_path":"~","start_path":"/"} => '.'
lib.os.RelativePath {} !! 'target_path' must not be empty
lib.os.PathToString {"file_path":"~/a"} => '~/a'
lib.os.PathToString {} !! 'file_path' must not be empty
TABLE

# --- lib.os: names and patterns ----------------------------------------------

table(<<'TABLE');
lib.os.FileNameMatch {"filename":"a.txt","pattern":"*.txt"} => True
lib.os.FileNameMatch {"filename":"a/b.txt","pattern":"*.txt"} => True
lib.os.FileNameMatch {"filename":".txt","pattern":"*.txt"} => True
lib.os.FileNameMatch {"filename":"a.TXT","pattern":"*.txt"} => False
lib.os.FileNameMatch {"filename":"a.TXT","pattern":"*.txt","case_sensitive":false} => True
lib.os.FileNameMatch {"filename":"É","pattern":"é","case_sensitive":false} => True
lib.os.FileNameMatch {"filename":"é","pattern":"?"} => True
lib.os.FileNameMatch {"filename":"ab","pattern":"?"} => False
lib.os.FileNameMatch {"filename":"","pattern":"?"} => False
lib.os.FileNameMatch {} => True
lib.os.FileNameMatch {"filename":"x","pattern":""} => False
lib.os.FileNameMatch {"filename":"ab","pattern":"*b*a*"} => False
lib.os.FileNameMatch {"filename":"abab","pattern":"*ab"} => True
lib.os.FileNameMatch {"filename":"d5","pattern":"d[0-9]"} => True
lib.os.FileNameMatch {"filename":"dx","pattern":"d[0-9]"} => False
lib.os.FileNameMatch {"filename":"dx","pattern":"d[!0-9]"} => True
lib.os.FileNameMatch {"filename":"ö","pattern":"[à-ü]"} => True
lib.os.FileNameMatch {"filename":"b","pattern":"[c-a]"} => False
lib.os.FileNameMatch {"filename":"]","pattern":"[]]"} => True
lib.os.FileNameMatch {"filename":"a","pattern":"[!]]"} => True
lib.os.FileNameMatch {"filename":"-","pattern":"[a-]"} => True
lib.os.FileNameMatch {"filename":"d","pattern":"[a-c-e]"} => False
lib.os.FileNameMatch {"filename":"-","pattern":"[a-c-e]"} => True
lib.os.FileNameMatch {"filename":"^","pattern":"[^a]"} => True
lib.os.FileNameMatch {"filename":"[a","pattern":"[a"} => True
lib.os.FileNameMatch {"filename":"a*","pattern":"a\\*"} => False
lib.os.FileNameMatch {"filename":"a\\x","pattern":"a\\*"} => True
lib.os.FilterFileNames {"filenames":["a.py","b.txt","C.PY"],"pattern":"*.py"} => ['a.py']
lib.os.FilterFileNames {"filenames":["a.py","b.txt","C.PY"],"pattern":"*.Py","case_sensitive":false} => ['a.py', 'C.PY']
lib.os.FilterFileNames {"filenames":["a","b"]} => ['a', 'b']
lib.os.FilterFileNames {} => []
TABLE
my $long = 'a' x 4097;
table(<<"TABLE");
lib.os.FileNameMatch {"filename":"$long"} !! name is longer than 4096 bytes
lib.os.FilterFileNames {"filenames":["$long"]} !! name is longer than 4096 bytes
lib.os.FileNameMatch {"pattern":"$long"} !! 'pattern' is longer than 4096 bytes
TABLE

# --- lib.os: files -----------------------------------------------------------

table(<<"TABLE");
lib.os.FileExists {"path":"~/a.txt"} => True
lib.os.FileExists {"path":"/sub"} => True
lib.os.FileExists {"path":"none"} => False
lib.os.FileExists {"path":"/etc/passwd"} => False
lib.os.FileExists {"path":"../secret"} !! $outside
lib.os.FileExists {"path":"sub/../a.txt"} => True
lib.os.FileExists {} !! 'path' must not be empty
lib.os.IsFile {"path":"a.txt"} => True
lib.os.IsFile {"path":"sub"} => False
lib.os.IsFile {"path":"out"} !! $outside
lib.os.IsDirectory {"path":"~"} => True
lib.os.IsDirectory {"path":"a.txt"} => False
lib.os.GetFileSize {"path":"b.md"} => 5
lib.os.GetFileSize {"path":"none"} !! file "none" does not exist
lib.os.ModifiedTime {"path":"b.md"} => {'type': 'datetime', 'year': 2001, 'month': 9,
    'day': 9, 'hour': 1, 'minute': 46, 'second': 40, 'microsecond': 0, 'tzinfo': 'UTC', 'utc_offset': 0}
lib.os.ModifiedTime {"path":"none"} !! does not exist
lib.os.AccessedTime {"path":"none"} !! does not exist
lib.os.CreatedTime {"path":"none"} !! does not exist
lib.os.GetPathInfo {"path":"sub/c.txt"} => {'dirname': 'sub', 'basename': 'c.txt',
    'extension': '.txt', 'absolute': '/sub/c.txt', 'exists': True, 'is_file': True, 'is_dir': False, 'is_symlink': False}
lib.os.GetPathInfo {"path":"link"} => {'dirname': '', 'basename': 'link',
    'extension': '', 'absolute': '/link', 'exists': True, 'is_file': True, 'is_dir': False, 'is_symlink': True}
lib.os.GetPathInfo {"path":"/none"} => {'dirname': '/', 'basename': 'none',
    'extension': '', 'absolute': '/none', 'exists': False, 'is_file': False, 'is_dir': False, 'is_symlink': False}
lib.os.GetPathInfo {} !! 'path' must not be empty
lib.os.CopyFile {"source_path":"~/b.md","destination_path":"~/os/b.md"} => '~/os/b.md'
lib.os.CopyFile {"source_path":"sub","destination_path":"/os/sub"} => '/os/sub'
lib.os.CopyFile {"source_path":"b.md","destination_path":"../b.md"} !! $outside
lib.os.CopyFile {"source_path":"../secret","destination_path":"x"} !! $outside
lib.os.CopyFile {"source_path":"b.md"} !! 'destination_path' must not be empty
lib.os.CopyFile {"destination_path":"x"} !! 'source_path' must not be empty
TABLE
is(slurp("$dir/work/os/sub/deep/d.txt"), 'd', 'CopyFile');
my ($created) = NodeTool::NodeTable::run_node($g, 'lib.os.CreatedTime',
    '{"path":"b.md"}', %folders);
like($created, qr/^\{'type': 'datetime', 'year': 20[2-9]/,
    'CreatedTime is not the modified one');
my ($read) = NodeTool::NodeTable::run_node($g, 'lib.os.AccessedTime',
    '{"path":"b.md"}', %folders);
like($read, qr/^\{'type': 'datetime', 'year': 20/, 'AccessedTime');

is_deeply(stream('lib.os.ListFiles', 'file', pattern => 'b*'),
    ['/b.md', '/bom.txt'], 'ListFiles: ~ is the workspace');
is_deeply(stream('lib.os.ListFiles', 'file', folder => 'os', pattern => '*d.*',
        include_subdirectories => $true), ['os/sub/deep/d.txt'],
    'with subfolders');
like(stream('lib.os.ListFiles', 'file', folder => '..'), qr/$outside/,
    'outside');
like(stream('lib.os.ListFiles', 'file', folder => ''), qr/must not be empty/,
    'no folder');

# nodes without an output: their error, or what they did
for my $case (
    ['MoveFile', { source_path => 'os/b.md', destination_path => '~/os/m.md' },
     undef, 'os/m.md'],
    ['MoveFile', { source_path => 'os/m.md', destination_path => 'os/sub' },
     undef, 'os/sub/m.md'],
    ['MoveFile', { source_path => 'none', destination_path => 'x' },
     'file "none" does not exist'],
    ['MoveFile', { source_path => 'a.txt', destination_path => 'gone/x' },
     '"a.txt" cannot be moved to "gone/x": it does not exist'],
    ['MoveFile', { source_path => 'a.txt', destination_path => '../x' },
     $outside],
    ['MoveFile', { source_path => 'sub', destination_path => 'sub/x' },
     'cannot be moved into itself'],
    ['MoveFile', { source_path => 'sub/..', destination_path => 'x' },
     'must end with the name'],
    ['MoveFile', { source_path => 'a.txt', destination_path => 'os/..' },
     'exists already'],
    ['MoveFile', {}, "'source_path' must not be empty"],
    ['CreateDirectory', { path => 'os/x/y' }, undef, 'os/x/y'],
    ['CreateDirectory', { path => '~/os/x/y' }, undef, 'os/x/y'],
    ['CreateDirectory', { path => 'os/x/z/', exist_ok => JSON::PP::false },
     undef, 'os/x/z'],
    ['CreateDirectory', { path => 'os/x/z', exist_ok => JSON::PP::false },
     'exists already'],
    ['CreateDirectory', { path => '../x' }, $outside],
    ['CreateDirectory', { path => 'none/../../x' }, $outside],
    ['CreateDirectory', {}, "'path' must not be empty"],
    ['OpenWorkspaceDirectory', {}, 'a server has no desktop'],
    ['ShowNotification', { title => '', message => 'm' },
     "'title' must not be empty"],
    ['ShowNotification', { title => 't' }, "'message' must not be empty"],
) {
    my ($type, $data, $want, $path) = @$case;
    my (undef, $error) = alone("lib.os.$type", %$data);
    my $name = "$type " . NodeTool::Graph::text($data);
    defined $want ? like($error || '', qr/\Q$want/, $name)
        : is($error, undef, $name);
    ok(-e "$dir/work/$path", "... $path is there") if $path;
}
ok(!-e "$dir/x" && !-e "$dir/b.md", 'nothing is made outside');

($events) = alone('lib.os.ShowNotification', title => 'Done',
    message => 'all "of" it', timeout => 3);
is_deeply(event(notification => $events), { node_id => 'n',
    content => 'Done: all "of" it', severity => 'info', timeout => 3 },
    'a notification');

# --- nodetool.compare --------------------------------------------------------

my @images = map { { type => 'image', uri => "data:,$_" } } qw(a b);
($events) = alone('nodetool.compare.CompareImages', image_a => $images[0],
    image_b => $images[1], label_b => 'after');
my $shown = event(preview_update => $events);
is($shown->{node_id}, 'n', 'a comparison is shown');
is_deeply({ %{ $shown->{value} }, map { $_ => $shown->{value}{$_}{uri} }
        qw(image_a image_b) },
    { type => 'image_comparison', image_a => 'data:,a', image_b => 'data:,b',
      label_a => 'A', label_b => 'after' }, 'both images and labels');
for my $only (qw(image_a image_b)) {
    my $error;
    ($events, $error) = alone('nodetool.compare.CompareImages',
        $only => $images[0]);
    ok(!event(preview_update => $events) && !$error, "nothing with $only");
}

$g->done;
done_testing();
