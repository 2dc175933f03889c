#!/usr/bin/perl

# The editor's API as its clients see it: nginx with logins, a real engine
# behind it, the shapes of NodeTool's replies, and users who do not see what
# is each other's.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use NodeTool::JWT;
use NodeTool::Test;
use NodeTool::Workflows;

my $t = NodeTool::Test->new;
my $examples = $t->dir . '/examples';
mkdir $examples;
$t->write_file("$examples/Greet.json",
    $t->encode(NodeTool::Workflows::greet()));
my $e = $t->engine(args => ['--examples', $examples],
    env => { SECRETS_MASTER_KEY => 'a-master-key-of-more-than-32-characters' });

my $secret = 'a-secret-that-is-long-enough-for-hs256';
my $jwt = NodeTool::JWT->hs($secret);
my $ng = $t->nginx(<<"CONF", http => <<'HTTP', modules => [qw(base auth workflow storage)]);
    nodetool_errors on;
    nodetool_engine engine;
    nodetool_auth supabase;
    nodetool_auth_issuer https://issuer.test;
    nodetool_auth_secret $secret;
    nodetool_auth_token the-static-token;
    location / { nodetool_workflow editor; }
    location /storage/assets/ {
        nodetool_auth off;
        nodetool_storage $e->{home}/storage/assets;
    }
CONF
    upstream engine { server unix:%%ENGINE%%; keepalive 4; }
HTTP

my %TOKEN = (admin => 'the-static-token',
    map { $_ => $jwt->sign({ sub => $_ }) } 'ann', 'bob');

sub call {
    my ($who, $method, $path, %opt) = @_;

    push @{ $opt{headers} }, 'Authorization', "Bearer $TOKEN{$who}";
    return $t->request($ng, $method, $path, %opt);
}

sub get { my ($who, $path) = @_; return call($who, 'GET', $path) }

# The members that NodeTool's types have must be there.
sub has {
    my ($object, $fields, $name) = @_;

    is_deeply([grep { !exists $object->{$_} } split ' ', $fields], [],
        "$name has what NodeTool's has");
    return;
}

my $WORKFLOW = 'id access created_at updated_at name tool_name description tags '
    . 'thumbnail thumbnail_url graph input_schema output_schema settings '
    . 'package_name path run_mode workspace_id required_providers '
    . 'required_models html_app';

# --- workflows ---------------------------------------------------------------------

my $r = call('ann', 'POST', '/api/workflows/',
    json => { %{ NodeTool::Workflows::echo() }, access => 'private' });
is($r->{status}, 201, 'a workflow is made') or diag($r->{body});
my $id = $r->{json}{id};
has($r->{json}, $WORKFLOW, 'a workflow');
$r = get('ann', '/api/workflows');
has($r->{json}, 'next workflows', 'a list');
has($r->{json}{workflows}[0], $WORKFLOW, 'its entry');
is_deeply(get('ann', '/api/workflows/?columns=name&limit=1')->{json},
    { next => undef, workflows => [{ id => $id, name => 'Echo' }] }, 'columns');
$r = get('ann', '/api/workflows?columns=nope');
is($r->{status}, 422, 'an unknown column');
like($r->{json}{error}{message}, qr/the columns are id, /, ' says which');

is_deeply(get('bob', '/api/workflows')->{json}{workflows}, [],
    'another user does not see it');
is(get($_, "/api/workflows/public/$id")->{status}, 404,
    " and it is not public, nor to $_") for 'bob', 'ann', 'admin';
for (['GET', ''], ['PUT', ''], ['DELETE', ''], ['POST', '/run']) {
    my ($method, $path) = @$_;
    is(call('bob', $method, "/api/workflows/$id$path",
        $method =~ /P/ ? (json => NodeTool::Workflows::echo()) : ())
        ->{status}, 403, "$method$path: 403");
}
is(get('admin', '/api/workflows')->{json}{workflows}[0]{id}, $id,
    'the static token does');
is_deeply(get('admin', '/api/workflows?user_id=bob')->{json}{workflows}, [],
    ' or a user\'s list');

$r = call('ann', 'PUT', "/api/workflows/$id", json => {
    %{ NodeTool::Workflows::echo() }, access => 'public', run_mode => 'tool',
    tool_name => 'echo' });
is($r->{status}, 200, 'it is made public');
is(get('bob', '/api/workflows/public')->{json}{workflows}[0]{id}, $id,
    ' all see it there');
is(get($_, "/api/workflows/public/$id")->{json}{id}, $id,
    " and there alone, as $_ does") for 'bob', 'ann', 'admin';
is(call('bob', 'POST', "/api/workflows/$id/run",
    json => { params => { text => 'hi' } })->{json}{output}, 'hi',
    ' and run it');
