#!/usr/bin/perl

# What goes wrong on the provider's side, for each dialect, in streams and in
# whole replies: the client gets what was meant, or an error, and never waits.

use strict;
use warnings;

use lib 't/lib';

use JSON::PP ();
use Test::More;
use Time::HiRes qw(time);

use NodeTool::Test;
use NodeTool::Wire;

my $MIB = 1024 * 1024;

my $t = NodeTool::Test->new;
my $mock = NodeTool::Wire->start($t, 'wire', more => sub {
    my ($c, $req, $model) = @_;

    return NodeTool::MockOpenAI::answer($c, $req)
        if $model !~ /^(\w+)-huge-(\d+)$/;
    huge($c, $1, $2);
});
my $ng = $t->nginx(<<'SERVER', http => NodeTool::Wire::providers($mock, 'read_timeout 500ms; next_upstream off;'), modules => ['base', 'chat']);
    nodetool_errors on;
    location /v1/ { nodetool_chat; }
    location /status { stub_status; }
SERVER

# A stream with one event of so many MiB.
sub huge {
    my ($c, $dialect, $size) = @_;

    my $body = NodeTool::Files::slurp("$NodeTool::Test::ROOT/t/wire/$dialect-text."
        . ($dialect eq 'ollama' ? 'ndjson' : 'sse'));
    my $text = 'x' x ($size * $MIB);
    $body =~ s/ dich/$text/;
    $c->head(200, 'Content-Type' => $dialect eq 'ollama'
        ? 'application/x-ndjson' : 'text/event-stream',
        'Transfer-Encoding' => 'chunked');
    $c->chunk($body) && $c->write("0\r\n\r\n");
    return;
}

sub ask {
    my ($model, $stream) = @_;

    my $start = time;
    my $r = eval { $t->request($ng, 'POST', '/v1/chat/completions', timeout => 10,
        json => { model => $model, messages => [{ role => 'user', content =>
            'hi' }], ($stream ? (stream => JSON::PP::true,
            stream_options => { include_usage => JSON::PP::true }) : ()) }) };
    my $view = $r ? NodeTool::Wire::view($r) : { status => 0, wrong => $@ };
    $view->{seconds} = time - $start;
    return $view;
}

# What is no fault to a client: what it gets is what it would have got.
my @HARMLESS = qw(crlf cr bom nospace lines comment length eof);

# What ends a stream early. Its beginning may have gone out.
my @FATAL = qw(cut inside reset trash stall short badjson);

# Before the first byte of a body, with the status then.
my %BEFORE = (close => 502, mute => 504);

sub streams {
    my ($dialect, $file) = @_;

    my $want = ask("$file~1000000", 1);
    delete $want->{seconds};
    ok($want->{done}, "$file as it is");
    for my $how (@HARMLESS) {
        next if $dialect eq 'ollama' && $how =~ /^(?:bom|cr|nospace|lines|comment)$/;
        for my $size (1, 1_000_000) {
            my $view = ask("$file~$size~$how", 1);
            delete $view->{seconds};
            is_deeply($view, $want, "$file: $how in pieces of $size")
                or diag(explain($view));
        }
    }

    for my $how (@FATAL) {
        next if $dialect eq 'openai' && $how eq 'badjson';    # is not read
        for my $size (1, 1_000_000) {
            my $view = ask("$file~$size~$how", 1);
            my ($text, $whole) = ($view->{text} // '', $want->{text});
            is($view->{wrong}, '', "$file: $how in pieces of $size");
            ok(defined $view->{error} && ($view->{status} == 502
                || !$view->{done}), 'is an error')
                or diag(explain($view));
            is($text, substr($whole, 0, length $text), 'after what came');
            cmp_ok($view->{seconds}, '<', 2.5, 'in time');
        }
    }

    my $view = ask("$file~9~silent", 1);
    is($view->{status}, 504, "$file: a header and no event");
    cmp_ok($view->{seconds}, '<', 2.5, 'in time');
    return;
}

sub sizes {
    my ($dialect) = @_;

    my $view = ask("$dialect-huge-1", 1);
    ok($view->{done} && length($view->{text}) > $MIB, "$dialect: an event of 1 MiB");
    is($view->{wrong}, '', 'is whole');
    my $over = $dialect eq 'openai' ? 9 : 33;
    $view = ask("$dialect-huge-$over", 1);
    ok((!$view->{done} || $view->{status} == 502) && defined $view->{error},
        "$dialect: one of $over MiB is too long") or diag(explain($view));
    return;
}

sub whole {
    my ($dialect, $file) = @_;

    my $want = ask("$file~1000000", 0);
    delete $want->{seconds};
    for my $how (qw(length eof)) {
        my $view = ask("$file~3~$how", 0);
        delete $view->{seconds};
        is_deeply($view, $want, "$file: $how") or diag(explain($view));
    }
    for my $how (qw(short reset stall)) {
        my $view = ask("$file~1000000~$how", 0);
        ok($view->{wrong} =~ /truncated/ || $view->{status} >= 500,
            "$file: $how is no success")
            or diag(explain($view));
        cmp_ok($view->{seconds}, '<', 2.5, 'in time');
    }
    return;
}

for my $dialect (@NodeTool::Wire::DIALECTS) {
    my $stream = "$dialect-text." . ($dialect eq 'ollama' ? 'ndjson' : 'sse');
    my $reply = $dialect eq 'mistral' ? undef : "$dialect-text.json";
    streams($dialect, $stream);
    sizes($dialect);
    whole($dialect, $reply) if $reply;
    for my $how (sort keys %BEFORE) {
        for my $of ([$stream, 1], $reply ? [$reply, 0] : ()) {
            my $view = ask("$of->[0]~9~$how", $of->[1]);
            is($view->{status}, $BEFORE{$how}, "$of->[0]: $how");
            ok(defined $view->{error}, 'in JSON');
            cmp_ok($view->{seconds}, '<', 2.5, 'in time');
        }
    }
}

$t->wait_for('connections to be closed', sub {
    return $t->get($ng, '/status')->{body} =~ /Active connections: 1 /;
});
pass('no connection is left');
$t->done;
