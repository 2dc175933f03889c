package NodeTool::MockResponses;

# OpenAI's POST /v1/responses as documented, for NodeTool::MockModels.

use strict;
use warnings;

use JSON::PP ();

my $JSON = JSON::PP->new->utf8->canonical;
my $TEXT = JSON::PP->new->canonical;    # JSON within JSON

# The request's input as messages.
sub messages {
    my ($json) = @_;

    my $input = $json->{input};
    return [{ role => 'user', content => $input }] if !ref $input;
    return [map { ($_->{type} // '') eq 'function_call_output'
            ? { role => 'tool', content => $_->{output} }
            : { role => $_->{role} // 'assistant', content => $_->{content} } }
        @$input];
}

# What is written of tools and formats as chat completions have them.
sub chat {
    my ($json) = @_;

    my $format = ($json->{text} || {})->{format};
    return { %$json, messages => messages($json),
        $format ? (response_format => { type => $format->{type},
            json_schema => $format }) : (),
        tools => [map { { function => $_ } } @{ $json->{tools} || [] }] };
}

sub items {
    my ($reply) = @_;

    my $i = 0;
    return (defined $reply->{text} ? { type => 'message', id => 'msg_mock',
            status => 'completed', role => 'assistant', content => [{ type =>
            'output_text', text => $reply->{text}, annotations => [],
            logprobs => [] }] } : (),
        map { { type => 'function_call', id => 'fc_' . ++$i, call_id =>
            'call_' . $i, name => $_->{name}, status => 'completed',
            arguments => $TEXT->encode($_->{arguments} || {}) } }
            @{ $reply->{tool_calls} || [] });
}

# The events of one item, the n-th.
sub item_events {
    my ($n, $item) = @_;

    my %of = (item_id => $item->{id}, output_index => $n);
    my $add = { %$item, status => 'in_progress' };
    my @events;
    if ($item->{type} eq 'message') {
        my ($part) = @{ $item->{content} };
        my %in = (%of, content_index => 0);
        $add->{content} = [];
        @events = (['response.content_part.added', %in, part => { %$part, text => '' }],
            (map { ['response.output_text.delta', %in, delta => $_, logprobs => []] }
                $part->{text} =~ /(\s*\S+\s*|\s+)/g),
            ['response.output_text.done', %in, text => $part->{text}, logprobs => []],
            ['response.content_part.done', %in, part => $part]);
    } else {
        $add->{arguments} = '';
        @events = ((map { ['response.function_call_arguments.delta', %of, delta => $_] }
                $item->{arguments} =~ /(.{1,7})/gs),
            ['response.function_call_arguments.done', %of, name => $item->{name},
                arguments => $item->{arguments}]);
    }
    return (['response.output_item.added', output_index => $n, item => $add],
        @events, ['response.output_item.done', output_index => $n, item => $item]);
}

sub answer {
    my ($c, $req, $reply) = @_;

    my $json = $req->{json};
    my @items = items($reply);
    my ($in, $out) = @{ $reply->{usage} };
    my %head = (id => 'resp_mock', object => 'response', created_at => 1741476777,
        model => $json->{model}, error => undef, incomplete_details => undef,
        instructions => $json->{instructions}, metadata => {}, tools => [],
        tool_choice => 'auto', parallel_tool_calls => JSON::PP::true(),
        temperature => 1, top_p => 1);
    my %done = (%head, status => 'completed', output => \@items, usage => {
        input_tokens => $in, input_tokens_details => { cached_tokens => 0 },
        output_tokens => $out, output_tokens_details => { reasoning_tokens => 0 },
        total_tokens => $in + $out });
    return $c->json(200, \%done) if !$json->{stream};

    my $begun = { %head, status => 'in_progress', output => [], usage => undef };
    my $n = 0;
    my @events = (['response.created', response => $begun],
        ['response.in_progress', response => $begun],
        (map { item_events($n++, $_) } @items),
        ['response.completed', response => \%done]);
    $c->stream;
    my $number = 0;
    for my $event (@events) {
        my ($type, %more) = @$event;
        return $c->close if defined $reply->{cut} && $number >= $reply->{cut};
        $c->chunk("event: $type\ndata: " . $JSON->encode({ type => $type, %more,
            sequence_number => $number++ }) . "\n\n") or return;
    }
    $c->write("0\r\n\r\n");
    return;
}

1;
