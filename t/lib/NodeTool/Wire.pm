package NodeTool::Wire;

# What providers send, as they document it: bodies in t/wire, named
# DIALECT-WHAT.TYPE, and what a client of chat/completions makes of them, in
# t/wire/cases.json.
#
#   my $mock = NodeTool::Wire->start($t, 'wire');
#   my $ng = $t->nginx('location /v1/ { nodetool_chat; }',
#       http => NodeTool::Wire::providers($mock));
#
# The model that is asked for is what is sent: FILE~SIZE sends a file of
# t/wire in writes of SIZE bytes, FILE~SIZE~HOW spoiled as in %HOW.

use strict;
use warnings;

use IO::Compress::Gzip qw(gzip);
use JSON::PP ();
use Time::HiRes qw(sleep);

use NodeTool::Files;
use NodeTool::MockOpenAI;
use NodeTool::Test;

# Those that are tested: all that the gateway speaks.
our @DIALECTS = qw(openai anthropic gemini ollama mistral);

my $FOLDER = "$NodeTool::Test::ROOT/t/wire";
my %TYPES = (json => 'application/json', sse => 'text/event-stream',
    ndjson => 'application/x-ndjson');

# What happens to a body, and what follows in answer(): bodies from bodies.
our %HOW = (
    crlf    => sub { return $_[0] =~ s/\r?\n/\r\n/gr },
    cr      => sub { return $_[0] =~ s/\r?\n/\r/gr },
    bom     => sub { return "\xef\xbb\xbf$_[0]" },
    nospace => sub { return $_[0] =~ s/^data: /data:/gmr },
    lines   => sub { return $_[0] =~ s/^data: (\{[^\n]*?),"/data: $1,\ndata: "/gmr },
    comment => sub { return $_[0] =~ s/^(?=event|data)/: hello\n\n/mr },
    # the first half of its lines, and then
    cut     => sub { return half($_[0], 0) },
    inside  => sub { return half($_[0], 30) },
    reset   => sub { return half($_[0], 0) },
    trash   => sub { return half($_[0], 0) },
    stall   => sub { return half($_[0], 0) },
    badjson => sub { return half($_[0], 0) . ($_[0] =~ /^(?:data|event):/m
        ? "data: {\"a\": tru\n\n" : "{\"a\": tru\n") },
    short   => sub { return half($_[0], 0) },
    # nothing at all
    silent  => sub { return '' },
    mute    => sub { return '' },
    close   => sub { return '' },
);

sub half {
    my ($body, $more) = @_;

    my @events = $body =~ /(.+?(?:\n(?=\n)\n|\r\n\r\n|\}\n))/gs;
    @events = $body if !@events;
    my $middle = int @events / 2 || 1;
    return join('', @events[0 .. $middle - 1])
        . substr $events[$middle] // '', 0, $more;
}

sub cases {
    return @{ JSON::PP->new->utf8->decode(slurp("$FOLDER/cases.json")) };
}

