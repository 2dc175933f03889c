package NodeTool::MockOpenAI;

# A provider that speaks OpenAI's documented wire format, HTTP/1.1 with
# keep-alive, and that can be told to misbehave.
#
#   my $mock = NodeTool::MockOpenAI->start($t, 'mock', sub {
#       my ($c, $req) = @_;     # $req: { method, path, headers, body, json }
#       $c->json(200, { ... });
#   });
#   $mock->{port}; $mock->requests;     # all requests so far, oldest first
#
# Without code it answers as OpenAI does; see answer().

use strict;
use warnings;

use JSON::PP ();
use Time::HiRes qw(sleep);

my $JSON = JSON::PP->new->utf8->canonical->allow_nonref;

sub start {
    my ($class, $t, $name, $code) = @_;

    my $log = "$t->{dir}/$name-requests.jsonl";
    my $child = $t->mock($name, sub {
        my ($sock) = @_;
        my $c = bless { sock => $sock, in => '', log => $log }, 'NodeTool::MockOpenAI::Connection';
        while (my $req = $c->request) {
            $c->{closed} = 0;
            ($code || \&answer)->($c, $req);
            last if $c->{closed};
        }
        $c->note({ closed => 1 });
    });
    return bless { %$child, log => $log, test => $t }, $class;
}

# Requests, each with {connection}: the process that served it.
sub requests {
    my ($self) = @_;

    return grep { $_->{method} } $self->notes;
}

# How many connections have been closed by the client's side.
sub closed { my ($self) = @_; return scalar grep { $_->{closed} } $self->notes }

sub notes {
    my ($self) = @_;

    return map { $JSON->decode($_) }
        split /\n/, $self->{test}->read_file($self->{log});
}

# As OpenAI does: three words, usage when asked, errors by model name.
sub answer {
    my ($c, $req) = @_;

    if ($req->{path} =~ m{/models$}) {
        return $c->json(200, { object => 'list', data => [
            map { { id => $_, object => 'model', created => 1700000000,
                    owned_by => 'mock' } } qw(mock-1 mock-2) ] });
    }

    my $json = $req->{json} || {};
    my $model = $json->{model} || '';
    if ($model eq 'error-stream') {    # dies after its first event
        $c->stream;
        $c->event((chunks($model, ['one'], $json))[0]);
        return $c->close;
    }
    if ($model =~ /^error-(\d+)$/) {
        return $c->json($1, { error => { message => "mock error $1",
            type => 'mock', param => undef, code => "mock_$1" } },
            'Retry-After' => 7, 'X-Ratelimit-Remaining-Requests' => 0);
    }
    if (!$json->{stream}) {
        return $c->json(200, completion($model, 'one two three'),
            'openai-processing-ms' => 5);
    }
    $c->stream;
    $c->event($_) for chunks($model, [qw(one two three)], $json);
    $c->done;
    return;
}

sub usage {
    return { prompt_tokens => 9, completion_tokens => 3, total_tokens => 12 };
}

sub completion {
    my ($model, $text) = @_;

    return { id => 'chatcmpl-mock', object => 'chat.completion',
        created => 1700000000, model => $model, choices => [{ index => 0,
        message => { role => 'assistant', content => $text, refusal => undef },
        logprobs => undef, finish_reason => 'stop' }], usage => usage() };
}

sub chunks {
    my ($model, $words, $request) = @_;

    my $usage = ($request->{stream_options} || {})->{include_usage} ? 1 : 0;
    my $chunk = sub {
        my ($choices, @usage) = @_;
        return { id => 'chatcmpl-mock', object => 'chat.completion.chunk',
            created => 1700000000, model => $model, choices => $choices,
            ($usage ? (usage => $usage[0]) : ()) };
    };
    my $delta = sub {
        my ($delta, $finish) = @_;
        return $chunk->([{ index => 0, delta => $delta, finish_reason =>
            $finish }]);
    };
    return ($delta->({ role => 'assistant', content => '' }),
        (map { $delta->({ content => "$_ " }) } @$words),
        $delta->({}, 'stop'), $usage ? $chunk->([], usage()) : ());
}

