#!/usr/bin/perl

# Chat where few tests go: interim replies, lists of models that are longer
# than a subrequest's buffer, a request that cannot be made, a reload between
# two events of echo.

use strict;
use warnings;

use lib 't/lib';

use Test::More;
use Time::HiRes qw(sleep);

use NodeTool::MockOpenAI;
use NodeTool::Test;

my $t = NodeTool::Test->new;

my $mock = NodeTool::MockOpenAI->start($t, 'mock', sub {
    my ($c, $req) = @_;

    if ($req->{path} =~ /models$/) {
        return $c->json(200, { data => [map { { id => "model-$_", owned_by => 'me' } } 1 .. 2000] });
    }

    if ($req->{json}{model} eq 'hints') {
        $c->write("HTTP/1.1 100 Continue\r\n\r\n");
        sleep 0.05;
        $c->write("HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n"
            . "Content-Length: 7\r\nConnection: close\r\n\r\n");
    }

    return NodeTool::MockOpenAI::answer($c,
        { %$req, json => { %{ $req->{json} }, model => 'mock-1' } });
});
$t->mock('broken', sub {
    my ($sock) = @_;
    sysread $sock, my $in, 65536;
    print {$sock} "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n";
    $sock->flush;
});
my $slow = $t->mock('slow', sub {
    my ($sock) = @_;
    sysread $sock, my $in, 65536;
    sleep 0.4;
    print {$sock} "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    $sock->flush;
});

my $ng = $t->nginx(<<"SERVER", http => <<"HTTP", modules => ['base', 'chat']);
    nodetool_errors on;
    nodetool_chat_keepalive_comment 50ms;
    location /v1/ { nodetool_chat; nodetool_echo_delay 100ms; }
    location /unfit/ { nodetool_chat; nodetool_model * unfit;
                       error_page 500 = \@slow; }
    location \@slow { proxy_pass http://127.0.0.1:$slow->{port}; }
SERVER
    nodetool_provider mock { url http://127.0.0.1:$mock->{port}/v1; models_timeout 3s; }
    nodetool_provider broken { url http://127.0.0.1:%%PORT_broken%%/v1; }
    nodetool_provider unfit { url http://127.0.0.1:1/v1; models m; header X-Bad "\$two_lines"; }
    map \$uri \$two_lines { default "a\nb"; }
HTTP

sub chat {
    my ($path, $model, %opt) = @_;

    return $t->open_request($ng, 'POST', "$path/v1/chat/completions", json => {
        model => $model, messages => [{ role => 'user', content =>
        'w ' x 10 }], %opt });
}

# --- models ------------------------------------------------------------------

my $r = $t->get($ng, '/v1/models');
is($r->{status}, 200, 'a long list of models');
is(scalar(grep { $_->{owned_by} eq 'me' } @{ $r->{json}{data} }), 2000, 'is whole');
is(scalar(grep { $_->{id} eq 'm' } @{ $r->{json}{data} }), 1, 'beside that of others');

# --- interim replies ---------------------------------------------------------

for my $n (1 .. 2) {
    $r = chat('', 'mock/hints')->response;
    is($r->{status}, 200, "interim replies, $n");
    is($r->{json}{object}, 'chat.completion', 'do not reach the client');
    is($r->{headers}{link}, undef, 'nor do their headers');
}
my %seen = map { $_->{connection} => 1 } grep { $_->{path} =~ /chat/ } $mock->requests;
is(scalar keys %seen, 1, 'the connection is kept alive');
my @events = chat('', 'mock/hints', stream => \1)->events;
is($events[-1]{data}, '[DONE]', 'and before a stream');

# --- a request that could not be made ----------------------------------------

$r = chat('/unfit', 'x', stream => \1)->response;
is($r->{status}, 200, 'another location answers');
is($r->{body}, 'hello', 'without comments of the stream that never was');

# --- echo --------------------------------------------------------------------

my $s = chat('', 'echo/echo', stream => \1);
$s->event;
kill 'HUP', $ng->{pid};
like($s->rest, qr/data: \[DONE\]\n\n$/, 'a reload drops no stream of echo');

$t->done;
