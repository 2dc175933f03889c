package NodeTool::Chat;

# Conversations over /chat, for tests: an engine, scripted providers.
#
#   my $chat = NodeTool::Chat->new($t);          # or store => 'redis'
#   $chat->{mock}->script({ text => 'Hi' });
#   my $c = $chat->connect;                       # user => '2'
#   my @events = $c->ask('Hello', thread_id => 't1', model => 'gpt-4o-mini');
#   NodeTool::Chat::text(@events); NodeTool::Chat::last_message(@events);
#
# `ask` waits for the turn's end: the assistant's message that calls no tools,
# an error and its last chunk, or generation_stopped.

use strict;
use warnings;

use NodeTool::MockModels;
use NodeTool::WebSocket;


sub new {
    my ($class, $t, %opt) = @_;

    my $mock = $opt{mock} || NodeTool::MockModels->start($t, 'models');
    local %ENV = $mock->environment(%{ $opt{env} || {} });
    my $engine = $t->engine(name => $opt{name} || 'engine',
        store => $opt{store}, args => $opt{args});
    return bless { t => $t, mock => $mock, engine => $engine }, $class;
}

# A connection to the engine itself, as nginx makes one: what nginx does is
# tested elsewhere.
sub connect {
    my ($chat, %head) = @_;

    return NodeTool::Chat::Connection->new($chat->{t}, $chat->{engine}, %head);
}

sub op {
    my ($chat, $op, %head) = @_;

    return $chat->{t}->wire($chat->{engine}, { op => $op, %head });
}

# The messages of a thread.
sub messages {
    my ($chat, $thread, %head) = @_;

    my $reply = $chat->op('message.list', thread_id => $thread, %head);
    return @{ $reply->{json}{messages} || [] };
}

sub of_type {
    my ($type, @events) = @_;

    return grep { ($_->{type} // '') eq $type } @events;
}

# What the chunks say.
sub text {
    my (@events) = @_;

    return join '', map { $_->{content} }
        grep { !$_->{thinking} } of_type('chunk', @events);
}

sub last_message { return (of_type('message', @_))[-1] }

package NodeTool::Chat::Connection;

use IO::Socket::UNIX;

our @ISA = ('NodeTool::WebSocket');

sub new {
    my ($class, $t, $engine, %head) = @_;

    my $sock = IO::Socket::UNIX->new(Peer => $engine->{socket})
        or die "engine: $!";
    print {$sock} $t->encode({ op => 'ws', path => 'chat', user => '1',
        base => 'http://127.0.0.1:1', %head }), "\n";
    $sock->flush;
    my $line = '';
    # not a byte more: frames follow
    while ($line !~ /\n/) {
        sysread $sock, $line, 1, length $line or die "no reply\n";
    }
    my $reply = $t->decode($line);
    die "refused: $line" if $reply->{status} != 101;
    my $http = bless { sock => $sock, in => '', timeout => 15 },
        'NodeTool::Chat::Socket';
    return bless { http => $http, in => '' }, $class;
}

sub ended {
    my ($event) = @_;

    my $type = $event->{type} // '';
    return 1 if $type eq 'generation_stopped';
    return $event->{role} eq 'assistant' && !$event->{tool_calls}
        if $type eq 'message';
    return 0;
}

# Events up to the end of a turn.
sub turn {
    my ($c, $code, $timeout) = @_;

    my $failed = 0;
    return $c->json_until(sub {
        my ($event) = @_;
        $code->($event) if $code;
        $failed = 1 if ($event->{type} // '') eq 'error';
        return $failed ? $event->{done} : ended($event);
    }, $timeout);
}

sub ask {
    my ($c, $content, %message) = @_;

    my $code = delete $message{code};
    $c->send_json({ role => 'user', content => $content, %message });
    return $c->turn($code);
}

# As ask, but returns when the first piece of the answer is there.
sub begin {
    my ($c, $content, %message) = @_;

    $c->send_json({ role => 'user', content => $content, %message });
    return $c->json_until(sub { ($_[0]{type} // '') eq 'chunk'
        && length $_[0]{content} });
}

# Nothing comes for so long.
sub is_silent {
    my ($c, $seconds) = @_;

    my $event = eval { $c->json($seconds) };
    return !defined $event;
}

sub disconnect { $_[0]{http}{sock}->close; return }

# What NodeTool::HTTP is to a WebSocket.
package NodeTool::Chat::Socket;

use Time::HiRes qw(time);

sub write {
    my ($s, $bytes) = @_;

    my $at = 0;
    while ($at < length $bytes) {
        my $n = syswrite $s->{sock}, $bytes, length($bytes) - $at, $at;
        die "engine: $!\n" if !defined $n;
        $at += $n;
    }
    return;
}

sub fill {
    my ($s, $until) = @_;

    my $bits = '';
    vec($bits, fileno $s->{sock}, 1) = 1;
    my $left = $until - time;
    die "no message in time\n"
        if $left <= 0 || !select $bits, undef, undef, $left;
    return sysread $s->{sock}, $s->{in}, 65536, length $s->{in};
}

sub close { $_[0]{sock}->close; return }

1;
