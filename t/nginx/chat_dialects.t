#!/usr/bin/perl

# Clients of one API, providers of another: requests, replies, streams and
# errors translated, each dialect by the same table.

use strict;
use warnings;

use lib 't/lib';

use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep time);

use NodeTool::MockModels;
use NodeTool::Test;

my $t = NodeTool::Test->new;
my $mock = NodeTool::MockModels->start($t, 'models');
my $json = JSON::PP->new->canonical;

my $http = join '', map { my ($name, $more) = @$_; <<"PROVIDER" }
nodetool_provider $name {
    dialect  $name;
    url      @{[ $mock->url("/$name" . ($name =~ /^(openai|mistral)$/ ? '/v1' : '')) ]};
    key      key-$name;
    models   $name-model;
    read_timeout 2s;
    $more
}
PROVIDER
    ['openai', ''], ['anthropic', ''], ['gemini', ''], ['ollama', ''],
    ['mistral', ''];

my $nginx = $t->nginx(<<'SERVER', http => $http, modules => ['chat']);
    location /v1/ { nodetool_chat; client_max_body_size 8m; }
    location /quick/ { nodetool_chat; nodetool_chat_keepalive_comment 100ms; }
    location /bare/ { nodetool_chat; nodetool_stream_usage off; }
SERVER

my @dialects = qw(openai anthropic gemini ollama mistral);
my $hello = [{ role => 'user', content => 'hello' }];
my $tools = [{ type => 'function', function => { name => 'weather',
    parameters => { type => 'object', properties => { city => { type => 'string' } } } } }];

sub chat {
    my ($dialect, %body) = @_;

    my $path = delete $body{path} || '/v1/chat/completions';
    return $t->request($nginx, 'POST', $path,
        headers => ['Content-Type' => 'application/json'],
        body => $t->encode({ model => "$dialect-model", messages => $hello, %body }));
}

