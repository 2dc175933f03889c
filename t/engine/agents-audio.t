#!/usr/bin/perl

# An agent whose model speaks: OpenAI's samples become a WAV file.

use strict;
use warnings;

use lib 't/lib';

use JSON::PP;
use MIME::Base64 qw(encode_base64);
use Test::More;

use NodeTool::Graph qw(graph node);
use NodeTool::MockOpenAI;
use NodeTool::Test;
use NodeTool::Worker;

my $json = JSON::PP->new->utf8->canonical;
my $t = NodeTool::Test->new;
my $samples = pack 's<*', 0, 1000, -1000, 32767, -32768;
my $mock = NodeTool::MockOpenAI->start($t, 'openai', sub {
    my ($c) = @_;

    my %chunk = (id => 'c', object => 'chat.completion.chunk', created => 1,
        model => 'gpt-audio');
    my @choices = (
        { index => 0, delta => { role => 'assistant', content => '' },
          finish_reason => undef },
        # in two pieces, as they come
        (map { { index => 0, delta => { audio => { id => 'a', data => $_ } },
                 finish_reason => undef } }
            encode_base64($samples, '') =~ /^(.{8})(.*)$/),
        { index => 0, delta => {}, finish_reason => 'stop' });
    return $c->body(200, 'text/event-stream', join '',
        (map { 'data: ' . $json->encode({ %chunk, choices => [$_] }) . "\n\n" }
            @choices), "data: [DONE]\n\n");
});

my $file = $t->write_file('speak.json', $json->encode({ graph => graph([
    node(a => 'nodetool.agents.Agent', prompt => 'Say it.',
        model => { type => 'language_model', provider => 'openai',
                   id => 'gpt-audio' }),
    node(o => 'nodetool.output.Output', name => 'output')],
    'a.audio>o.value') }));
my ($status, $out, $err) = nodetool($t, ['run', $file], env => {
    OPENAI_API_KEY => 'sk-test',
    OPENAI_BASE_URL => "http://127.0.0.1:$mock->{port}/v1",
    NODETOOL_HOME => $t->dir . '/home' });
is($status, 0, 'it runs') or diag($err);
my $ref = $json->decode($out)->{output};
is($ref->{type}, 'audio', 'a sound');
is($t->read_file("home/storage/assets/$ref->{asset_id}"),
    'RIFF' . pack('V', 36 + length $samples) . 'WAVEfmt '
    . pack('VvvVVvv', 16, 1, 1, 24_000, 48_000, 2, 16)
    . 'data' . pack('V', length $samples) . $samples,
    'its samples behind the header of a WAV file');

$t->done;
