#!/usr/bin/perl

# The op `chat`: workflows as models, workflows as tools.

use strict;
use warnings;

use lib 't/lib';

use IO::Socket::UNIX;
use Test::More;

use NodeTool::Chat;
use NodeTool::Completion qw(chunks message finish);
use NodeTool::MockModels;
use NodeTool::Test;
use NodeTool::Workflows;

my $t = NodeTool::Test->new;
my $nodes = NodeTool::Workflows::slow_nodes($t);
my $chat = NodeTool::Chat->new($t, args => ['--nodes', $nodes]);
my ($mock, $engine) = @$chat{qw(mock engine)};

sub script { $mock->forget; $mock->script(@_); return }

sub store {
    my ($id, $workflow, %more) = @_;

    NodeTool::Workflows::store($t, $engine, $id,
        { %$workflow, run_mode => 'chat', %more });
    return;
}

sub input {
    my ($kind, $name, @rest) = @_;

    return NodeTool::Workflows::chain($kind,
        ["nodetool.input.$kind", { name => $name }], @rest);
}

my @output = ['nodetool.output.Output', { name => 'output' }, 'value'];

# The head and body of a request; `head` and the rest of %request.
sub head_and_body {
    my (%request) = @_;

    my $head = { op => 'chat', base => 'http://h', %{ delete $request{head}
        || {} } };
    $request{messages} ||= [{ role => 'user', content => 'Hello there' }]
        if !exists $request{input};
    return ($head, $t->encode(\%request));
}

sub ask { return $t->wire($engine, head_and_body(@_)) }

sub stream {
    my (%request) = @_;

    my $reply = ask(%request, stream => \1);
    return $reply if !$reply->{chunked};
    my @chunks = chunks($reply->{body});
    return { %$reply, chunks => \@chunks, message => message(@chunks),
        finish => scalar finish(@chunks) };
}

sub job { return $chat->op('job.get', job_id => $_[0], role => 'admin')->{json} }

# --- a workflow is a model ---------------------------------------------------

store(echo => NodeTool::Workflows::echo(), created_at =>
    '2026-11-24T08:00:00.000Z');
my $r = stream(model => 'workflow/echo');
is($r->{status}, 200, 'a workflow streams') or diag explain $r;
is($r->{type}, 'text/event-stream', '... events');
is($r->{chunks}[0]{object}, 'chat.completion.chunk', '... chunks');
is_deeply($r->{chunks}[0]{choices}[0]{delta},
    { role => 'assistant', content => '' }, '... the role first');
is($r->{message}{content}, 'Hello there', '... what its output has');
is($r->{finish}, 'stop', '... its end');
is($r->{chunks}[-1], '[DONE]', '... and the last word');
is((grep { $_->{model} ne 'workflow/echo' } grep { ref } @{ $r->{chunks} }), 0,
    '... the model is what was asked for');
is(job($r->{job_id})->{status}, 'completed', 'it is a job');
is(job($r->{job_id})->{workflow_id}, 'echo', '... of the workflow');

$r = ask(model => 'workflow/echo');
is($r->{json}{object}, 'chat.completion', 'a whole reply');
is_deeply($r->{json}{choices}[0], { index => 0, finish_reason => 'stop',
    logprobs => undef, message => { role => 'assistant', refusal => undef,
        content => 'Hello there' } },
    '... with the message') or diag explain $r;
like($r->{job_id}, qr/^[0-9a-f]{32}$/, '... and its job');

store(list => input('MessageListInput', 'all', @output));
$r = ask(model => 'workflow/list', messages => [
    { role => 'system', content => 'Be brief' },
    { role => 'user', content => [{ type => 'text', text => 'Look' },
        { type => 'image_url', image_url => { url => 'http://h/a.png' } },
        { type => 'input_audio', input_audio => { data => 'AAAA',
            format => 'mp3' } },
        { type => 'file', file => { file_data => 'data:text/plain,x' } }] },
    { role => 'assistant', content => undef, tool_calls => [{ id => 'c1',
        type => 'function', function => { name => 'f',
            arguments => '{"a":1}' } }] },
    { role => 'tool', tool_call_id => 'c1', content => '42' },
    { role => 'user', content => 'And?' }]);
my $got = $t->decode($r->{json}{choices}[0]{message}{content});
is_deeply([map { $_->{role} } @$got], [qw(system user assistant tool user)],
    'a workflow gets the conversation');
