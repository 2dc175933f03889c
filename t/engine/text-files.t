#!/usr/bin/perl

# nodetool.text.*: nodes that load and save files of the workspace and assets.

use strict;
use warnings;

use lib 't/lib';

use File::Path qw(make_path);
use File::Temp;
use MIME::Base64 qw(decode_base64);
use Test::More;

use NodeTool::Files;
use NodeTool::Graph qw(graph node edges);

my $g = NodeTool::Graph->new(plugins => []);
my $dir = File::Temp->newdir('nodetool-files-XXXXXX', TMPDIR => 1);
make_path("$dir/work/notes/old", "$dir/assets/texts/deep");

spew("$dir/secret.txt", 'secret');
spew("$dir/work/notes/b.md", 'bee');
spew("$dir/work/notes/a.TXT", "caf\xc3\xa9");
spew("$dir/work/notes/c.png", 'no text');
spew("$dir/work/notes/bad.txt", "\xff\xfe");
spew("$dir/work/notes/.txt", 'only a dot');
spew("$dir/work/notes/old/d.txt", 'dee');
symlink "$dir/secret.txt", "$dir/work/notes/link.txt" or die;
symlink '..', "$dir/work/notes/old/up" or die;
spew("$dir/assets/texts/one.txt", 'one');
spew("$dir/assets/texts/deep/two words.md", 'two');
spew("$dir/assets/texts/pic.png", 'x');

sub run_node {
    my ($type, $output, %data) = @_;

    my $r = $g->run(graph([
            node(n => "nodetool.text.$type", %data),
            node(c => 'nodetool.control.Collect'),
            node(out => 'nodetool.output.Output', name => 'o')],
        "n.$output>c.input_item", 'c.output>out.value'),
        workspace => "$dir/work", assets => "$dir/assets");
    return $r->{failure}{message} ? "! $r->{failure}{message}"
        : $r->{results}{o};
}

# --- LoadTextFolder ----------------------------------------------------------

my $notes = ['notes/a.TXT', 'notes/b.md'];

is_deeply(run_node('LoadTextFolder', 'path', folder => 'notes'), $notes,
    'texts of a folder, no links, in order');
is_deeply(run_node('LoadTextFolder', 'text', folder => '/notes/'),
    ["caf\xe9", 'bee'], 'and what is in them');
is_deeply(run_node('LoadTextFolder', 'path', folder => '/',
        include_subdirectories => JSON::PP::true),
    [@$notes, 'notes/old/d.txt'], 'with subfolders');
is_deeply(run_node('LoadTextFolder', 'path', folder => 'notes',
        extensions => ['.png', '.md']), ['notes/b.md', 'notes/c.png'],
    'by extension');
is_deeply(run_node('LoadTextFolder', 'path', folder => 'notes',
        pattern => '*a*'), ['notes/a.TXT'], 'by pattern');
like(run_node('LoadTextFolder', 'path'), qr/! folder must not be empty/,
    'no folder');
like(run_node('LoadTextFolder', 'path', folder => 'none'),
    qr/! file "none" does not exist/, 'a folder that is not there');
like(run_node('LoadTextFolder', 'path', folder => '../assets'),
    qr/leads out of the folder/, 'a folder outside');

# --- SaveTextFile ------------------------------------------------------------

my $saved = run_node('SaveTextFile', 'output', folder => 'out/deep',
    name => 'x-%Y-100%.txt', text => "\x{e9}!");
my $year = (localtime)[5] + 1900;
my $name = "out/deep/x-$year-100%.txt";
is(slurp("$dir/work/$name"), "\xc3\xa9!", 'a saved file');
is($saved->[0]{type}, 'text', 'its ref');
is_deeply($saved->[0]{metadata}, { path => $name }, 'says where it is');
my ($base64) = $saved->[0]{uri} =~ /^data:text\/plain;charset=utf-8;base64,(.*)/;
is(decode_base64($base64), "\xc3\xa9!", 'and holds the text');
run_node('SaveTextFile', 'output', folder => 'out/deep', name => 'x-%Y-100%.txt',
    text => '1');
is(slurp("$dir/work/$name"), '1', 'saved again');

like(run_node('SaveTextFile', 'output', name => 'x'),
    qr/! folder must not be empty/, 'no folder');
like(run_node('SaveTextFile', 'output', folder => '..', name => 'x'),
    qr/leads out/, 'a folder outside');
like(run_node('SaveTextFile', 'output', folder => '/', name => '../x'),
    qr/leads out/, 'a name that leads outside');
like(run_node('SaveTextFile', 'output', folder => '/', name => ''),
    qr/name must not be empty/, 'no name');
like(run_node('SaveTextFile', 'output', folder => '/', name => 'notes'),
    qr/is a folder/, 'a name that is a folder');
ok(!-e "$dir/x", 'nothing was written outside');

# --- SaveText ----------------------------------------------------------------

$saved = run_node('SaveText', 'output', name => 'a %Y.txt', text => 'asset');
is_deeply($saved, [{ type => 'text', asset_id => "a $year.txt",
        uri => "http://test/storage/assets/a%20$year.txt" }], 'a saved asset');
is(slurp("$dir/assets/a $year.txt"), 'asset', 'its bytes');
$saved = run_node('SaveText', 'output', name => 'n.txt', text => '',
    folder => { type => 'folder', asset_id => 'f/g' });
is($saved->[0]{asset_id}, 'f/g/n.txt', 'an asset in a folder');
is(slurp("$dir/assets/f/g/n.txt"), '', 'which is empty');
like(run_node('SaveText', 'output', name => '../x.txt'), qr/! asset "\.\.\/x/,
    'a name that leads outside');

# --- LoadTextAssets ----------------------------------------------------------

my $folder = { type => 'folder', asset_id => 'texts' };
is_deeply(run_node('LoadTextAssets', 'name', folder => $folder),
    ['two words.md', 'one.txt'], 'texts among the assets');
is_deeply(run_node('LoadTextAssets', 'text', folder => $folder)->[0],
    { type => 'text', asset_id => 'texts/deep/two words.md',
      uri => '/storage/assets/texts/deep/two%20words.md', data => undef,
      metadata => undef }, 'their refs');
like(run_node('LoadTextAssets', 'name'), qr/folder must be a folder/,
    'no folder');

# --- uploads, which are their users' ----------------------------------------

my $upload = '0123456789ab' . 'cd' x 10 . '.txt';
spew("$dir/assets/$upload", 'an upload');
is_deeply([grep { /^0123/ } @{ run_node('LoadTextAssets', 'name',
    folder => { type => 'folder', asset_id => '/' }) }], [],
    'no node finds one');
like(run_node('SaveText', 'output', name => $upload, text => 'x'),
    qr/! asset ".*": names of this form are those of uploads/,
    'nor replaces one');
is(slurp("$dir/assets/$upload"), 'an upload', 'which is as it was');

$g->done;
done_testing();