package NodeTool::MockOpenAI::Connection;

use strict;
use warnings;

use Socket qw(SOL_SOCKET SO_LINGER);
use Time::HiRes qw(sleep);

# The next request, undef when the client has closed.
sub request {
    my ($c) = @_;

    while ($c->{in} !~ /\r\n\r\n/) {
        return if !sysread $c->{sock}, $c->{in}, 65536, length $c->{in};
    }
    $c->{in} =~ s/^(.*?)\r\n\r\n//s;
    my ($line, @lines) = split /\r\n/, $1;
    my ($method, $path) = split / /, $line;
    my %headers = map { /^([^:]+):\s*(.*)$/ ? (lc $1, $2) : () } @lines;
    my $length = $headers{'content-length'} || 0;
    while (length $c->{in} < $length) {
        return if !sysread $c->{sock}, $c->{in}, 65536, length $c->{in};
    }
    my $body = substr $c->{in}, 0, $length, '';
    my $req = { method => $method, path => $path, headers => \%headers,
        body => $body };
    # JSON::PP needs seconds for megabytes
    $req->{json} = eval { $JSON->decode($body) } if $length < 100_000;
    $c->note($length < 100_000 ? { %$req, length => $length }
        : { method => $method, path => $path, length => $length });
    return $req;
}

sub note {
    my ($c, $note) = @_;

    open my $fh, '>>', $c->{log} or die "$c->{log}: $!";
    syswrite $fh, $JSON->encode({ %$note, connection => $$ }) . "\n";
    close $fh;
    return;
}

sub write {
    my ($c, $bytes) = @_;

    my $sent = 0;
    while ($sent < length $bytes) {
        my $n = syswrite $c->{sock}, $bytes, length($bytes) - $sent, $sent;
        if (!defined $n) {
            $c->{closed} = 1;
            return 0;
        }
        $sent += $n;
    }
    return 1;
}

sub head {
    my ($c, $status, @headers) = @_;

    my $head = "HTTP/1.1 $status X\r\n";
    while (my ($name, $value) = splice @headers, 0, 2) {
        $head .= "$name: $value\r\n";
    }
    return $c->write("$head\r\n");
}

sub body {
    my ($c, $status, $type, $body, @headers) = @_;

    $c->head($status, 'Content-Type' => $type,
        'Content-Length' => length $body, @headers);
    return $c->write($body);
}

sub json {
    my ($c, $status, $value, @headers) = @_;

    return $c->body($status, 'application/json', $JSON->encode($value),
        @headers);
}

# The head of a stream, chunked.
sub stream {
    my ($c, @headers) = @_;

    return $c->head(200, 'Content-Type' => 'text/event-stream; charset=utf-8',
        'Transfer-Encoding' => 'chunked', @headers);
}

sub chunk {
    my ($c, $bytes) = @_;

    return $c->write(sprintf "%x\r\n%s\r\n", length $bytes, $bytes);
}

sub event {
    my ($c, $value) = @_;

    return $c->chunk('data: ' . $JSON->encode($value) . "\n\n");
}

# [DONE] and the last chunk.
sub done {
    my ($c) = @_;

    return $c->chunk("data: [DONE]\n\n") && $c->write("0\r\n\r\n");
}

sub close { my ($c) = @_; $c->{closed} = 1; return }

# Ends the connection by a reset.
sub reset {
    my ($c) = @_;

    setsockopt $c->{sock}, SOL_SOCKET, SO_LINGER, pack 'II', 1, 0;
    $c->{closed} = 1;
    return;
}

# Waits until the other side closes; false after the seconds given.
sub wait_closed {
    my ($c, $seconds) = @_;

    my $select = IO::Select->new($c->{sock});
    my $until = Time::HiRes::time() + $seconds;
    while (Time::HiRes::time() < $until) {
        next if !$select->can_read(0.1);
        return 1 if !sysread $c->{sock}, my $buf, 1024;
    }
    return 0;
}

1;
