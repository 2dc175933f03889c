package NodeTool::Completion;

# Streams of chat completions, for tests.
#
#   my @chunks = chunks($body);        # objects, '[DONE]'
#   message(@chunks)->{content};
#   finish(@chunks);                   # "stop" ...

use strict;
use warnings;

use Exporter qw(import);
use JSON::PP ();

our @EXPORT_OK = qw(chunks message finish);

my $JSON = JSON::PP->new->utf8->allow_nonref;

sub chunks {
    my ($body) = @_;

    return map { $_ eq '[DONE]' ? $_ : $JSON->decode($_) }
        $body =~ /^data: (.*)$/mg;
}

# What the deltas say, as one message.
sub message {
    my (@chunks) = @_;

    my %message;
    for my $delta (map { $_->{choices}[0]{delta} || () }
        grep { ref && @{ $_->{choices} || [] } } @chunks)
    {
        $message{$_} .= $delta->{$_} // ''
            for grep { !ref $delta->{$_} } keys %$delta;
        for my $call (@{ $delta->{tool_calls} || [] }) {
            my $mine = $message{tool_calls}[$call->{index}] ||= {};
            $mine->{id} = $call->{id} if $call->{id};
            $mine->{$_} .= $call->{function}{$_} // '' for qw(name arguments);
        }
    }
    return \%message;
}

sub finish {
    return (map { $_->{choices}[0]{finish_reason} // () }
    grep { ref && @{ $_->{choices} || [] } } @_)[-1];
}

1;