is_deeply($got->[1]{content}, [{ type => 'text', text => 'Look' },
    { type => 'image_url', image => { type => 'image',
        uri => 'http://h/a.png' } },
    { type => 'audio', audio => { type => 'audio',
        uri => 'data:audio/mpeg;base64,AAAA' } },
    { type => 'document', document => { type => 'document',
        uri => 'data:text/plain,x' } }], '... media as refs');
is_deeply($got->[2]{tool_calls}, [{ id => 'c1', name => 'f', args => { a => 1 },
    result => undef }], '... calls as NodeTool has them');
is_deeply([@{ $got->[3] }{qw(tool_call_id content)}], ['c1', '42'],
    '... results');

store(image => input('ImageInput', 'picture', @output));
$r = ask(model => 'workflow/image', messages => [{ role => 'user', content =>
    [{ type => 'image_url', image_url => { url =>
        'data:image/png;base64,AAAA' } }] }]);
is($r->{json}{choices}[0]{message}{content},
    '![image](data:image/png;base64,AAAA)', 'a picture goes in and out');

store(ticks => NodeTool::Workflows::ticks(count => 3, size => 1));
$r = stream(model => 'workflow/ticks');
my @parts = split /\n\n/, $r->{message}{content};
is(@parts, 3, 'values that come one by one are paragraphs')
    or diag explain $r;

# --- what models in it say ---------------------------------------------------

sub agent {
    my ($handle) = @_;

    return { name => 'Agent', graph => { nodes => [
        { id => 'i', type => 'nodetool.input.StringInput',
          data => { name => 'message', value => '' } },
        { id => 'a', type => 'nodetool.agents.Agent', data => { model => {
            type => 'language_model', provider => 'openai',
            id => 'gpt-4o-mini' } } },
        { id => 'o', type => 'nodetool.output.Output',
          data => { name => 'output' } }],
        edges => [{ id => 'e1', source => 'i', sourceHandle => 'output',
            target => 'a', targetHandle => 'prompt' },
            { id => 'e2', source => 'a', sourceHandle => $handle,
              target => 'o', targetHandle => 'value' }] } };
}

