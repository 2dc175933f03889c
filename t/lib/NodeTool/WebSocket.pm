package NodeTool::WebSocket;

# A WebSocket client (RFC 6455) that hides nothing: the handshake's response
# as it is, whole frames, raw bytes.
#
#   my $ws = NodeTool::WebSocket->open($ng, '/predict', headers => [...]);
#   is($ws->{status}, 101);
#   $ws->send_json({ command => 'get_status', data => {} });
#   my $reply = $ws->json;            # the next message, decoded
#   my ($code, $reason) = $ws->closed;  # the server's close frame
#   $ws->close(1000);                 # ours, and its answer awaited

use strict;
use warnings;

use IO::Socket::UNIX;
use JSON::PP ();
use MIME::Base64 qw(encode_base64);
use Digest::SHA qw(sha1);
use Time::HiRes qw(time);

use NodeTool::HTTP;

our %OPCODE = (continuation => 0, text => 1, binary => 2, close => 8,
               ping => 9, pong => 10);

my $GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
my $JSON = JSON::PP->new->utf8->canonical->allow_nonref;

# Options: headers [name, value, ...] (over those of the handshake; a value of
# undef leaves one out), behind (bytes sent together with the request), method,
# timeout. $to is a port or a server of the harness.
# { status, headers, response (when it was refused) }
sub open {
    my ($class, $to, $path, %opt) = @_;

    my $http = NodeTool::HTTP->connect_to(ref $to ? $to->{port} : $to,
        timeout => $opt{timeout});
    my $self = bless { http => $http, in => '' }, $class;
    $self->{key} = encode_base64(join('', map { chr int rand 256 } 1 .. 16), '');

    my @headers = (Upgrade => 'websocket', Connection => 'Upgrade',
        'Sec-WebSocket-Version' => '13', 'Sec-WebSocket-Key' => $self->{key});
    my @given = @{ $opt{headers} || [] };
    my %given = map { lc $given[2 * $_] => 1 } 0 .. @given / 2 - 1;
    my @all;
    while (my ($name, $value) = splice @headers, 0, 2) {
        push @all, $name, $value if !$given{ lc $name };
    }
    while (my ($name, $value) = splice @given, 0, 2) {
        push @all, $name, $value if defined $value;
    }
    # the HTTP client would add one
    push @all, 'Connection', 'keep-alive'
        if exists $given{connection} && !grep { lc eq 'connection' } @all;

    $http->send_request($opt{method} || 'GET', $path, headers => \@all,
        behind => $opt{behind});
    $self->read_head;
    return $self;
}

# The same at an engine's socket, without nginx: the op `ws` of docs/wire.md,
# with the fields of its head.
sub wire {
    my ($class, $engine, %head) = @_;

    my $sock = IO::Socket::UNIX->new(Peer => $engine->{socket})
        or die "engine: $!";
    my $http = bless { sock => $sock, in => '', out => '', eof => 0,
        timeout => 20 }, 'NodeTool::HTTP';
    my $self = bless { http => $http, in => '' }, $class;
    $self->write($JSON->encode({ op => 'ws', user => '1', %head }) . "\n");
    my $until = time + $http->{timeout};
    while ($http->{in} !~ /\n/) {
        die "the engine closed the connection\n" if !$http->fill($until);
    }
    $http->{in} =~ s/^(.*)\n//;
    $self->{head} = $JSON->decode($1);
    $self->{status} = $self->{head}{status};
    @$self{'in', 'http'} = ($http->{in}, $http);
    $http->{in} = '';
    return $self;
}

sub read_head {
    my ($self) = @_;

    my $http = $self->{http};
    $self->{status} = $http->head;
    $self->{headers} = $http->{headers};
    if ($self->{status} == 101) {
        $self->{in} = $http->{in};
        $http->{in} = '';
    } else {
        $self->{response} = $http->response;
    }
    return;
}

