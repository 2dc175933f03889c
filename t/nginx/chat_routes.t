#!/usr/bin/perl

# The APIs beside chat/completions: what passes to a provider that speaks
# them, and what comes back.

use strict;
use warnings;

use lib 't/lib';

use JSON::PP ();
use Test::More;

use NodeTool::MockOpenAI;
use NodeTool::Test;

my $t = NodeTool::Test->new;

my %replies = (
    '/v1/embeddings' => sub {
        my ($c, $req) = @_;
        return $c->json(200, { object => 'list', model => $req->{json}{model},
            data => [{ object => 'embedding', index => 0, embedding => [1, 2] }],
            usage => { prompt_tokens => 4, total_tokens => 4 } });
    },
    '/v1/completions' => sub {
        my ($c, $req) = @_;
        my %head = (id => 'cmpl-1', object => 'text_completion',
            model => $req->{json}{model});
        my $usage = { prompt_tokens => 2, completion_tokens => 1,
            total_tokens => 3 };
        my $choices = [{ text => 'x', index => 0, finish_reason => 'stop' }];
        return $c->json(200, { %head, choices => $choices, usage => $usage })
            if !$req->{json}{stream};
        $c->stream;
        $c->event({ %head, choices => $choices });
        $c->event({ %head, choices => [], usage => $usage })
            if $req->{json}{stream_options}{include_usage};
        return $c->done;
    },
);

my $mock = NodeTool::MockOpenAI->start($t, 'mock', sub {
    my ($c, $req) = @_;

    my $reply = $replies{ $req->{path} };
    return $reply ? $reply->($c, $req)
        : $c->json(404, { error => { message => 'no such path' } });
});

my $ng = $t->nginx(<<'SERVER', modules => ['base', 'chat'], http => <<"HTTP");
location /v1/ {
    nodetool_chat;
    nodetool_model fast mock m-9;
    nodetool_model * mock;
}
location ~ ^/x/ { nodetool_chat; nodetool_model * mock; }
SERVER
log_format chat '\$uri \$status \$nodetool_model \$nodetool_upstream_model '
    '\$nodetool_prompt_tokens \$nodetool_completion_tokens '
    '\$nodetool_total_tokens';
access_log %%DIR%%/chat.log chat;
nodetool_errors on;
nodetool_provider mock { url http://127.0.0.1:$mock->{port}/v1; models m; }
HTTP

sub post {
    my ($path, $json, %opt) = @_;

    return $t->request($ng, 'POST', $path, json => $json, %opt);
}

sub last_request { return ($mock->requests)[-1] }

sub logged {
    my ($want, $name) = @_;

    $t->wait_for($name, sub {
        $t->read_file("$t->{dir}/chat.log") =~ /$want\n\z/
    });
    like($t->read_file("$t->{dir}/chat.log"), qr/$want\n\z/, $name);
    return;
}

# --- embeddings --------------------------------------------------------------

my $r = post('/v1/embeddings', { model => 'fast', input => ['a', 'b'],
    encoding_format => 'base64', new_field => { a => 1 } });
is($r->{status}, 200, 'embeddings');
is_deeply($r->{json}{data}[0]{embedding}, [1, 2], 'pass');
is(last_request()->{path}, '/v1/embeddings', 'to their path');
is_deeply(last_request()->{json}, { model => 'm-9', input => ['a', 'b'],
    encoding_format => 'base64', new_field => { a => 1 } },
    'untouched but for the model');
logged('/v1/embeddings 200 fast m-9 4 - 4', 'usage is counted');

# --- completions -------------------------------------------------------------

$r = post('/v1/completions', { model => 'm', prompt => 'p' });
is($r->{json}{choices}[0]{text}, 'x', 'completions');
logged('/v1/completions 200 m m 2 1 3', 'usage is counted');

$r = post('/v1/completions', { model => 'm', prompt => ['p'], stream => \1 });
like($r->{body}, qr/^data: \{.*\}\n\ndata: \[DONE\]\n\n$/,
    'a stream of completions, without the usage that was not asked for');
logged('/v1/completions 200 m m 2 1 3', 'but it is counted');

# --- what is wrong -----------------------------------------------------------

my @wrong = (
    ['embeddings', { model => 'm' },
        'input: expected a text or an array of them, got nothing'],
    ['embeddings', { model => 'm', input => [] },
        'input: expected a text or an array of them, got an empty one'],
    ['embeddings', { model => 'm', input => 7 },
        'input: expected a text or an array of them, got a number'],
    ['completions', { model => 'm', messages => [1] },
        'prompt: expected a text or an array of them, got nothing'],
);
for (@wrong) {
    my ($path, $json, $message) = @$_;
    $r = post("/v1/$path", $json);
    is($r->{status}, 422, "$path: a 422");
    is($r->{json}{error}{message}, $message, 'says what is wrong');
}

$r = $t->get($ng, '/v1/embeddings');
is($r->{status}, 405, 'another method');
is($r->{headers}{allow}, 'POST', 'is told which one');

$r = post('/v1/nothing', {});
is($r->{status}, 404, 'an unknown path');
like($r->{json}{error}{message},
    qr{^Unknown path: /v1/nothing; there are chat/completions, .*, models and models/\{id\}$},
    'is told what there is');

is(post('/x/v1/completions', { model => 'm', prompt => 'p' })->{json}{object},
    'text_completion', 'a location that is no prefix');

$t->done;