# The chunks of a stream, and what is left over.
sub chunks {
    my ($body) = @_;

    my @events = split /\n\n/, $body;
    return map { /^data: (\{.*)/s ? $t->decode($1) : () } @events;
}

sub joined {
    my ($name, @chunks) = @_;

    return join '', map { $_->{choices}[0]{delta}{$name} // '' }
        grep { @{ $_->{choices} } } @chunks;
}

sub calls {
    my (@chunks) = @_;

    my @calls;
    for my $piece (map { @{ $_->{choices}[0]{delta}{tool_calls} || [] } }
        grep { @{ $_->{choices} } } @chunks) {
        my $call = $calls[$piece->{index}] ||= { name => '', arguments => '' };
        $call->{id} //= $piece->{id};
        $call->{$_} .= $piece->{function}{$_} // '' for qw(name arguments);
    }
    return @calls;
}

my @replies = (
    ['text', { text => 'It is a fine day' }],
    ['one call', { tool_calls => [{ name => 'weather', arguments => { city => 'Rome' } }] }],
    ['two calls', { text => 'Let me see', tool_calls => [
        { name => 'weather', arguments => { city => 'Rome' } },
        { name => 'weather', arguments => { city => 'Oslo', days => 3 } }] }],
    ['a call without arguments', { tool_calls => [{ name => 'weather' }] }],
    ['reasoning', { reasoning => 'I think so', text => 'yes' }],
    ['cut short', { text => 'It is', finish => 'length' }],
    ['usage', { text => 'a', usage => [1234, 567] }],
);

for my $dialect (@dialects) {
    for my $row (@replies) {
        my ($what, $reply) = @$row;
        my @want = @{ $reply->{tool_calls} || [] };
        my $finish = $reply->{finish} // (@want ? 'tool_calls' : 'stop');
        my $usage = $reply->{usage} || [11, 7];

        SKIP: {
            # OpenAI's and Ollama's mock tell no reasoning in whole replies
            skip 'no whole reasoning', 6 if $reply->{reasoning} && $dialect ne 'anthropic';
            $mock->script($reply);
            my $r = chat($dialect, tools => $tools);
            is($r->{status}, 200, "$dialect, $what: answered");
            my $message = eval { $t->decode($r->{body})->{choices}[0]{message} } || {};
            my $whole = eval { $t->decode($r->{body}) } || {};
            is($message->{content} // '', $reply->{text} // '', 'its text');
            is_deeply([map { [$_->{function}{name}, $t->decode($_->{function}{arguments})] }
                @{ $message->{tool_calls} || [] }],
                [map { [$_->{name}, $_->{arguments} || {}] } @want], 'its calls');
            is($whole->{choices}[0]{finish_reason}, $finish, 'why it ends');
            is_deeply([@{ $whole->{usage} }{qw(prompt_tokens completion_tokens)}], $usage,
                'its usage');
            is($whole->{model}, "$dialect-model", 'the model that was asked for');
        }

        for my $how ([], [size => 1], [size => 7], [crlf => 1], [bom => 1]) {
            next if $dialect eq 'ollama' && ($how->[0] // '') eq 'bom';
            next if $dialect eq 'openai' && @$how;    # passes untouched: chat_stream.t
            my $name = "$dialect, $what, streamed" . (@$how ? ", @$how" : '');
            $mock->script({ %$reply, @$how });
            my $r = chat($dialect, tools => $tools, stream => JSON::PP::true(),
                stream_options => { include_usage => JSON::PP::true() });
            is($r->{status}, 200, "$name: answered");
            like($r->{headers}{'content-type'}, qr{^text/event-stream}, 'as a stream');
            like($r->{body}, qr/\n\ndata: \[DONE\]\n\n\z/, 'to its end');
            my @chunks = chunks($r->{body});
            is(joined('content', @chunks), $reply->{text} // '', 'its text');
            is(joined('reasoning_content', @chunks), $reply->{reasoning} // '', 'its reasoning');
            my @calls = calls(@chunks);
            is_deeply([map { [$_->{name}, $t->decode($_->{arguments})] } @calls],
                [map { [$_->{name}, $_->{arguments} || {}] } @want], 'its calls');
            is(scalar(grep { !length($_->{id} // '') } @calls), 0, 'with ids');
            is_deeply([map { $_->{choices}[0]{finish_reason} // () }
                grep { @{ $_->{choices} } } @chunks], [$finish], 'why it ends, once');
            is_deeply([map { [@{ $_->{usage} }{qw(prompt_tokens completion_tokens)}] }
                grep { $_->{usage} } @chunks], [$usage], 'its usage, once');
            is(scalar(grep { $_->{model} ne "$dialect-model" } @chunks), 0,
                'the model that was asked for');
        }
    }
}

# --- errors ------------------------------------------------------------------

my %told = (400 => 400, 404 => 404, 413 => 413, 429 => 429, 500 => 500, 529 => 503,
    401 => 502, 403 => 502);
for my $dialect (grep { $_ ne 'openai' } @dialects) {
    for my $status (sort keys %told) {
        for my $stream (JSON::PP::false(), JSON::PP::true()) {
            my $what = "$dialect, $status" . ($stream ? ', streamed' : '');
            $mock->script({ status => $status, error => "sorry key-$dialect" });
            # a name of its own: health is told apart by models
            my $r = chat($dialect, model => "$dialect/e$status", stream => $stream);
            is($r->{status}, $told{$status}, $what);
            like($r->{headers}{'content-type'}, qr{^application/json}, 'in JSON');
            my $error = $r->{json}{error}{message} // '';
            if ($told{$status} == 502) {
                unlike($r->{body}, qr/sorry|key-/, 'nothing of the key');
                is($r->{headers}{'x-should-retry'}, 'false', 'and not to be tried again');
            } else {
                like($error, qr/sorry/, 'as the provider says it');
            }
        }
    }
    my $r = chat($dialect, nonsense => 1);
    is($r->{status}, $dialect eq 'mistral' ? 200 : 400, "$dialect: a member that nobody knows");
    like($r->{json}{error}{message} // '', qr/'nonsense'/, 'is named') if $dialect ne 'mistral';
    $r = chat($dialect, messages => [{ role => 'user', content => 'x' x 200_000 }]);
    is($r->{status}, 200, "$dialect: a body in a file");
    cmp_ok(length $r->{json}{choices}[0]{message}{content}, '>', 200_000, 'is read back');
}

$mock->script({ status => 429, headers => {
    'anthropic-ratelimit-requests-limit' => 50,
    'anthropic-ratelimit-tokens-remaining' => 7,
    'anthropic-ratelimit-tokens-reset' => '2001-01-01T00:00:00Z',
    'anthropic-ratelimit-input-tokens-limit' => 9 } });
my $r = chat('anthropic', model => 'anthropic/limited');
is_deeply({ map { $_ => $r->{headers}{$_} } grep { /ratelimit/ } keys %{ $r->{headers} } },
    { 'x-ratelimit-limit-requests' => 50, 'x-ratelimit-remaining-tokens' => 7,
        'x-ratelimit-reset-tokens' => '0s' }, 'limits, as OpenAI names them');

# --- streams that fail ---------------------------------------------------------

for my $dialect (grep { $_ ne 'openai' } @dialects) {
    $mock->script({ text => 'a b c d e f g', cut => 1, ends => 1 });
    my $r = chat($dialect, model => "$dialect/cut1", stream => JSON::PP::true());
    if ($dialect =~ /^(?:anthropic|mistral)$/) {
        is($r->{status}, 502, "$dialect: a stream that ends before anything is said");
    } else {
        is($r->{status}, 200, "$dialect: a stream that ends after a word");
        like($r->{body}, qr/"error":/, 'has an error');
    }
    $mock->script({ text => 'a b c d e f g', cut => 6, fail => 'overloaded' });
    $r = chat($dialect, model => "$dialect/cut6", stream => JSON::PP::true());
    is($r->{status}, 200, "$dialect: an error within a stream");
    like($r->{body}, qr/\ndata: \{"error":[^\n]*overloaded[^\n]*\n\n\z/, 'is its last event');
}

my $closed = $mock->closed;
$mock->script({ text => 'a b c d e f g h', pause => 0.3 });
my $client = $t->open_request($nginx, 'POST', '/v1/chat/completions', json => {
    model => 'anthropic-model', messages => $hello, stream => JSON::PP::true() });
$client->head;
$client->event for 1 .. 2;
$client->close;
my $start = time;
$t->wait_for('the provider to be left', sub { $mock->closed > $closed }, 5);
cmp_ok(time - $start, '<', 1, 'a client that leaves ends the request to the provider');

$mock->script({ text => 'slow', hang => 0.5 });
$r = chat('gemini', path => '/quick/chat/completions', stream => JSON::PP::true());
like($r->{body}, qr/^(?:: ping\n\n)+data: \{.*data: \[DONE\]\n\n\z/s, 'comments while it is silent');
$mock->script({ status => 500, error => 'late', hang => 0.5 });
$r = chat('gemini', model => 'gemini/late', path => '/quick/chat/completions', stream => JSON::PP::true());
like($r->{body}, qr/^(?:: ping\n\n)+data: \{"error":[^\n]*late[^\n]*\n\n\z/s, 'then an error');

# --- Anthropic's clients -------------------------------------------------------

for my $dialect (@dialects) {
    my %body = (path => '/v1/messages', max_tokens => 100, tools => [{ name => 'weather',
        input_schema => { type => 'object', properties => { city => { type => 'string' } } } }]);
    my $reply = { text => 'Let me see', tool_calls => [{ name => 'weather',
        arguments => { city => 'Rome' } }], usage => [12, 34] };
    $mock->script($reply);
    my $r = chat($dialect, %body);
    is($r->{status}, 200, "$dialect: a message");
    my $message = $r->{json};
    is_deeply([map { $_->{type} } @{ $message->{content} }], ['text', 'tool_use'], 'its blocks');
    is_deeply($message->{content}[1]{input}, { city => 'Rome' }, 'its call');
    is_deeply([@$message{qw(type stop_reason model)}], ['message', 'tool_use', "$dialect-model"],
        'why it ends');
    is_deeply([@{ $message->{usage} }{qw(input_tokens output_tokens)}], [12, 34], 'its usage');

    $mock->script($reply);
    $r = chat($dialect, %body, stream => JSON::PP::true());
    my @events = map { /^data: (\{.*)/m ? $t->decode($1) : () } split /\n\n/, $r->{body};
    is(join(' ', map { $_->{type} eq 'content_block_delta' ? () : $_->{type} }
        grep { $_->{type} ne 'ping' } @events),
        'message_start content_block_start content_block_stop content_block_start '
            . 'content_block_stop message_delta message_stop', "$dialect: a message streamed");
    is(join('', map { $_->{delta}{text} // '' } @events), 'Let me see', 'its text');
    is($events[-2]{usage}{output_tokens}, 34, 'its usage');

    $mock->script({ status => 404, error => 'sorry' });
    $r = chat($dialect, %body, model => "$dialect/m404");
    is($r->{status}, 404, "$dialect: an error");
    is($r->{json}{type}, 'error', "as Anthropic's");
}
my ($last) = grep { $_->{dialect} eq 'anthropic' } reverse $mock->requests;
is($last->{headers}{'anthropic-version'}, '2023-06-01', 'with a version');
is($last->{headers}{'x-api-key'}, 'key-anthropic', 'and the key');
$mock->script({ text => 'ok' });
$t->request($nginx, 'POST', '/v1/messages', headers => ['Anthropic-Version' => '2030-01-01',
    'Anthropic-Beta' => 'b1'], json => { model => 'anthropic-model', max_tokens => 5,
    messages => $hello });
($last) = (reverse $mock->requests)[0];
is_deeply([@{ $last->{headers} }{qw(anthropic-version anthropic-beta)}], ['2030-01-01', 'b1'],
    "the client's version and beta");

$mock->script({ text => 'slow', hang => 0.5 });
$r = chat('ollama', path => '/quick/messages', max_tokens => 9, stream => JSON::PP::true());
like($r->{body}, qr/^(?:event: ping\ndata: \{"type": "ping"\}\n\n)+event: message_start\n/,
    "Anthropic's clients get its pings");

# --- embeddings ----------------------------------------------------------------

for my $dialect (qw(openai gemini ollama mistral)) {
    my $r = $t->request($nginx, 'POST', '/v1/embeddings', json => {
        model => "$dialect-model", input => ['a e', 'hello'] });
    is($r->{status}, 200, "$dialect: embeddings");
    is_deeply([map { $_->{embedding} } @{ $r->{json}{data} }],
        [[1.5, 2, 0.5], [2.5, 1, 0.5]], 'of each text');
}
$r = $t->request($nginx, 'POST', '/v1/embeddings', json => {
    model => 'anthropic-model', input => 'a' });
is($r->{status}, 400, 'anthropic: no embeddings');

$t->done;