is(call('bob', 'DELETE', "/api/workflows/$id")->{status}, 403,
    ' but do not delete it');
is_deeply(get('ann', '/api/workflows/tools')->{json}, { next => undef,
    workflows => [{ id => $id, name => 'Echo', tool_name => 'echo',
        description => '' }] }, 'tools');

$r = get('ann', '/api/workflows/examples');
is($r->{json}{workflows}[0]{name}, 'Greet', 'examples');
has($r->{json}{workflows}[0], $WORKFLOW, 'an example');
my $name = $r->{json}{workflows}[0]{name};
$r = get('bob', "/api/workflows/examples/nodetool/$name");
is($r->{status}, 200, 'one example');
has($r->{json}, $WORKFLOW, ' as others');
is($r->{json}{access}, 'public', ' which is everybody\'s');
is(get('bob', "/api/workflows/examples/other/$name")->{status}, 404,
    ' not of another package');
is(@{ get('ann', '/api/workflows/examples/search?query=formattext')
    ->{json}{workflows} }, 1, 'found by a node');
is(@{ get('ann', '/api/workflows/examples/search?query=nothing')
    ->{json}{workflows} }, 0, 'or not');
$r = call('ann', 'POST', '/api/workflows?from_example_package=nodetool'
    . '&from_example_name=Greet', json => { name => 'Mine',
    access => 'private' });
is($r->{status}, 201, 'a copy of it');
is($r->{json}{name}, 'Mine', ' by another name');
is(call('ann', 'POST', "/api/workflows/$r->{json}{id}/run",
    json => { params => { name => 'Ann' } })->{json}{output}, 'Hello, Ann!',
    ' which runs');

# --- jobs ---------------------------------------------------------------------------

$r = get('ann', '/api/jobs');
has($r->{json}, 'jobs next_start_key', 'jobs');
is(@{ $r->{json}{jobs} }, 1, ' hers');
has($r->{json}{jobs}[0], 'id user_id job_type status workflow_id started_at '
    . 'finished_at error cost', 'a job');
my $job = $r->{json}{jobs}[0]{id};
is($r->{json}{jobs}[0]{user_id}, 'ann', ' of its user');
is_deeply(get('ann', '/api/jobs/running/all')->{json}, [], 'none runs');
is(get('bob', "/api/jobs/$job")->{status}, 403, 'not another\'s');
is(get('admin', "/api/jobs/$job")->{status}, 200, ' but for the token');

# --- node types ----------------------------------------------------------------------

$r = get('ann', '/api/nodes/metadata');
ok(@{ $r->{json} } > 500, 'node types');
has($r->{json}[0], 'title description namespace node_type layout properties '
    . 'outputs the_model_info recommended_models basic_fields '
    . 'required_settings is_dynamic is_streaming_output expose_as_tool '
    . 'supports_dynamic_outputs model_packs', 'a node type');

# --- assets -----------------------------------------------------------------------------

my $bytes = join '', map { chr } 0 .. 255;
my $upload = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\""
    . "x.png\"\r\nContent-Type: image/png\r\n\r\n$bytes\r\n--b\r\n"
    . "Content-Disposition: form-data; name=\"json\"\r\n\r\n"
    . $t->encode({ name => 'x.png', content_type => 'image/png' })
    . "\r\n--b--\r\n";
$r = call('ann', 'POST', '/api/assets/', body => $upload,
    headers => ['Content-Type', 'multipart/form-data; boundary=b']);
is($r->{status}, 201, 'an upload') or diag($r->{body});
my $asset = $r->{json};
has($asset, 'id user_id workflow_id parent_id name content_type size metadata '
    . 'created_at get_url thumb_url duration node_id job_id', 'an asset');
