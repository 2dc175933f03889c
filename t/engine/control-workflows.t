#!/usr/bin/perl

# Lists of workflows by scope, query and column; examples, and workflows made
# of them; shapes as NodeTool's clients have them.

use strict;
use warnings;
use utf8;

use lib 't/lib';

use Test::More;

use NodeTool::Test;
use NodeTool::Workflows;

my $t = NodeTool::Test->new;
my $examples = $t->dir . '/examples';
mkdir $examples;

# NodeTool's Workflow.
my @FIELDS = qw(access created_at description graph html_app id input_schema
    name output_schema package_name path required_models required_providers
    run_mode settings tags thumbnail thumbnail_url tool_name updated_at
    workspace_id);

my $echo = NodeTool::Workflows::echo();
my $model = NodeTool::Workflows::chain('Draw a cat',
    ['nodetool.text.FormatText', { template => 'A cat' }],
    ['openai.image.CreateImage', { model => { type => 'image_model',
        provider => 'openai', id => 'gpt-image-1' }, also => [
        { type => 'language_model', provider => 'anthropic', id => 'claude' },
        { type => 'hf.flux', repo_id => 'x/flux' },
        { type => 'image', id => 'no model' }] }, 'prompt']);
$t->write_file("$examples/Draw a cat.json", $t->encode({ %$model,
    id => 'x1', tags => ['Bilder'], description => 'Für Künstler',
    created_at => '2020-01-01T00:00:00Z', user_id => '7',
    access => 'public' }));
$t->write_file("$examples/Echo.json", $t->encode({ %$echo,
    package_name => 'nodetool-base' }));
$t->write_file("$examples/broken.json", '{');

my $e = $t->engine(args => ['--examples', $examples]);
my $folder = "$e->{home}/workflows";

sub ask {
    my ($op, $body, %head) = @_;

    return $t->wire($e, { op => "workflow.$op", %head },
        ref $body ? $t->encode($body) : $body);
}

sub list {
    my (%head) = @_;

    my $r = ask('list', undef, %head);
    is($r->{status}, 200, 'a list') or diag($r->{body});
    is(join(',', sort keys %{ $r->{json} }), 'next,workflows', ' its shape');
    return $r->{json};
}

sub ids {
    return join ' ', map { $_->{id} } @{ list(@_)->{workflows} };
}

# --- creating ------------------------------------------------------------------

my $r = ask('create', { %$echo, id => 'mine', access => 'private',
    tags => ['a', 'b'] });
is($r->{status}, 201, 'create');
like($r->{json}{id}, qr/^[0-9a-f]{32}$/, ' under a new id');
is(join(' ', sort keys %{ $r->{json} }), "@FIELDS", ' as NodeTool shows it');
is_deeply($r->{json}{tags}, ['a', 'b'], ' with what was sent');
is($t->wire($e, { op => 'workflow.get', workflow_id => $r->{json}{id},
    user => '2' })->{status}, 403, ' and its owner is who made it');
my $first = $r->{json}{id};
isnt(ask('create', $echo)->{json}{id}, $first, 'each has its own');
is(ask('create', '{"graph":')->{status}, 400, 'no JSON');
is(ask('create', { name => 'x' })->{status}, 422, 'no graph');
is(ask('create', undef)->{status}, 400, 'nothing');
is(scalar(() = glob "$folder/*.json"), 2, 'these two are stored');
unlink glob "$folder/*.json";

# --- examples --------------------------------------------------------------------

is(ids(scope => 'examples'), 'Draw a cat Echo', 'examples');
my ($cat, $echoed) = @{ list(scope => 'examples')->{workflows} };
is(join(' ', sort keys %$cat), "@FIELDS", ' as NodeTool shows them');
is($cat->{access}, 'public', ' public');
is($cat->{package_name}, 'nodetool', ' of the package nodetool');
is($echoed->{package_name}, 'nodetool-base', ' or of what the file names');
is_deeply($cat->{required_providers}, ['anthropic', 'openai'], ' providers');
is_deeply($cat->{required_models}, ['claude', 'gpt-image-1', 'x/flux'],
    ' models');
is($echoed->{required_models}, undef, ' null for none');
is(ids(), '', 'they are not in a user\'s list');
is($t->wire($e, { op => 'workflow.get', workflow_id => 'Echo' })->{status},
    404, ' nor a workflow of his');

for (['CAT', 'Draw a cat'], ['für k', 'Draw a cat'], ['FÜR', 'Draw a cat'],
     ['bilder', 'Draw a cat'], ['createimage', 'Draw a cat'],
     ['Format Text', 'Draw a cat'], ['stringinput', 'Echo'], ['', 'Draw a cat Echo'],
     ['claude', ''])
{
    my ($query, $ids) = @$_;
    is(ids(scope => 'examples', query => $query), $ids, "search \"$query\"");
}

$r = ask('get', undef, scope => 'examples',
    workflow_id => 'nodetool/Draw a cat', user => '2');
is_deeply($r->{json}, $cat, 'one example, as in the list');
is(ask('get', undef, scope => 'examples', workflow_id => $_)->{status}, 404,
    "there is no example $_")
    for 'Draw a cat', 'nodetool-base/Draw a cat', 'nodetool/', '/Echo',
        'nodetool/broken', 'nodetool/../Echo';
is(ask('get', undef, scope => 'all', workflow_id => 'x')->{status}, 422,
    'an unknown scope');

$r = ask('create', undef, from_example_package => 'nodetool',
    from_example_name => 'Draw a cat');