# Whether the server has answered this handshake.
sub accepted {
    my ($self) = @_;

    return $self->{status} == 101
        && lc($self->{headers}{upgrade} // '') eq 'websocket'
        && lc($self->{headers}{connection} // '') eq 'upgrade'
        && ($self->{headers}{'sec-websocket-accept'} // '')
            eq encode_base64(sha1($self->{key} . $GUID), '');
}

# --- sending -------------------------------------------------------------------

sub write { my ($self, $bytes) = @_; return $self->{http}->write($bytes) }

# The bytes of a frame. Options: fin (1), rsv (0), mask (a random one; a false
# value for none).
sub frame {
    my ($self, $opcode, $payload, %opt) = @_;

    my $fin = exists $opt{fin} ? $opt{fin} : 1;
    my $mask = exists $opt{mask} ? $opt{mask}
        : join '', map { chr int rand 256 } 1 .. 4;
    my $length = length $payload;
    my $head = chr(($fin ? 0x80 : 0) | ($opt{rsv} || 0) << 4
        | ($OPCODE{$opcode} // $opcode));
    my $bit = $mask ? 0x80 : 0;
    $head .= $length < 126 ? chr($bit | $length)
        : $length < 65536 ? pack('Cn', $bit | 126, $length)
        : pack('CQ>', $bit | 127, $length);
    return $head . $payload if !$mask;
    my $pad = substr $mask x (int($length / 4) + 1), 0, $length;
    return $head . $mask . ($payload ^ $pad);
}

sub send {
    my ($self, $opcode, $payload, %opt) = @_;

    return $self->write($self->frame($opcode, $payload, %opt));
}

sub send_text { my ($self, $text) = @_; return $self->send(text => $text) }

sub send_json {
    my ($self, $value) = @_;

    return $self->send(text => $JSON->encode($value));
}

# --- receiving -----------------------------------------------------------------

# The next frame: { fin, rsv, opcode (a number), masked, payload }; undef at
# the end of the connection; dies when it takes too long.
sub next_frame {
    my ($self, $timeout) = @_;

    my $until = time + ($timeout || $self->{http}{timeout});
    while (1) {
        my $frame = $self->take_frame;
        return $frame if $frame;
        return if !$self->fill($until);
    }
}

sub fill {
    my ($self, $until) = @_;

    my $n = $self->{http}->fill($until);
    $self->{in} .= $self->{http}{in};
    $self->{http}{in} = '';
    return $n;
}

# A frame that is there whole, or undef.
sub take_frame {
    my ($self) = @_;

    return if length $self->{in} < 2;
    my ($first, $second) = unpack 'CC', $self->{in};
    my ($at, $length) = (2, $second & 0x7f);
    if ($length >= 126) {
        $at = $length == 126 ? 4 : 10;
        return if length $self->{in} < $at;
        $length = unpack $length == 126 ? 'n' : 'Q>', substr $self->{in}, 2;
    }
    my $masked = $second & 0x80;
    my $mask = $masked ? substr $self->{in}, $at, 4 : '';
    $at += length $mask;
    return if length $self->{in} < $at + $length;
    my $payload = substr $self->{in}, $at, $length;
    substr $self->{in}, 0, $at + $length, '';
    $payload ^= substr $mask x (int($length / 4) + 1), 0, $length if $masked;
    return { fin => $first >> 7, rsv => $first >> 4 & 7,
             opcode => $first & 15, masked => $masked ? 1 : 0,
             payload => $payload };
}

# The next message: { opcode, payload }, fragments joined, pings answered; undef
# at a close frame (see closed) or the end of the connection.
sub message {
    my ($self, $timeout) = @_;

    my $message;
    while (my $frame = $self->next_frame($timeout)) {
        if ($frame->{opcode} == $OPCODE{ping}) {
            $self->send(pong => $frame->{payload});
        } elsif ($frame->{opcode} == $OPCODE{close}) {
            $self->{close} = $frame->{payload};
            return;
        } elsif ($frame->{opcode} <= $OPCODE{binary}) {
            $message ||= { opcode => $frame->{opcode}, payload => '' };
            $message->{payload} .= $frame->{payload};
            return $message if $frame->{fin};
        }
    }
    return;
}

# The next text message, decoded.
sub json {
    my ($self, $timeout) = @_;

    my $message = $self->message($timeout);
    return if !$message;
    return $JSON->decode($message->{payload});
}

# Messages up to the first that $code says yes to, that one included.
sub json_until {
    my ($self, $code, $timeout) = @_;

    my @messages;
    while (defined(my $message = $self->json($timeout))) {
        push @messages, $message;
        last if $code->($message);
    }
    return @messages;
}

# --- the end -------------------------------------------------------------------

# Reads up to the server's close frame: its code and reason; an empty list
# when the connection ended without one.
sub closed {
    my ($self, $timeout) = @_;

    while (!defined $self->{close}) {
        last if !$self->message($timeout) && !defined $self->{close};
    }
    return if !defined $self->{close};
    return (1005, '') if length $self->{close} < 2;
    return unpack 'n a*', $self->{close};
}

# Sends a close frame and reads up to the server's; its code and reason.
sub close {
    my ($self, $code, $reason) = @_;

    $self->send(close => defined $code ? pack('n a*', $code, $reason // '')
                                       : '');
    my @closed = $self->closed;
    $self->{http}->close;
    return @closed;
}

# Ends the connection without a word.
sub abort { my ($self) = @_; $self->{http}->close; return }

# Whether the server has closed the connection, with nothing left to read.
sub ended {
    my ($self, $timeout) = @_;

    return !defined $self->next_frame($timeout) && $self->{in} eq '';
}

1;
