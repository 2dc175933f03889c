#!/usr/bin/perl

# Workflows as files: what is kept, what is refused, what is noticed.

use strict;
use warnings;

use lib 't/lib';
use IO::Socket::UNIX;
use Test::More;
use Time::HiRes qw(sleep time);
use NodeTool::Test;
use NodeTool::Workflows;

my $t = NodeTool::Test->new;
my $e = $t->engine(args => ['--log-level', 'debug']);
my $folder = "$e->{home}/workflows";

sub ask {
    my ($op, $id, $body, %head) = @_;

    $body = $t->encode($body) if ref $body;
    return $t->wire($e, { op => "workflow.$op",
        defined $id ? (workflow_id => $id) : (), %head }, $body);
}

sub ids {
    my ($list) = @_;
    return [map { $_->{id} } @{ $list->{json}{workflows} }];
}

sub files {
    opendir my $dir, $folder or die;
    return [sort grep { !/^\.\.?$/ } readdir $dir];
}

# --- what is stored ----------------------------------------------------------

my $echo = NodeTool::Workflows::echo();
my $r = ask('put', 'a', { %$echo, id => '' });
is($r->{status}, 201, 'put creates');
my $stored = $t->decode($t->read_file("$folder/a.json"));
is($stored->{id}, 'a', 'an empty id is set');
is($stored->{user_id}, '1', 'the owner is stored');
like($stored->{created_at}, qr/^\d{4}-\d\d-\d\dT[\d:.]+Z$/, 'created_at');
is($stored->{updated_at}, $stored->{created_at}, 'updated_at');
is_deeply($stored->{graph}, $echo->{graph}, 'the graph');
ok(!exists $r->{json}{user_id}, 'the owner is not shown');
is((stat "$folder/a.json")[2] & 07007, 0, 'and the file not to others');

sleep 0.01;
my $body = '{"z":1,"name":"Ä \u00e9 \ud83d\ude00","graph":{"nodes":[],'
    . '"edges":[],"viewport":{"zoom":0.1,"big":9007199254740993,'
    . '"tiny":1e-300,"real":2.0,"neg":-0.5}},"a":[null,true,{"":""}],'
    . '"input_schema":{"old":1},"user_id":"7","created_at":"1999"}';