my ($path) = $asset->{get_url} =~ m{^http://[^/]+(/storage/assets/.+)$};
$r = $t->get($ng, $path);
is($r->{body}, $bytes, ' its URL has its bytes');
$r = get('ann', '/api/assets?page_size=10000');
has($r->{json}, 'next assets', 'assets');
is($r->{json}{assets}[0]{id}, $asset->{id}, ' that one');
is_deeply(get('bob', '/api/assets')->{json}{assets}, [], ' not for others');
for my $method ('GET', 'PUT', 'DELETE') {
    is(call('bob', $method, "/api/assets/$asset->{id}",
        $method eq 'PUT' ? (json => { name => 'y' }) : ())->{status}, 403,
        " $method: 403");
}
$r = call('ann', 'POST', '/api/assets', json => { name => 'f',
    content_type => 'folder' });
is($r->{status}, 201, 'a folder');
my $folder = $r->{json}{id};
is(call('ann', 'PUT', "/api/assets/$asset->{id}",
    json => { parent_id => $folder })->{json}{parent_id}, $folder,
    ' into which it moves');
is(get('ann', "/api/assets?parent_id=$folder&content_type=image")
    ->{json}{assets}[0]{id}, $asset->{id}, ' and is listed');
$r = get('ann', "/api/assets/$folder/recursive");
is($r->{json}{assets}[0]{children}[0]{id}, $asset->{id}, ' is in its tree');
is(get('bob', "/api/assets/$folder/recursive")->{status}, 403,
    ' not for others');
$r = get('ann', '/api/assets/search?query=X.PNG&page_size=200');
has($r->{json}, 'assets next_cursor total_count is_global_search', 'a search');
is($r->{json}{assets}[0]{folder_path}, 'Home / f', ' says where it is');
is_deeply(get('bob', '/api/assets/search?query=x.png')->{json}{assets}, [],
    ' nor for others');
is(get('ann', "/api/assets/by-filename/$asset->{id}")->{json}{id},
    $asset->{id}, ' and by its file name');
$r = call('ann', 'DELETE', "/api/assets/$folder");
is_deeply([sort @{ $r->{json}{deleted_asset_ids} }],
    [sort $folder, $asset->{id}], 'both are deleted');
is($t->get($ng, $path)->{status}, 404, ' the bytes, too');

# --- threads and messages -----------------------------------------------------------------

$r = call('ann', 'POST', '/api/messages/', json => { role => 'user',
    content => 'hi' });
is($r->{status}, 200, 'a message in a new thread') or diag($r->{body});
my $message = $r->{json};
has($message, 'type id thread_id user_id role name content tool_calls '
    . 'tool_call_id created_at provider model', 'a message');
is($message->{user_id}, 'ann', ' of its user');
is(get('ann', '/api/threads')->{json}{threads}[0]{id}, $message->{thread_id},
    ' whose thread it is');
is_deeply(get($_, "/api/messages/$message->{id}")->{json}, $message,
    " and $_ reads it") for 'ann', 'admin';
is(get('bob', "/api/messages/$message->{id}")->{status}, 403,
    ' nobody else does');
is(call('bob', 'POST', '/api/messages', json => { role => 'user',
    content => 'x', thread_id => $message->{thread_id} })->{status}, 403,
    ' nor says something there');
is_deeply(get('ann', "/api/messages?thread_id=$message->{thread_id}")->{json},
    { next => undef, messages => [$message] }, ' it is all there is');

# --- settings and secrets -----------------------------------------------------------------

$r = get('ann', '/api/settings/');
has($r->{json}{settings}[0], 'package_name env_var group description enum '
    . 'value is_secret', 'a setting');
$r = call('ann', 'PUT', '/api/settings/secrets/OPENAI_API_KEY',
    json => { value => 'sk-ann', description => 'mine' });
is($r->{status}, 200, 'a secret is stored');
has($r->{json}, 'id user_id key description created_at updated_at '
    . 'is_configured', 'a secret');
$r = get('ann', '/api/settings/secrets?limit=1000');
has($r->{json}, 'secrets next_key', 'secrets');
ok((grep { $_->{key} eq 'OPENAI_API_KEY' && $_->{is_configured} }
    @{ $r->{json}{secrets} }), ' with that one');
unlike($r->{body}, qr/sk-ann/, ' not its value');
is(get('bob', '/api/settings/secrets/OPENAI_API_KEY')->{status}, 404,
    ' for her alone');
is(get('admin', '/api/settings/secrets/OPENAI_API_KEY')->{status}, 404,
    ' not even for the token');
is(call('ann', 'PUT', '/api/settings', json => { settings => {
    OPENAI_BASE_URL => 'http://127.0.0.1' }, secrets => {} })->{status}, 403,
    'addresses are not hers to set');
$r = call('ann', 'PUT', '/api/settings', json => { settings => {
    NODETOOL_DEFAULT_MODEL => 'openai/x' }, secrets => {
    OPENAI_API_KEY => '****' } });
is($r->{status}, 200, 'settings are');
is_deeply([map { $_->{value} } grep { $_->{env_var} =~
    /^(?:OPENAI_API_KEY|NODETOOL_DEFAULT_MODEL)$/ } @{ $r->{json}{settings} }],
    ['****', 'openai/x'], ' and shown');
is(call('ann', 'DELETE', '/api/settings/secrets/OPENAI_API_KEY')->{status}, 204,
    'it is deleted');
unlike($t->read_file($_), qr/sk-ann/, 'no log has it')
    for $e->{log}, $ng->{errorlog};

$t->done;
