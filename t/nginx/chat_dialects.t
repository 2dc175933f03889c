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
            my @calls = calls(@chunks); diag($r->{body}) if $ENV{DUMP};
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

$t->done;
