#!/usr/bin/perl

# Providers of the environment: each in its dialect, with its key, asked for
# the models that bear its names.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use NodeTool::MockModels;
use NodeTool::Test;
use NodeTool::Worker;

my $t = NodeTool::Test->new;
my $mock = NodeTool::MockModels->start($t, 'models');
my %all = $mock->env;

delete @ENV{ grep { /_(?:API_KEY|BASE_URL|API_URL)$/ } keys %ENV };

# A chat server with these variables of the mock's.
sub server {
    my ($names, @args) = @_;

    return start_server($t, 'chat-server', args => \@args, env => {
        WORKER_AUTH_TOKEN => 'secret', map { $_ => $all{$_} } @$names });
}

# Which dialect was asked, and with what key.
sub asked {
    my ($server, $model) = @_;

    $mock->forget;
    my $r = $t->request($server, 'POST', '/v1/chat/completions',
        headers => [Authorization => 'Bearer secret'], json => {
            model => $model, messages => [{ role => 'user', content => 'hi' }] });
    my ($last) = grep { $_->{method} eq 'POST' } $mock->requests;
    my $h = $last ? $last->{headers} : {};
    my $key = $h->{'x-api-key'} // $h->{'x-goog-api-key'} // $h->{authorization} // '';
    return join ' ', $r->{status}, $last ? $last->{dialect} : '-', $key =~ s/^Bearer //r;
}

my $s = server([qw(OPENAI_API_KEY OPENAI_BASE_URL ANTHROPIC_API_KEY ANTHROPIC_BASE_URL
    GEMINI_API_KEY GEMINI_BASE_URL MISTRAL_API_KEY MISTRAL_BASE_URL OLLAMA_API_URL)]);
like($s->{output}, qr/Providers  openai, anthropic, gemini, mistral, ollama, echo/, 'all are told');
unlike($t->read_file("$s->{home}/conf/chat-server.conf"), qr/key-(?:openai|anthropic|gemini)/,
    'no key is in the configuration');
is(asked($s, 'gpt-5'), '200 openai key-openai', 'gpt-*');
is(asked($s, 'claude-sonnet-4-5'), '200 anthropic key-anthropic', 'claude-*');
is(asked($s, 'gemini-2.5-pro'), '200 gemini key-gemini', 'gemini-*');
is(asked($s, 'mistral-small-latest'), '200 mistral key-mistral', 'mistral-*');
is(asked($s, 'ollama/qwen3'), '200 ollama ', 'a provider by its name');
is($t->stop($s), 0, 'stops');

$s = server(['ANTHROPIC_API_KEY', 'ANTHROPIC_BASE_URL']);
like($s->{output}, qr/Providers  anthropic, echo/, 'one');
is(asked($s, 'any'), '200 anthropic key-anthropic', 'has all models');
is($t->stop($s), 0, 'stops');

$s = server([qw(OPENAI_BASE_URL GEMINI_BASE_URL)], '--provider', 'gemini');
is(asked($s, 'any'), '200 gemini ', 'the provider of --provider has the others');
is($t->stop($s), 0, 'stops');

$all{OLLAMA_API_URL} .= '/v1/';
$s = server(['OLLAMA_API_URL']);
is(asked($s, 'qwen3'), '200 ollama ', 'Ollama, by the URL of its other API');
is($t->stop($s), 0, 'stops');

for my $row (['mistral', qr/needs MISTRAL_API_KEY or MISTRAL_BASE_URL/],
    ['ollama', qr/needs OLLAMA_API_URL in/], ['nobody', qr/no such provider; there are echo/]) {
    my ($status, undef, $err) = nodetool($t, ['chat-server', '--home',
        $t->dir . '/none', '--port', $t->port, '--provider', $row->[0]]);
    is($status, 1, "--provider $row->[0]");
    like($err, $row->[1], 'says why');
}

$t->done;
