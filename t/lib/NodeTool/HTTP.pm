package NodeTool::HTTP;

# An HTTP/1.1 client that hides nothing: raw status and headers, chunked
# bodies decoded as they arrive, reads with time-outs.

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use JSON::PP ();
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(time);

sub connect_to {
    my ($class, $port, %opt) = @_;

    my $sock = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port",
        Timeout => 10) or die "connect to $port: $!";
    setsockopt $sock, IPPROTO_TCP, TCP_NODELAY, 1;
    return bless { sock => $sock, in => '', out => '', timeout =>
        $opt{timeout} || 20, eof => 0 }, $class;
}

# Connects and sends a request; the answer is read by the methods below.
sub open {
    my ($class, $port, $method, $path, %opt) = @_;

    my $self = $class->connect_to($port, %opt);
    $self->send_request($method, $path, %opt);
    return $self;
}

# Options: headers [name, value, ...], body, behind (bytes after the request).
sub send_request {
    my ($self, $method, $path, %opt) = @_;

    my @headers = @{ $opt{headers} || [] };
    my %given = map { lc $headers[2 * $_] => 1 } 0 .. @headers / 2 - 1;
    my $head = "$method $path HTTP/1.1\r\n";
    $head .= "Host: localhost\r\n" if !$given{host};
    $head .= "Connection: close\r\n" if !$given{connection};
    if (defined $opt{body} && !$given{'content-length'}
        && !$given{'transfer-encoding'})
    {
        $head .= 'Content-Length: ' . length($opt{body}) . "\r\n";
    }
    while (my ($name, $value) = splice @headers, 0, 2) {
        $head .= "$name: $value\r\n";
    }
    @$self{qw(method status headers chunked left done)} = ($method);
    $self->{out} = '';
    $self->write("$head\r\n" . ($opt{body} // '') . ($opt{behind} // ''));
    return;
}

sub write {
    my ($self, $bytes) = @_;

    local $SIG{PIPE} = 'IGNORE';
    my $sent = 0;
    while ($sent < length $bytes) {
        my $n = syswrite $self->{sock}, $bytes, 65536, $sent;
        last if !defined $n;    # the server may answer before it reads all
        $sent += $n;
    }
    return $sent;
}

sub close { my ($self) = @_; CORE::close($self->{sock}); return }

# More bytes into {in}; false at the end of the connection.
sub fill {
    my ($self, $until) = @_;

    return 0 if $self->{eof};
    my $wait = $until - time;
    die "timed out reading\n"
        if $wait <= 0 || !IO::Select->new($self->{sock})->can_read($wait);
    my $n = sysread $self->{sock}, $self->{in}, 65536, length $self->{in};
    $self->{eof} = 1 if !$n;
    return $n;
}

# Reads status line and headers.
sub head {
    my ($self) = @_;

    return $self->{status} if defined $self->{status};
    my $until = time + $self->{timeout};
    while (1) {
        while ($self->{in} !~ /\r\n\r\n/) {
            die "connection closed before a response head\n"
                if !$self->fill($until);
        }
        $self->{in} =~ s/^(.*?)\r\n\r\n//s;
        my ($line, @lines) = split /\r\n/, $1;
        my ($status) = $line =~ m{^HTTP/1\.[01] (\d{3})}
            or die "bad status line: $line\n";
        next if $status == 100;
        my %headers;
        for (@lines) {
            my ($name, $value) = /^([^:]+):\s*(.*?)\s*$/ or die "bad header: $_\n";
            $name = lc $name;
            $headers{$name} = defined $headers{$name}
                ? "$headers{$name}, $value" : $value;
        }
        @$self{qw(status headers)} = ($status, \%headers);
        last;
    }
    my $h = $self->{headers};
    $self->{chunked} = ($h->{'transfer-encoding'} || '') =~ /chunked/i;
    $self->{left} = $h->{'content-length'} if !$self->{chunked};
    $self->{left} = 0 if $self->{method} eq 'HEAD'
        || $self->{status} == 204 || $self->{status} == 304;
    $self->{chunked} = 0 if $self->{method} eq 'HEAD';
    return $self->{status};
}

# Moves decoded body bytes from {in} to {out}; true when that made progress.
sub decode {
    my ($self) = @_;

    return 0 if $self->{done};
    if (!$self->{chunked}) {
        my $n = length $self->{in};
        $n = $self->{left} if defined $self->{left} && $self->{left} < $n;
        $self->{out} .= substr $self->{in}, 0, $n, '';
        $self->{left} -= $n if defined $self->{left};
        $self->{done} = 1 if defined $self->{left} && $self->{left} == 0;
        $self->{done} = 1 if !defined $self->{left} && $self->{eof};
        return $n || $self->{done};
    }
    return 0 if $self->{in} !~ /^([0-9A-Fa-f]+)[^\r\n]*\r\n/;
    my ($line, $size) = ($&, hex $1);
    return 0 if length $self->{in} < length($line) + $size + 2;
    $self->{out} .= substr $self->{in}, length $line, $size;
    substr $self->{in}, 0, length($line) + $size + 2, '';
    $self->{done} = 1 if $size == 0;
    return 1;
}

# Body bytes up to and including what $re matches; dies on time-out; undef
# when the body ends before.
sub read_until {
    my ($self, $re, $timeout) = @_;

    $self->head;
    my $until = time + ($timeout || $self->{timeout});
    while (1) {
        1 while $self->decode;
        if ($self->{out} =~ s/^(.*?$re)//s) {
            return $1;
        }
        return if $self->{done} || $self->{eof};
        $self->fill($until);
    }
}

# The rest of the body. {truncated} is set when the connection ended early.
sub rest {
    my ($self) = @_;

    $self->head;
    my $until = time + $self->{timeout};
    while (1) {
        1 while $self->decode;
        last if $self->{done} || $self->{eof};
        $self->fill($until);
    }
    $self->{truncated} = !$self->{done};
    my $out = $self->{out};
    $self->{out} = '';
    return $out;
}

# Everything: { status, headers, body, json, truncated }
sub response {
    my ($self) = @_;

    $self->head;
    my $body = $self->rest;
    my $type = $self->{headers}{'content-type'} || '';
    my $json;
    $json = eval { JSON::PP->new->utf8->allow_nonref->decode($body) }
        if $type =~ m{^application/json};
    return { status => $self->{status}, headers => $self->{headers},
             body => $body, json => $json, truncated => $self->{truncated} };
}

# The next server-sent event: { id, event, data, comment }, undef at the end.
sub event {
    my ($self, $timeout) = @_;

    my $block = $self->read_until(qr/\n\n/, $timeout);
    return if !defined $block;
    my %event;
    for (split /\n/, $block) {
        if (/^:(.*)/) { $event{comment} = $1; next }
        my ($name, $value) = /^(\w+):\s?(.*)$/ or next;
        $event{$name} = defined $event{$name} && $name eq 'data'
            ? "$event{$name}\n$value" : $value;
    }
    return \%event;
}

# All events to the end of the stream, comments left out.
sub events {
    my ($self) = @_;

    my @events;
    while (my $event = $self->event) {
        push @events, $event if defined $event->{data};
    }
    return @events;
}

1;