sub start {
    my ($class, $t, $name, %opt) = @_;

    return NodeTool::MockOpenAI->start($t, $name, sub {
        my ($c, $req) = @_;
        my ($model) = $req->{path} =~ m{/models/([^:]+):};
        $model //= ($req->{json} || {})->{model} // '';
        my ($file, $size, $how) = split /~/, $model;
        return ($opt{more} || \&NodeTool::MockOpenAI::answer)->($c, $req, $model)
            if !defined $size;
        return answer($c, $file, $size, $how // '');
    });
}

sub case { my ($file) = @_; return (grep { $_->{file} eq $file } cases())[0] }

# Sends one file.
sub answer {
    my ($c, $file, $size, $how) = @_;

    my $case = case($file);
    my $body = slurp("$FOLDER/$file");
    $body = $HOW{$how}->($body) if $HOW{$how};
    my @headers = ('Content-Type' => $TYPES{ $file =~ /(\w+)$/ ? $1 : '' },
        %{ $case->{headers} || {} });
    if ($how eq 'gzip') {
        my $plain = $body;
        gzip(\$plain, \$body) or die 'gzip';
        push @headers, 'Content-Encoding' => 'gzip';
    }
    return $c->close if $how eq 'close';
    return $c->wait_closed(20) && $c->close if $how eq 'mute';

    my $whole = $file =~ /json$/ && $file !~ /ndjson$/;
    if ($whole || $how =~ /^(?:length|short)$/) {
        push @headers, 'Content-Length' => length($body)
            + ($how =~ /^(?:short|reset|stall)$/ ? 9 : 0);
    } elsif ($how eq 'eof') {
        push @headers, Connection => 'close';
    } else {
        push @headers, 'Transfer-Encoding' => 'chunked';
    }
    $c->head($case->{status} || 200, @headers) or return;
    my $chunked = { @headers }->{'Transfer-Encoding'};
    while (length $body) {
        my $piece = substr $body, 0, $size, '';
        ($chunked ? $c->chunk($piece) : $c->write($piece)) or return;
    }
    $c->write("zz\r\n") if $how eq 'trash';
    return $c->wait_closed(20) && $c->close if $how =~ /^(?:stall|silent)$/;
    if ($how =~ /^(?:inside|cut|reset|trash|short|badjson|eof)$/) {
        sleep 0.02;    # what was sent is read before the end
        return $how eq 'reset' ? $c->reset : $c->close;
    }
    $c->write("0\r\n\r\n") if $chunked;
    return;
}

# The providers' blocks, and rules for the names of files; $more is put into
# each block.
sub providers {
    my ($mock, $more) = @_;

    return join '', map { my $d = $_; <<"CONF" } @DIALECTS;
nodetool_provider $d {
    url http://127.0.0.1:$mock->{port}@{[ $d =~ /^(?:openai|mistral)$/ ? '/v1' : '' ]};
    dialect $d; models none; @{[ $more || '' ]}
}
nodetool_model $d-* $d;
CONF
}

# What a client knows at the end of a reply or a stream: text, reasoning, calls
# [[name, arguments]], finish, usage [prompt, completion, cached], done (the
# stream was ended properly), error (its message), wrong (what no client should
# have got).
sub view {
    my ($r) = @_;

    my $json = JSON::PP->new->utf8->allow_nonref;
    my %view = (status => $r->{status}, wrong => '');
    $view{wrong} .= 'truncated ' if $r->{truncated};
    if (($r->{headers}{'content-type'} // '') !~ /event-stream/) {
        $view{error} = $r->{json}{error}{message} if $r->{json}{error};
        usage(\%view, $r->{json}{usage});
        add(\%view, $_, $_->{message}) for @{ $r->{json}{choices} || [] };
        $view{done} = 1 if $r->{json};
    } else {
        my $body = $r->{body} =~ s/^\xef\xbb\xbf//r =~ s/\r\n?/\n/gr;
        for my $event (split /\n\n/, $body) {
            my $data = join "\n", $event =~ /^data: ?(.*)/mg;
            next if $data eq '';
            $view{wrong} .= 'more after the end ' if $view{done} || $view{error};
            $view{done} = 1 if $data eq '[DONE]';
            next if $data eq '[DONE]';
            my $chunk = eval { $json->decode($data) };
            $view{wrong} .= "no JSON: $data" if !$chunk;
            $view{error} = $chunk->{error}{message} if $chunk->{error};
            usage(\%view, $chunk->{usage});
            add(\%view, $_, $_->{delta}) for @{ $chunk->{choices} || [] };
        }
    }
    $_->[1] = eval { JSON::PP->new->decode($_->[1]) } // "no JSON: $_->[1]"
        for @{ $view{calls} || [] };
    return \%view;
}

sub usage {
    my ($view, $usage) = @_;

    return if !$usage;
    my $cached = ($usage->{prompt_tokens_details} || {})->{cached_tokens};
    $view->{usage} = [$usage->{prompt_tokens}, $usage->{completion_tokens},
        $cached ? $cached : ()];
    return;
}

sub add {
    my ($view, $choice, $message) = @_;

    $view->{finish} = $choice->{finish_reason} if defined $choice->{finish_reason};
    $view->{text} .= $message->{content} if length($message->{content} // '');
    $view->{reasoning} .= $message->{reasoning_content}
        if length($message->{reasoning_content} // '');
    my $i = 0;
    for my $call (@{ $message->{tool_calls} || [] }) {
        my $index = $call->{index} // $i++;
        $view->{calls}[$index] ||= ['', ''];
        $view->{calls}[$index][0] .= $call->{function}{name} // '';
        $view->{calls}[$index][1] .= $call->{function}{arguments} // '';
    }
    return;
}

1;