$r = ask('put', 'a', $body);
is($r->{status}, 200, 'put replaces');
my $text = $t->read_file("$folder/a.json");
for my $re (qr/"zoom": 0\.1,/, qr/"big": 9007199254740993,/,
    qr/"tiny": 1e-300,/, qr/"real": 2\.0,/, qr/"neg": -0\.5\n/,
    qr/"z": 1,\n  "name": "\xc3\x84 \xc3\xa9 \xf0\x9f\x98\x80",\n  "graph"/,
    qr/"a": \[\n    null,\n    true,\n    \{\n      "": ""/)
{
    like($text, $re, "kept as it was: $re");
}
my $new = $t->decode($text);
is($new->{created_at}, $stored->{created_at}, 'created_at stays');
ok($new->{updated_at} gt $stored->{updated_at}, 'updated_at goes on');
is($new->{user_id}, '1', 'the owner is not taken from the body');
ok(!exists $new->{input_schema}, 'nor what is derived');

$r = ask('put', 'imported', { %$echo, created_at => '2020-01-01T00:00:00Z' });
is($r->{json}{created_at}, '2020-01-01T00:00:00Z',
    'a new one may bring its created_at');
$r = ask('put', 'nameless', { graph => $echo->{graph} });
is($r->{json}{name}, 'nameless', 'one without a name is named by its id');

$r = ask('get', 'a');
for my $field (qw(id access created_at updated_at name tool_name description
    tags thumbnail thumbnail_url graph input_schema output_schema settings
    package_name path run_mode required_providers required_models))
{
    ok(exists $r->{json}{$field}, "shown: $field");
}
my $back = ask('put', 'a', $r->{json});
is($back->{status}, 200, 'what get gives put takes');
is(ask('put', 'My copy', $r->{json})->{json}{id}, 'My copy',
    'the id of the path counts, not that of the body');
is(ask('delete', 'My copy')->{status}, 204, ' which may have spaces');

# --- what is refused ---------------------------------------------------------

for (['{"graph":', 400, qr/line 1, column \d+/],
     ["{\n\n  nope}", 400, qr/line 3, column \d+/],
     ['"text"', 422, qr/must be a JSON object/],
     ['{"graph":[]}', 422, qr/graph must be/],
     ['{"graph":{"nodes":{},"edges":[]}}', 422, qr/graph\.nodes/],
     ['{"graph":{"nodes":[],"edges":1}}', 422, qr/graph\.edges/],
     ['{"graph":{"nodes":[1],"edges":[]}}', 422, qr/graph\.nodes\[0\]/],
     ['{"graph":{"nodes":[{"id":"1"}],"edges":[]}}', 422,
      qr/graph\.nodes\[0\]\.type/],
     ['{"graph":{"nodes":[],"edges":[{"source":"1"}]}}', 422,
      qr/graph\.edges\[0\]\.target/],
     ['{"name":1,"graph":{"nodes":[],"edges":[]}}', 422, qr/name must be/],
     ['{"settings":1,"graph":{"nodes":[],"edges":[]}}', 422, qr/settings/])
{
    my ($bad, $status, $re) = @$_;
    $r = ask('put', 'new', $bad);
    is($r->{status}, $status, "$status: " . $bad =~ tr/\n/ /r);
    like($r->{json}{error}{message}, $re, ' its message');
}
for my $id ('.', '..', '../x', 'a/b', '/etc/passwd', ' a', 'a ', 'x' x 129, "a\n",
    '.tmp-1', "\x{e9}")
{
    is(ask('put', $id, $echo)->{status}, 422, 'put of a bad id');
    is(ask('get', $id)->{status}, 404, ' get');
    is(ask('delete', $id)->{status}, 404, ' delete');
}
is_deeply(files(), ['a.json', 'imported.json', 'nameless.json'],
    'nothing was written');

# --- owners --------------------------------------------------------------------

is(ask('put', 'hers', $echo, user => '2')->{status}, 201, 'user 2 creates');
for (['get', undef], ['put', $echo], ['delete', undef]) {
    is(ask($_->[0], 'hers', $_->[1])->{status}, 403, "$_->[0] by user 1");
}
is_deeply(ids(ask('list')), ['a', 'imported', 'nameless'], 'user 1 lists his');
is_deeply(ids(ask('list', undef, undef, user => '2')), ['hers'],
    'user 2 lists hers');
$t->write_file("$folder/ours.json", $t->encode($echo));
is(ask('get', 'ours')->{status}, 200, 'a file without an owner is everyone\'s');
is(ask('put', 'ours', $echo, user => '2')->{status}, 403, ' others read it');
is(ask('put', 'ours', $echo)->{status}, 200, ' user 1 writes it');
is(ask('get', 'ours')->{status}, 200, ' and it stays everyone\'s');

# --- pages ---------------------------------------------------------------------

my @all;
my $cursor = '';
do {
    $r = ask('list', undef, undef, limit => 2, cursor => $cursor);
    push @all, @{ ids($r) };
    $cursor = $r->{json}{next};
    ok(@{ ids($r) } <= 2, 'a page of at most 2');
} while (defined $cursor);
is_deeply(\@all, ['a', 'imported', 'nameless', 'ours'], 'pages give all');
is_deeply(ids(ask('list', undef, undef, cursor => 'b')),
    ['imported', 'nameless', 'ours'], 'a cursor whose workflow is gone');

# --- files change ----------------------------------------------------------------

sub output {
    my ($id, $params) = @_;
    return $t->wire($e, { op => 'job.run', workflow_id => $id },
        $t->encode($params))->{json};
}

is(output('ours', { text => 'x' })->{output}, 'x', 'a file put there by hand');
my $changed = NodeTool::Workflows::chain('Changed',
    ['nodetool.input.StringInput', { name => 'word', value => 'new' }],
    ['nodetool.output.Output', { name => 'output' }, 'value']);
$t->write_file("$folder/ours.json", $t->encode($changed));
is(output('ours', { word => 'y' })->{output}, 'y', 'a change is noticed');
is(ask('get', 'ours')->{json}{name}, 'Changed', ' by get, too');
unlink "$folder/ours.json";
is(ask('get', 'ours')->{status}, 404, 'and that it is gone');
is_deeply(ids(ask('list')), ['a', 'imported', 'nameless'], ' by list, too');

$t->write_file("$folder/broken.json", '{"graph":');
$t->write_file("$folder/notes.txt", 'text');
$t->write_file("$folder/.hidden.json", $t->encode($echo));
mkdir "$folder/folder.json";
is_deeply(ids(ask('list')), ['a', 'imported', 'nameless'],
    'what is no workflow is not listed');
ask('list') for 1 .. 3;
is(() = $t->read_file($e->{log}) =~ /workflow broken: not a workflow/g, 1,
    ' said once in the log: a file is not read again until it changes');
$r = ask('get', 'broken');
is($r->{status}, 500, 'a broken file');
unlike($r->{json}{error}{message}, qr{/}, ' its message leaks no path');
is(ask('get', 'folder')->{status}, 500, 'a folder');
is(ask('put', 'broken', $echo)->{status}, 200, 'a broken file can be replaced');
$t->write_file("$folder/broken.json", '[]');
is(ask('delete', 'broken')->{status}, 204, ' and deleted');

# --- a thousand workflows ------------------------------------------------------------

$t->write_file(sprintf("$folder/many-%04d.json", $_), $t->encode($echo))
    for 1 .. 1000;
$r = ask('list', undef, undef, limit => 1000);
is(@{ ids($r) }, 1000, 'a thousand workflows');
my $start = time;
ask('list', undef, undef, limit => 1) for 1 .. 20;
ok(time - $start < 2, sprintf 'listing does not parse them again (%.1f ms)',
    (time - $start) * 50);
unlink glob "$folder/many-*.json";

# --- crashes ---------------------------------------------------------------------------

$t->write_file("$folder/.tmp-0123", 'x');
utime 1, 1, "$folder/.tmp-0123";
my $writer = fork;
if ($writer == 0) {
    for my $i (1 .. 100_000) {
        eval { ask('put', 'torn', { %$echo, name => "n$i" x 5000 }); 1 }
            or last;
    }
    POSIX::_exit(0);
}
$t->wait_for('a few writes', sub { -e "$folder/torn.json" });
sleep 0.2;
kill 'KILL', $e->{pid};
waitpid $writer, 0;
$t->wait_exit($e, 5);
ok(eval { $t->decode($t->read_file("$folder/torn.json")) },
    'killed while it writes: the file is whole');
$t->stop($e);
$e = $t->engine;
is(ask('get', 'torn')->{status}, 200, ' and a workflow');
ok(!-e "$folder/.tmp-0123", 'old temporary files are swept away');

$t->done;