is($r->{status}, 201, 'a copy of an example');
is($r->{json}{name}, 'Draw a cat', ' its name');
is($r->{json}{access}, 'private', ' the user\'s own');
isnt($r->{json}{created_at}, $cat->{created_at}, ' made now');
is_deeply($r->{json}{graph}, $model->{graph}, ' its graph');
like($r->{json}{id}, qr/^[0-9a-f]{32}$/, ' a new id');
is($t->wire($e, { op => 'workflow.get', user => '7',
    workflow_id => $r->{json}{id} })->{status}, 403, ' owned by who copied it');
$r = ask('create', { name => 'My cat', access => 'private', tags => [],
    description => '', graph => { nodes => [], edges => [] } },
    from_example_package => 'nodetool', from_example_name => 'Draw a cat');
is($r->{json}{name}, 'My cat', 'what the body says otherwise');
is($r->{json}{description}, 'Für Künstler', ' what it leaves empty stays');
is_deeply($r->{json}{graph}, $model->{graph}, ' as does the graph');
for (['nodetool', 'Echo'], ['nodetool-base', 'Draw a cat'],
     ['nodetool', '../examples/Echo'])
{
    is(ask('create', $echo, from_example_package => $_->[0],
        from_example_name => $_->[1])->{status}, 404,
        "there is no example @$_");
}
is(ask('create', '{"name":', from_example_package => 'nodetool',
    from_example_name => 'Draw a cat')->{status}, 400, 'no JSON');
is(ask('create', { name => 7 }, from_example_package => 'nodetool',
    from_example_name => 'Draw a cat')->{status}, 422, 'no workflow');
unlink glob "$folder/*.json";

# --- scopes and columns ----------------------------------------------------------

my %stored = (
    plain => {},
    public => { access => 'public', description => 'Shared' },
    tool => { run_mode => 'tool', tool_name => 'echo_it', tags => ['X'] },
    unnamed => { run_mode => 'tool' },
    other => { user_id => '2', access => 'public' },
    hidden => { user_id => '2', name => 'Secret' },
);
$t->write_file("$folder/$_.json", $t->encode({ %$echo, %{ $stored{$_} } }))
    for keys %stored;

is(ids(), 'plain public tool unnamed', 'a user\'s list');
is(ids(scope => 'public'), 'other public', 'public ones, of all');
is(ids(scope => 'tools'), 'tool', 'tools');
is_deeply(list(scope => 'tools')->{workflows}, [{ id => 'tool',
    name => 'Echo', tool_name => 'echo_it', description => '' }],
    ' as NodeTool lists them');
is(ids(run_mode => 'tool'), 'tool unnamed', 'by run_mode');
is(ids(query => 'SHARED'), 'public', 'by what is in the description');
is(ids(query => 'x'), 'tool', ' or a tag');
is(ids(query => 'stringinput'), '', ' not by nodes');
is(ids(query => 'secret'), '', ' nor what is another\'s');

my $entries = list(columns => 'name,updated_at,tags')->{workflows};
is(join(' ', sort keys %{ $entries->[0] }), 'id name tags updated_at',
    'columns, and the id');
$r = ask('list', undef, columns => 'name,user_id');
is($r->{status}, 422, 'an unknown column');
like($r->{json}{error}{message},
    qr/There is no column "user_id"; the columns are id, access, .*models\./,
    ' its message names those that exist');
is(ask('list', undef, scope => 'all')->{status}, 422, 'an unknown scope');

# --- pages ------------------------------------------------------------------------

my (@pages, $next);
do {
    my $page = list(limit => 3, columns => 'id',
        defined $next ? (cursor => $next) : ());
    push @pages, join ' ', map { $_->{id} } @{ $page->{workflows} };
    $next = $page->{next};
} while (defined $next);
is_deeply(\@pages, ['plain public tool', 'unnamed'], 'pages');

# A file's size counts for its entry, so blanks will do.
sub large {
    my ($id, $tag, $mib) = @_;

    $t->write_file("$folder/$id.json", ' ' x ($mib << 20)
        . $t->encode({ %$echo, tags => [$tag] }));
    return;
}

large("large-$_", 'large', 3) for 1 .. 5;
my $page = list(query => 'large');
is(@{ $page->{workflows} }, 2, 'a list ends before 8 MiB');
is($page->{next}, 'large-2', ' with its cursor');
is(ids(query => 'large', columns => 'name'),
    join(' ', map { "large-$_" } 1 .. 5), ' small columns are not bounded so');
is(ids(query => 'large', cursor => 'large-4'), 'large-5', 'the last page');
large('giant', 'giant', 9);
is(ids(query => 'giant'), 'giant', 'one that is larger comes alone');

# --- what is beside the engine ------------------------------------------------------

$t->stop($e);
$e = $t->engine;
SKIP: {
    my $beside = "$NodeTool::Test::BUILD/share/nodetool/examples";
    skip "no examples in $beside", 1 if !-d $beside;
    like(ids(scope => 'examples'), qr/\bgreeting\b/,
        'the examples installed beside the engine');
}
$t->stop($e);
$e = $t->spawn('wrong', ["$NodeTool::Test::BUILD/nodetool-engine", '--socket',
    $t->dir . '/x.sock', '--home', $t->dir . '/home', '--examples',
    $t->dir . '/none']);
isnt($t->wait_exit($e, 10), 0, 'a folder of examples that is not there');
like($t->read_file($e->{log}), qr/examples: Cannot open the folder/,
    ' is said');

$t->done;
