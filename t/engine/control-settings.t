#!/usr/bin/perl

# Settings and secrets of users: encrypted on the disk, never told, used by
# the runs of their user; damaged files, wrong and new keys.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use NodeTool::MockOpenAI;
use NodeTool::Test;
use NodeTool::Workflows;

my $t = NodeTool::Test->new;
my $home = $t->dir . '/home';
my $folder = "$home/settings";
my %KEY = map { $_ => "$_-master-key-of-more-than-32-characters" } 1 .. 3;
my $n = 0;
my $e;
my $mock = NodeTool::MockOpenAI->start($t, 'mock');

# Starts the engine anew, with this key and these old ones.
sub start {
    my ($key, $old) = @_;

    $t->stop($e) if $e;
    $e = $t->engine(name => 'engine' . $n++, home => $home, env => {
        SECRETS_MASTER_KEY => defined $key ? $key : '',
        SECRETS_MASTER_KEY_OLD => defined $old ? $old : '',
        OPENAI_API_KEY => 'key-of-the-operator',
        OPENAI_BASE_URL => "http://127.0.0.1:$mock->{port}/v1",
        NODETOOL_SECRET_WHO => 'the operator' });
    return;
}

sub ask {
    my ($op, $body, %head) = @_;

    my $r = $t->wire($e, { op => $op, %head },
        ref $body ? $t->encode($body) : $body);
    unlike($r->{body} || '', qr/sk-|hush/, "$op tells no secret")
        if ($r->{body} || '') =~ /sk-|hush/;
    return $r;
}

sub put {
    my ($key, $value, %head) = @_;

    return ask('secret.put', { value => $value }, key => $key, %head);
}

sub message {
    my ($r) = @_;
    return $r->{json}{error}{message};
}

# What GetSecret gives in a run of the user's.
sub secret {
    my ($name, %head) = @_;

    NodeTool::Workflows::store($t, $e, 'secret', { graph => {
        nodes => [{ id => 's', type => 'lib.secret.GetSecret',
            data => { name => $name, default => 'none' } },
            { id => 'o', type => 'nodetool.output.Output',
            data => { name => 'output' } }],
        edges => [{ id => 'e', source => 's', sourceHandle => 'output',
            target => 'o', targetHandle => 'value' }] } });
    my $r = $t->wire($e, { op => 'job.run', workflow_id => 'secret', %head },
        '{}');
    return $r->{json}{output};
}

# The key that a model is asked with.
sub model_key {
    my (%head) = @_;

    NodeTool::Workflows::store($t, $e, 'model', { graph => {
        nodes => [{ id => 'a', type => 'nodetool.agents.Agent',
            data => { prompt => 'Hi', model => { type => 'language_model',
                provider => 'openai', id => 'gpt-4o-mini' } } },
            { id => 'o', type => 'nodetool.output.Output',
            data => { name => 'output' } }],
        edges => [{ id => 'e', source => 'a', sourceHandle => 'text',
            target => 'o', targetHandle => 'value' }] } });
    my $r = $t->wire($e, { op => 'job.run', workflow_id => 'model', %head },
        '{}');
    return message($r) if $r->{status} != 200;
    my @sent = $mock->requests;
    return $sent[-1]{headers}{authorization};
}

sub setting {
    my ($name, %head) = @_;

    my $list = ask('setting.list', undef, %head)->{json}{settings};
    return (grep { $_->{env_var} eq $name } @$list)[0];
}

# --- what there is -------------------------------------------------------------

start($KEY{1});
is((stat $folder)[2] & 07777, 0700, 'the folder is the engine\'s alone');

my $list = ask('setting.list')->{json};
is_deeply([keys %$list], ['settings'], 'settings');
is_deeply([sort keys %{ $list->{settings}[0] }], [qw(description enum env_var
    group is_secret package_name value)], ' as NodeTool has them');
is_deeply([grep { defined $_->{value} } @{ $list->{settings} }], [],
    ' nothing is set, and nothing of the environment is told');
my %known = map { $_->{env_var} => $_ } @{ $list->{settings} };
is(keys %known, @{ $list->{settings} }, ' each once');