for my $handle (qw(text chunk)) {
    store($handle => agent($handle));
    script({ text => 'One two three four', reasoning => 'Hm', usage => [5, 6] });
    $r = stream(model => "workflow/$handle",
        stream_options => { include_usage => \1 });
    is($r->{message}{content}, 'One two three four',
        "a model's text, by its $handle") or diag explain $r;
    is_deeply($r->{chunks}[-2]{choices}, [], '... in a chunk of its own');
    cmp_ok((grep { ref && length($_->{choices}[0]{delta}{content} // '') }
        @{ $r->{chunks} }), '>', 1, '... comes in pieces');
    is_deeply($r->{chunks}[-2]{usage}, { prompt_tokens => 5,
        completion_tokens => 6, total_tokens => 11 }, '... with its usage');
}
script({ text => 'Whole', usage => [5, 6] });
$r = ask(model => 'workflow/text');
is_deeply($r->{json}{usage}, { prompt_tokens => 5, completion_tokens => 6,
    total_tokens => 11 }, '... also of a whole reply');

# --- other APIs --------------------------------------------------------------

my %messages = (model => 'workflow/echo', max_tokens => 9,
    head => { api => 'messages' });
$r = ask(%messages);
is($r->{json}{type}, 'message', 'a client of Anthropic\'s') or diag explain $r;
is_deeply($r->{json}{content}[0]{text}, 'Hello there', '... gets the answer');
$r = ask(%messages, stream => \1);
like($r->{body}, qr/^event: message_start\n.*event: message_stop\n/s,
    '... also as its events') or diag explain $r;
is(ask(%messages, model => 'workflow/none')->{json}{type}, 'error',
    '... and its errors');

my %responses = (model => 'workflow/echo', input => 'Hello there',
    head => { api => 'responses' });
$r = ask(%responses);
is($r->{json}{object}, 'response', 'a client of OpenAI\'s responses')
    or diag explain $r;
is((grep { $_->{type} eq 'message' } @{ $r->{json}{output} })[0]{content}[0]
    {text}, 'Hello there', '... gets the answer');
$r = ask(%responses, stream => \1);
like($r->{body}, qr/^event: response.created\n.*event: response.completed\n/s,
    '... also as its events') or diag explain $r;

# --- faults ------------------------------------------------------------------

store(theirs => NodeTool::Workflows::echo(), user_id => '2');
store(tool => NodeTool::Workflows::echo(), run_mode => 'workflow');
for my $fault (['none', 404, 'not_found'], ['theirs', 403, 'forbidden'],
    ['tool', 404, 'not_found'], ['../x', 404, 'not_found'])
{
    my ($id, $status, $type) = @$fault;
    $r = stream(model => "workflow/$id");
    is($r->{status}, $status, "workflow/$id: $status");
    like($r->{json}{error}{type}, qr/$type/, "... $type");
}
is(ask(model => 'workflow/theirs', head => { role => 'admin' })->{status}, 200,
    'an administrator asks what is others\'');

my $user = [{ role => 'user', content => 'x' }];
for my $fault (
    [n => 2], [stop => ['x']], [logprobs => \1],
    [tools => [{ type => 'function', function => { name => 'f' } }]],
    [tools => [{ type => 'workflow', workflow_id => 'echo' }]],
    [response_format => { type => 'json_object' }], [messages => []],
    [messages => [@$user, { role => 'assistant', content => 'y' }]],
    [messages => [{ role => 'nobody', content => 'y' }, @$user]],
    [messages => [{ role => 'user', content => [{ type => 'smell' }] }]],
    [model => ''])
{
    my ($name, $value) = @$fault;
    $r = ask(model => 'workflow/echo', $name => $value);
    is($r->{status}, 400, "$name is refused");
    like($r->{json}{error}{message}, qr/$name/, '... by its name');
}
is(ask(model => 'workflow/echo', n => 1, temperature => 0.5, stop => undef,
    max_tokens => 5, tools => [])->{status}, 200, 'what does not matter is not');
is($t->wire($engine, { op => 'chat' }, '{')->{status}, 400, 'no JSON');
is($t->wire($engine, { op => 'chat' }, '[]')->{status}, 400, 'no object');
is(ask(model => 'x', head => { api => 'nothing' })->{status}, 400, 'no API');

store(fails => NodeTool::Workflows::ticks(count => 2, fail => \1));
$r = stream(model => 'workflow/fails');
like($r->{body}, qr/"content":"[^"]+".*data: \{"error":/s,
    'a workflow that fails in the middle: an error event') or diag explain $r;
unlike($r->{body}, qr/DONE/, '... the last');
is(ask(model => 'workflow/fails')->{status}, 500, '... or a status');

# --- who leaves, and what is slow --------------------------------------------

sub open_chat {
    my ($head, $body) = head_and_body(@_);
    my $sock = IO::Socket::UNIX->new(Peer => $engine->{socket});
    print {$sock} $t->encode({ %$head, user => '1', length => length $body }),
        "\n", $body;
    $sock->flush;
    return $sock;
}

store(slow => NodeTool::Workflows::slow(60000));
for my $stream (\0, \1) {
    my $sock = open_chat(model => 'workflow/slow', stream => $stream);
    my $job = $t->wait_for('the job to run', sub {
        my ($job) = @{ $chat->op('job.list', workflow_id => 'slow')
            ->{json}{jobs} };
        return $job && $job->{status} eq 'running' && $job;
    });
    close $sock;
    $t->wait_for('the job to be cancelled', sub {
        job($job->{id})->{status} eq 'cancelled' }, 1);
    pass($$stream ? 'a client leaves a stream' : 'a client leaves');
}

my $sock = open_chat(model => 'workflow/slow', stream => \1);
my $head = $t->decode(scalar readline $sock);
is($chat->op('job.cancel', job_id => $head->{job_id})->{status}, 200,
    'a job is cancelled elsewhere');
like(NodeTool::Test::read_chunks($sock), qr/data: \{"error":.*cancelled/,
    '... its reader is told');

store(much => NodeTool::Workflows::ticks(count => 100, size => 20000));
$sock = open_chat(model => 'workflow/much', stream => \1);
$t->wait_for('the job to be', sub {
    @{ $chat->op('job.list', workflow_id => 'much')->{json}{jobs} } });
select undef, undef, undef, 0.3;
$head = $t->decode(scalar readline $sock);
my $body = NodeTool::Test::read_chunks($sock);
is(length(message(chunks($body))->{content}), 100 * 20000 + 99 * 2,
    'a slow reader gets all of it');

# --- models ------------------------------------------------------------------

$r = $chat->op('chat.models');
is($r->{json}{object}, 'list', 'a list of models');
my %models = map { $_->{id} => $_ } @{ $r->{json}{data} };
is_deeply($models{'workflow/echo'}, { id => 'workflow/echo', object => 'model',
    created => 1795507200, owned_by => 'nodetool', name => 'Echo' },
    '... with the workflows that chat');
is_deeply([grep { m{/(theirs|tool)$} } keys %models], [],
    '... of the user, and no others');
ok((grep { $_->{id} eq 'workflow/theirs' }
    @{ $chat->op('chat.models', user => '2')->{json}{data} }),
    '... each has his own');

# --- workflows are tools -----------------------------------------------------

store(shout => NodeTool::Workflows::chain('Shout',
    ['nodetool.input.StringInput', { name => 'text', value => '' }],
    ['nodetool.text.ToUppercase', {}, 'text'], @output),
    run_mode => 'tool', tool_name => 'shout', description => 'Says it loudly');

my %openai = (name => 'p', dialect => 'openai', model => 'gpt-4o-mini',
    url => $mock->url('/openai/v1'), key => 'secret-key');
my @targets = (head => { targets => [\%openai] });
my @shout = ({ type => 'workflow', tool_name => 'shout' });
my $function = { type => 'function', function => { name => 'client_fn',
    parameters => { type => 'object', properties => {} } } };
sub call { return { name => $_[0], arguments => $_[1] || {} } }

script({ text => 'Let me see.', tool_calls =>
        [call('workflow_shout', { text => 'hi' })], usage => [1, 2] },
    { text => 'It is HI.', usage => [3, 4] });
$r = stream(model => 'mine', tools => [@shout, $function], @targets,
    stream_options => { include_usage => \1 });
is($r->{message}{content}, "Let me see.\n\nIt is HI.",
    'a workflow is called, and the client sees one answer')
    or diag explain $r;
is($r->{message}{tool_calls}, undef, '... not the call');
is($r->{finish}, 'stop', '... its end');
is_deeply($r->{chunks}[-2]{usage}, { prompt_tokens => 4,
    completion_tokens => 6, total_tokens => 10 }, '... and all tokens');
is((grep { ref && $_->{model} ne 'mine' } @{ $r->{chunks} }), 0,
    '... under the name that was asked for');
my @asked = map { $_->{json} } $mock->requests;
is(@asked, 2, '... the model was asked twice');
is($asked[0]{model}, 'gpt-4o-mini', '... by its own name');
is_deeply([map { $_->{function}{name} } @{ $asked[0]{tools} }],
    [qw(client_fn workflow_shout)], '... knows both tools');
is($asked[0]{tools}[1]{function}{description}, 'Says it loudly',
    '... what it is for');
ok($asked[0]{tools}[1]{function}{parameters}{properties}{text},
    '... and what it takes');
is($asked[1]{messages}[-1]{role}, 'tool', '... it gets the result');
like($asked[1]{messages}[-1]{content}, qr/HI/, '... of the workflow');
is(($mock->requests)[0]{headers}{authorization}, 'Bearer secret-key',
    '... with the key of the target');

# a workflow that asks a model itself
store(asker => agent('text'), run_mode => 'tool', tool_name => 'asker');
script({ tool_calls => [call('workflow_asker', { message => 'hi' })],
    usage => [1, 2] }, { text => 'Asked', usage => [10, 20] },
    { text => 'It says so.', usage => [100, 200] });
$r = stream(model => 'mine', tools => [{ type => 'workflow',
    tool_name => 'asker' }], @targets,
    stream_options => { include_usage => \1 });
is($r->{message}{content}, 'It says so.', 'a workflow that asks a model');
is_deeply($r->{chunks}[-2]{usage}, { prompt_tokens => 111,
    completion_tokens => 222, total_tokens => 333 }, '... whose tokens count');

script({ tool_calls => [call('workflow_shout', { text => 'a' }),
    call('workflow_shout', { text => 'b' })] }, { text => 'Done' });
$r = ask(model => 'mine', tools => \@shout, @targets);
is($r->{json}{choices}[0]{message}{content}, 'Done', 'a whole reply');
@asked = map { $_->{json} } $mock->requests;
is_deeply([map { $_->{content} } @{ $asked[1]{messages} }[-2, -1]],
    ['{"output":"A"}', '{"output":"B"}'], '... after two calls at once')
    or diag explain $asked[1];

script({ tool_calls => [call('workflow_shout', { text => 'a' }),
    call('client_fn', { x => 1 })] });
$r = stream(model => 'mine', tools => [@shout, $function], @targets);
is($r->{finish}, 'tool_calls', 'a call of the client\'s function ends it');
is_deeply([map { "$_->{name} $_->{arguments}" }
    @{ $r->{message}{tool_calls} }], ['client_fn {"x":1}'],
    '... and is the only one to be seen');
is($mock->requests, 1, '... nothing more is asked');

script({ tool_calls => [call('workflow_shout', { nothing => 1 })] },
    { text => 'Sorry' });
$r = ask(model => 'mine', tools => \@shout, @targets,
    tool_choice => 'required');
is($r->{json}{choices}[0]{message}{content}, 'Sorry',
    'a call that fails is told to the model');
@asked = map { $_->{json} } $mock->requests;
like($asked[1]{messages}[-1]{content}, qr/error/, '... as its result');
is_deeply([map { $_->{tool_choice} } @asked], ['required', 'auto'],
    '... who must call a tool need do so once');

script(map { { tool_calls => [call('workflow_shout', { text => $_ })] } }
    1 .. 20);
$r = ask(model => 'mine', tools => \@shout, @targets);
@asked = map { $_->{json} } $mock->requests;
is(@asked, 16, 'calls have an end');
is($asked[-1]{tool_choice}, 'none', '... by telling the model so');

# by id, by the operator, and another dialect
script({ tool_calls => [call('workflow_echo', { text => 'hi' })] },
    { text => 'ok' });
$r = ask(model => 'mine', head => { targets => [{ %openai,
    dialect => 'anthropic', url => $mock->url('/anthropic') }],
    tools => [{ type => 'workflow', workflow_id => 'echo' }] });
is($r->{json}{choices}[0]{message}{content}, 'ok',
    'the operator adds a workflow by its id; another dialect');
@asked = $mock->requests;
is($asked[0]{dialect}, 'anthropic', '... that of the target');
is($asked[0]{json}{tools}[0]{name}, 'workflow_echo', '... named by its id');

$r = ask(model => 'echo', head => { targets => [{ name => 'echo',
    dialect => 'echo', model => 'echo' }] }, tools => \@shout, messages => [{
    role => 'user', content => 'call workflow_shout {"text":"loud"}' }]);
like($r->{json}{choices}[0]{message}{content}, qr/LOUD/,
    'the built-in model calls workflows, too') or diag explain $r;

# faults
for my $fault (['no name', {}], ['no such name', { tool_name => 'none' }],
    ['no such id', { workflow_id => 'none' }])
{
    $r = ask(model => 'mine', @targets,
        tools => [{ type => 'workflow', %{ $fault->[1] } }]);
    is($r->{status}, 400, "a tool of $fault->[0]");
}
is(ask(model => 'mine', @targets, tools => [{ type => 'workflow',
    workflow_id => 'theirs' }])->{status}, 403, 'a tool of another user');
is(ask(model => 'mine', @targets, tools => [@shout, { type => 'function',
    function => { name => 'workflow_shout' } }])->{status}, 400,
    'two tools of a name');
is(ask(model => 'mine', tools => \@shout)->{status}, 400, 'no provider');

script({ status => 429, headers => { 'Retry-After' => 7 }, error => 'Slow' });
$r = ask(model => 'mine', tools => \@shout, head => { targets =>
    [{ %openai, url => 'http://127.0.0.1:1/v1' }, \%openai, \%openai] });
is($r->{status}, 200, 'the next provider is asked when one is away or busy');
script({ status => 400, error => 'Bad temperature' });
$r = stream(model => 'mine', tools => \@shout, head => { targets =>
    [\%openai, \%openai] });
is_deeply([@$r{qw(status)}, scalar $mock->requests], [400, 1],
    'but not for a request that is wrong');
like($r->{json}{error}{message}, qr/Bad temperature/, '... why');
script({ status => 401, error => 'Wrong key secret-key' });
$r = ask(model => 'mine', tools => \@shout, @targets);
is($r->{status}, 502, 'a key that is refused');
unlike($r->{body}, qr/secret/, '... is no matter of the client\'s');
script({ text => 'Begun and', cut => 2 });
$r = stream(model => 'mine', tools => \@shout, @targets);
like($r->{body}, qr/"content".*data: \{"error":/s,
    'a provider that breaks off: an error event');

# the client leaves
script({ text => join(' ', 1 .. 400), pause => 0.05 });
my $closed = $mock->closed;
$sock = open_chat(model => 'mine', tools => \@shout, stream => \1, @targets);
$t->wait_for('the model to be asked', sub { scalar $mock->requests });
$t->wait_for('the answer', sub { sysread $sock, my $some, 1 });
close $sock;
$t->wait_for('its connection to be closed', sub { $mock->closed > $closed }, 2);
pass('a client leaves a model');

unlike($t->read_file($engine->{log}), qr/secret-key/, 'no key in the log');
$t->done;