# What the code asks for is what may be set.
my @asked;
for my $file (glob "$NodeTool::Test::ROOT/{engine,packs}/*/*.c") {
    next if $file =~ m{/settings/};
    my $text = $t->read_file($file);
    push @asked, $text =~ /nt_call_setting\(\s*call,\s*"(\w+)"/g,
        $text =~ /"([A-Z][A-Z0-9_]*_(?:API_KEY|BASE_URL|API_URL|TOKEN))"/g,
        $text =~ /"(NODETOOL_DEFAULT_\w+|[A-Z_]+_URL|HF_TOKEN)"/g;
}
@asked = grep { !/^(?:NODETOOL_REDIS_URL)$/ } @asked;
ok(@asked > 40, 'settings that the code asks for');
is_deeply([grep { !$known{$_} } @asked], [], ' are all known');

$list = ask('secret.list', undef, limit => 1000)->{json};
is_deeply([sort keys %$list], ['next_key', 'secrets'], 'secrets');
is_deeply([sort keys %{ $list->{secrets}[0] }], [qw(created_at description
    error id is_configured key updated_at user_id)], ' as NodeTool has them');
is_deeply([grep { $_->{is_configured} } @{ $list->{secrets} }], [],
    ' none is configured');
is(ask('secret.get', undef, key => 'OPENAI_API_KEY')->{status}, 404,
    'one that is not configured');
ok(!-e "$folder/1.json", 'reading makes no file');

# --- secrets --------------------------------------------------------------------

my $r = ask('secret.put', { value => 'sk-one', description => 'mine' },
    key => 'OPENAI_API_KEY');
is($r->{status}, 200, 'a secret is stored');
is($r->{json}{key}, 'OPENAI_API_KEY', ' under its name');
is($r->{json}{description}, 'mine', ' with its description');
ok($r->{json}{is_configured}, ' configured');
is($r->{json}{user_id}, '1', ' its user');
is($r->{json}{error}, undef, ' and readable');
my $id = $r->{json}{id};
my $text = $t->read_file("$folder/1.json");
unlike($text, qr/sk-one/, ' not in clear on the disk');
my $first = $t->decode($text)->{secrets}{OPENAI_API_KEY}{value};

$r = put('OPENAI_API_KEY', 'sk-two');
is($r->{json}{id}, $id, 'a new value has the old id');
is($r->{json}{description}, 'mine', ' and description');
is(ask('secret.get', undef, key => 'OPENAI_API_KEY')->{json}{key},
    'OPENAI_API_KEY', 'get');
is(ask('secret.get', undef, key => 'OPENAI_API_KEY', user => '2')->{status},
    404, ' not by another user');
is(setting('OPENAI_API_KEY')->{value}, '****', 'stars among the settings');
is(setting('OPENAI_API_KEY', user => '2')->{value}, undef,
    ' not among another\'s');

is(secret('WHO'), 'the operator', 'the environment\'s secret');
put('NODETOOL_SECRET_WHO', "hush\nof user 1");
is(secret('WHO'), "hush\nof user 1", ' gives way to the user\'s');
is(secret('WHO', user => '2'), 'the operator', ' not to another user\'s');
put('NODETOOL_SECRET_WHO', 'hush of user 2', user => '2');
is(secret('WHO', user => '2'), 'hush of user 2', 'each has his own');
is(secret('WHO'), "hush\nof user 1", ' and keeps it');

is(ask('secret.delete', undef, key => 'NODETOOL_SECRET_WHO')->{status}, 204,
    'deleted');
is(secret('WHO'), 'the operator', ' the environment counts again');
unlike($t->read_file("$folder/1.json"), qr/NODETOOL_SECRET_WHO/,
    ' and it is gone from the file');
is(ask('secret.delete', undef, key => 'NODETOOL_SECRET_WHO')->{status}, 404,
    ' once');

for (['NOT_KNOWN', 'x', 404], ['PATH', 'x', 404],
     ['OPENAI_BASE_URL', 'http://evil', 404], ['SECRETS_MASTER_KEY', 'x', 404],
     ['NODETOOL_SECRET_', 'x', 404], ['NODETOOL_SECRET_a-b', 'x', 404],
     ['NODETOOL_SECRET_' . 'x' x 65, 'x', 404],
     ['OPENAI_API_KEY', '', 422], ['OPENAI_API_KEY', undef, 422],
     ['OPENAI_API_KEY', { a => 1 }, 422],
     ['OPENAI_API_KEY', "x\r\nHost: evil", 422],
     ['OPENAI_API_KEY', 'x' x 16385, 422])
{
    my $before = $t->read_file("$folder/1.json");
    is(put($_->[0], $_->[1])->{status}, $_->[2], "$_->[0]: $_->[2]");
    is($t->read_file("$folder/1.json"), $before, ' nothing is changed');
}
is(ask('secret.put', '{"value":', key => 'OPENAI_API_KEY')->{status}, 400,
    'no JSON');
is(ask('secret.put', '"x"', key => 'OPENAI_API_KEY')->{status}, 422,
    'no object');

my @pages;
my $cursor;
do {
    my $page = ask('secret.list', undef, limit => 10,
        defined $cursor ? (cursor => $cursor) : ())->{json};
    push @pages, map { $_->{key} } @{ $page->{secrets} };
    ok(@{ $page->{secrets} } <= 10, 'a page of secrets');
    $cursor = $page->{next_key};
} while (defined $cursor);
is_deeply(\@pages, [map { $_->{key} } @{ ask('secret.list', undef,
    limit => 1000)->{json}{secrets} }], ' together they are all');

is(model_key(user => '3'), 'Bearer key-of-the-operator',
    'a model is asked with the operator\'s key');
is(model_key(), 'Bearer sk-two', ' or the user\'s own');

# --- settings --------------------------------------------------------------------

$r = ask('setting.put', { settings => { NODETOOL_DEFAULT_MODEL => 'echo/x' },
    secrets => { OPENAI_API_KEY => '****', GEMINI_API_KEY => 'sk-gem' } });
is($r->{status}, 200, 'settings are stored');
is(setting('NODETOOL_DEFAULT_MODEL')->{value}, 'echo/x', ' and shown');
is(setting('GEMINI_API_KEY')->{value}, '****', ' a secret with them');
isnt($t->decode($t->read_file("$folder/1.json"))->{secrets}{OPENAI_API_KEY}
    {value}, $first, ' stars change nothing');
my $kept = $t->decode($t->read_file("$folder/1.json"))->{secrets}
    {OPENAI_API_KEY}{value};
ask('setting.put', { secrets => { OPENAI_API_KEY => '*****' } });
is($t->decode($t->read_file("$folder/1.json"))->{secrets}{OPENAI_API_KEY}
    {value}, $kept, ' not even the file');

my $before = $t->read_file("$folder/1.json");
for ([{ settings => { OPENAI_BASE_URL => 'http://127.0.0.1:1' } }, 403],
     [{ settings => { NODE_SUPABASE_TABLE_PREFIX => '' } }, 403],
     [{ settings => { NODETOOL_DEFAULT_MODEL => 'a/b', NONE => 1 } }, 422],
     [{ settings => { OPENAI_API_KEY => 'sk-x' } }, 422],
     [{ settings => { NODETOOL_DEFAULT_MODEL => ['x'] } }, 422],
     [{ settings => { NODETOOL_DEFAULT_MODEL => 'c/d' },
        secrets => { NONE => 'x' } }, 404],
     [{ settings => [] }, 422], [[], 422])
{
    is(ask('setting.put', $_->[0])->{status}, $_->[1],
        $t->encode($_->[0]) . ": $_->[1]");
}
is($t->read_file("$folder/1.json"), $before, ' all or nothing');

is(ask('setting.put', { settings => { OPENAI_BASE_URL =>
    'http://127.0.0.1:1/v1' } }, role => 'admin')->{status}, 200,
    'an administrator sets addresses');
unlike(model_key(), qr/^Bearer/, ' which then are used');
is(setting('OPENAI_BASE_URL', user => '2')->{value}, undef,
    ' for himself');
is(ask('setting.put', { settings => { OPENAI_BASE_URL => '',
    NODETOOL_DEFAULT_MODEL => undef }, secrets => { GEMINI_API_KEY => '' } },
    role => 'admin')->{status}, 200, 'what is empty is removed');
$r = $t->decode($t->read_file("$folder/1.json"));
is_deeply($r->{settings}, {}, ' settings');
is_deeply([keys %{ $r->{secrets} }], ['OPENAI_API_KEY'], ' and secrets');

# --- users' names are names of files -----------------------------------------------

for my $user ('../evil', '.hidden', 'auth0|5f', "a/b", 'x' x 300, 'A', 'a',
    '~a')
{
    is(put('OPENAI_API_KEY', 'sk-x', user => $user)->{status}, 200,
        'user ' . substr $user, 0, 20);
    is($t->decode(ask('secret.get', undef, key => 'OPENAI_API_KEY',
        user => $user)->{body})->{user_id}, $user, ' has his own file');
}
opendir my $dir, $folder or die;
my @files = grep { /json$/ } readdir $dir;
closedir $dir;
is(@files, 10, 'one each');
ok(!grep({ /^\./ || length > 255 } @files), ' none hidden');
ok(!-e "$home/evil.json", ' none elsewhere');

# --- several at once ------------------------------------------------------------------

my @writers = map {
    my $i = $_;
    my $pid = fork;
    if (!$pid) {
        $t->wire($e, { op => 'secret.put', user => 'many',
            key => "NODETOOL_SECRET_$i" }, $t->encode({ value => "v$i" }));
        POSIX::_exit(0);
    }
    $pid;
} 1 .. 20;
waitpid $_, 0 for @writers;
is(keys %{ $t->decode($t->read_file("$folder/many.json"))->{secrets} }, 20,
    'twenty at once are all there');

# --- damaged files -----------------------------------------------------------------------

put('NODETOOL_SECRET_WHO', 'hush');
my $good = $t->read_file("$folder/1.json");
for my $bad ('', '{', '[]', '{"version":1}', $good =~ s/"version": 1/"version": 2/r,
    $good =~ s/"user": "1"/"user": "2"/r, substr($good, 0, length($good) / 2),
    "\0" x 100)
{
    $t->write_file("$folder/1.json", $bad);
    for (['setting.list'], ['secret.list'], ['secret.get'],
         ['secret.put', { value => 'sk-new' }], ['secret.delete'],
         ['setting.put', { settings => {} }])
    {
        my ($op, $body) = @$_;
        $r = ask($op, $body, key => 'OPENAI_API_KEY');
        is($r->{status}, 500, "$op of a damaged file");
        like(message($r), qr/damaged/, ' says so');
    }
    is($t->read_file("$folder/1.json"), $bad, ' which stays as it is');
    is(secret('WHO'), 'none', ' runs get nothing in its place');
}
$t->write_file("$folder/1.json", $good);
is(secret('WHO'), 'hush', 'put right, it counts again');

my $file = $t->decode($good);
$file->{secrets}{GEMINI_API_KEY} = $file->{secrets}{OPENAI_API_KEY};
$file->{secrets}{NODETOOL_SECRET_WHO}{value} =~ s/^(.)/$1 eq 'A' ? 'B' : 'A'/e;
$t->write_file("$folder/1.json", $t->encode($file));
$r = ask('secret.get', undef, key => 'GEMINI_API_KEY');
is($r->{status}, 200, 'a secret under another name');
like($r->{json}{error}, qr/damaged or copied/, ' cannot be read, and says so');
is(secret('WHO'), 'none', 'one that was changed is not used');
$t->write_file("$folder/1.json", $good);

# --- keys -----------------------------------------------------------------------------------

start($KEY{2});
$r = ask('secret.get', undef, key => 'NODETOOL_SECRET_WHO');
like($r->{json}{error}, qr/SECRETS_MASTER_KEY_OLD/,
    'another key: the secret says what to do');
is(secret('WHO'), 'none', ' runs get nothing in its place');
is(model_key(), undef, ' nor the operator\'s key');
is(put('GEMINI_API_KEY', 'sk-gem')->{status}, 200, ' new ones can be stored');
is($t->decode($t->read_file("$folder/1.json"))->{secrets}{NODETOOL_SECRET_WHO}
    {value}, $t->decode($good)->{secrets}{NODETOOL_SECRET_WHO}{value},
    ' the old one is not lost');

start($KEY{3}, "$KEY{1},$KEY{2}");
is(secret('WHO'), 'hush', 'with the old keys, all can be read');
is(ask('secret.get', undef, key => 'GEMINI_API_KEY')->{json}{error}, undef,
    ' those of both');
start($KEY{3});
is(secret('WHO'), 'hush', ' and are encrypted anew: the old keys may go');
is(ask('secret.get', undef, key => 'GEMINI_API_KEY')->{json}{error}, undef,
    ' all of them');

$t->write_file($t->dir . '/key', "$KEY{3}\n");
start('file:' . $t->dir . '/key');
is(secret('WHO'), 'hush', 'a key in a file');

start(undef);
$r = put('OPENAI_API_KEY', 'sk-x');
is($r->{status}, 409, 'without a key no secret is stored');
like(message($r), qr/set SECRETS_MASTER_KEY for the engine/,
    ' the message says what to set');
is(ask('setting.put', { settings => { NODETOOL_DEFAULT_MODEL => 'a/b' } })
    ->{status}, 200, ' settings are');
is(ask('secret.delete', undef, key => 'OPENAI_API_KEY')->{status}, 204,
    ' and secrets can be deleted');

for (['short', qr/at least 32 characters/], ['file:/none', qr/cannot be read/]) {
    my $bad = $t->spawn('bad' . $n++, ["$NodeTool::Test::BUILD/nodetool-engine",
        '--socket', $t->dir . '/x.sock', '--home', $home],
        env => { SECRETS_MASTER_KEY => $_->[0] });
    isnt($t->wait_exit($bad, 10), 0, "a key that is none: $_->[0]");
    like($t->read_file($bad->{log}), $_->[1], ' is said');
    unlike($t->read_file($bad->{log}), qr/\bshort\b/, ' and not shown');
}

unlike(join('', map { $t->read_file($_) } glob $t->dir . '/*.log'),
    qr/sk-|hush|master-key/, 'no log has a secret');

$t->done;
