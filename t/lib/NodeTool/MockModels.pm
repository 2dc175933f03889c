package NodeTool::MockModels;

# Providers of models in one server: OpenAI (and Mistral, Hugging Face and
# others that are like it), Anthropic, Gemini, Ollama, each in its documented
# wire format; media are in NodeTool::MockMedia.
#
#   my $mock = NodeTool::MockModels->start($t, 'models');
#   local %ENV = (%ENV, $mock->env);         # keys and addresses
#   $mock->script({ text => 'Hi' }, ...);    # the next replies, in order
#   $mock->requests;     # { dialect, method, path, headers, json, body, parts }
#
# A reply: text, reasoning, tool_calls [{ name, arguments, id? }], images
# [bytes], citations [[url, title]], finish ("length" ...), usage [in, out];
# or what goes wrong: status (429 ...) with headers {}, error (a message);
# cut (the connection is closed after so many events; with ends, in good order),
# fail (a message: an error within the stream, after cut events), hang (seconds
# of silence before the reply), pause (seconds after each event). How the bytes
# of a stream come: size (that many at once), crlf (lines end so), bom.
#
# Without a script the model answers "You said: " and the last user's text;
# where it has to call a tool, or to answer in JSON, it makes a sample of the
# schema. A last user's text "mock {...}" is itself the reply, in JSON, with
# which a client says what it wants to get; with times and id only so many
# times. Results of tools are then answered with "It returned: " and them.

use strict;
use warnings;

use Fcntl qw(:flock);
use JSON::PP ();
use MIME::Base64 qw(encode_base64);
use Time::HiRes qw(sleep);

use NodeTool::MockMedia;
use NodeTool::MockOpenAI;
use NodeTool::MockResponses;

my $JSON = JSON::PP->new->utf8->canonical->allow_nonref;

my $TEXT = JSON::PP->new->canonical->allow_nonref;    # JSON within JSON

my %CHAT = (openai => \&openai_chat, anthropic => \&anthropic_chat,
    gemini => \&gemini_chat, ollama => \&ollama_chat);

sub start {
    my ($class, $t, $name, %opt) = @_;

    my $mock = bless { script => "$t->{dir}/$name-script",
        port => $t->port($name) }, $class;
    $mock->{server} = NodeTool::MockOpenAI->start($t, $name, sub {
        my ($c, $req) = @_;
        $mock->answer($c, $req);
    });
    $mock->script;
    return $mock;
}

sub url {
    my ($mock, $path) = @_;

    return "http://127.0.0.1:$mock->{port}$path";
}

# What to give an engine, or the process that runs graphs.
sub env {
    my ($mock) = @_;

    return (OPENAI_API_KEY => 'key-openai',
        OPENAI_BASE_URL => $mock->url('/openai/v1'),
        ANTHROPIC_API_KEY => 'key-anthropic',
        ANTHROPIC_BASE_URL => $mock->url('/anthropic'),
        GEMINI_API_KEY => 'key-gemini',
        GEMINI_BASE_URL => $mock->url('/gemini'),
        OLLAMA_API_URL => $mock->url('/ollama'),
        MISTRAL_API_KEY => 'key-mistral',
        MISTRAL_BASE_URL => $mock->url('/mistral/v1'),
        HF_TOKEN => 'key-huggingface', HF_BASE_URL => $mock->url('/hf/v1'),
        FAL_API_KEY => 'key-fal', FAL_BASE_URL => $mock->url('/fal'),
        KIE_API_KEY => 'key-kie', KIE_BASE_URL => $mock->url('/kie'));
}

# The environment of this process with that in the place of what it has of
# providers, and more.
sub environment {
    my ($mock, %more) = @_;

    my %env = map { $_ => $ENV{$_} }
        grep { !/_(?:API_KEY|BASE_URL|API_URL)$|^NODETOOL_/ || /_BUILD$|_SAN$/ }
        keys %ENV;
    return (%env, $mock->env, %more);
}

# The replies to come; those of an earlier script are gone.
sub script {
    my ($mock, @replies) = @_;

    open my $fh, '>', $mock->{script} or die "$mock->{script}: $!";
    print {$fh} map { $JSON->encode($_) . "\n" } @replies;
    close $fh;
    return;
}

# How many of the script's replies have not been asked for.
sub left {
    my ($mock) = @_;

    open my $fh, '<', $mock->{script} or die "$mock->{script}: $!";
    my @lines = <$fh>;
    return scalar @lines;
}

sub requests {
    my ($mock) = @_;

    return map { { %$_, parts => [NodeTool::MockMedia::parts($_)],
            dialect => (split m{/}, $_->{path})[1] } }
        $mock->{server}->requests;
}

sub closed { return $_[0]{server}->closed }

sub forget { my ($mock) = @_; unlink $mock->{server}{log}; return }

# Takes the next reply off the script.
sub take {
    my ($mock) = @_;

    open my $fh, '+<', $mock->{script} or die "$mock->{script}: $!";
    flock $fh, LOCK_EX;
    my @lines = <$fh>;
    my $next = shift @lines;
    seek $fh, 0, 0;
    truncate $fh, 0;
    print {$fh} @lines;
    close $fh;
    return defined $next ? $JSON->decode($next) : undef;
}

sub answer {
    my ($mock, $c, $req) = @_;

    # bodies with media in them are longer than what MockOpenAI reads
    $req->{json} ||= eval { $JSON->decode($req->{body}) };
    my ($dialect, $path) = $req->{path} =~ m{^/(\w+)(/.*)$};
    $dialect = 'openai' if $dialect =~ /^(mistral|hf)$/
        && $path =~ m{/(chat/completions|embeddings|models)$};

    my $responses = $dialect eq 'openai' && $path =~ m{/responses$};
    local $req->{json} = NodeTool::MockResponses::chat($req->{json}) if $responses;
    my $chat = $responses || $path =~ m{/chat/completions$|/v1/messages$|/api/chat$}
        || $path =~ m{:(stream)?generateContent\b}i
            && !NodeTool::MockMedia::speaks($req);
    return NodeTool::MockMedia::answer($mock, $c, $req, $dialect, $path)
        if !$chat && !embeddings($c, $req, $dialect, $path);
    return if !$chat;

    my $reply = $mock->take || $mock->wish($dialect, $req->{json})
        || sample_reply($dialect, $req->{json});
    sleep $reply->{hang} if $reply->{hang};
    return failure($c, $dialect, $reply) if ($reply->{status} || 200) != 200;
    return $c->json(422, { detail => [{ loc => ['body', 'stream_options'],
        type => 'extra_forbidden' }] }) if $req->{path} =~ m{^/mistral/}
        && $req->{json}{stream_options};
    $reply->{usage} ||= [11, 7];
    $reply->{tool_calls} ||= [];
    return NodeTool::MockResponses::answer($c, $req, $reply) if $responses;
    return $CHAT{$dialect}->($c, $req, $reply);
}

# --- replies without a script ------------------------------------------------

sub texts_of {
    my ($content) = @_;

    return $content // '' if !ref $content;
    return join '', map { $_->{text} // '' } @$content;
}

# The last message of a user's own, as text.
sub last_text {
    my ($json) = @_;

    my ($last) = grep { length } map { texts_of($_->{content} // $_->{parts}) }
        grep { ($_->{role} // 'user') eq 'user' }
        reverse @{ $json->{messages} || $json->{contents} };
    return $last // '';
}

# What tools returned since then, each as text.
sub results {
    my ($json) = @_;

    my @messages = reverse @{ $json->{messages} || $json->{contents} };
    my @results;
    for my $message (@messages) {
        if (($message->{role} // '') eq 'tool') {
            unshift @results, texts_of($message->{content});
            next;
        }
        my $parts = $message->{parts} || $message->{content};
        last if ref $parts ne 'ARRAY';
        my @found = map { $_->{functionResponse}
                ? $TEXT->encode($_->{functionResponse}{response})
                : texts_of($_->{content}) }
            grep { $_->{functionResponse} || ($_->{type} // '') eq 'tool_result' }
            @$parts;
        last if !@found;
        unshift @results, @found;
    }
    return @results;
}

# The reply that the client wants, if it says so.
sub wish {
    my ($mock, $dialect, $json) = @_;

    my ($wish) = last_text($json) =~ /^mock (\{.*\})$/s or return;
    my @results = results($json);
    return { text => 'It returned: ' . join ', ', @results } if @results;
    my $reply = $TEXT->decode($wish);
    if ($reply->{times}) {
        open my $fh, '>>', "$mock->{script}-$reply->{id}" or die "$reply->{id}: $!";
        syswrite $fh, '.';
        return { text => 'At last' } if -s $fh > $reply->{times};
    }
    return $reply;
}

sub sample_reply {
    my ($dialect, $json) = @_;

    my $text = last_text($json);
    my ($schema, $tool) = wanted($dialect, $json);
    return { text => $TEXT->encode(sample($schema)) } if $schema;
    return { tool_calls => [{ name => $tool->[0],
        arguments => sample($tool->[1]) }] } if $tool;
    return { text => "You said: $text" };
}

# The schema of the answer, or name and parameters of the tool to be called.
sub wanted {
    my ($dialect, $json) = @_;

    my ($choice, $tools, $schema);
    if ($dialect eq 'anthropic') {
        $schema = ($json->{output_config}{format} || {})->{schema};
        $choice = ($json->{tool_choice} || {})->{type} // '';
        $tools = { map { $_->{name} => $_->{input_schema} }
            @{ $json->{tools} || [] } };
        return ($schema, undef) if $choice !~ /^(any|tool)$/;
        my $name = $json->{tool_choice}{name} // (sort keys %$tools)[0];
        return ($schema, [$name, $tools->{$name}]);
    }
    if ($dialect eq 'gemini') {
        my $config = $json->{generationConfig} || {};
        $schema = $config->{responseJsonSchema} || $config->{responseSchema};
        $schema ||= { type => 'object' }
            if ($config->{responseMimeType} || '') eq 'application/json';
        my $calling = ($json->{toolConfig} || {})->{functionCallingConfig};
        return ($schema, undef) if ($calling->{mode} // '') ne 'ANY';
        my @tools = map { @{ $_->{functionDeclarations} || [] } }
            @{ $json->{tools} };
        my $name = ($calling->{allowedFunctionNames} || [])->[0]
            // $tools[0]{name};
        my ($tool) = grep { $_->{name} eq $name } @tools;
        return ($schema, [$name, $tool->{parametersJsonSchema}
            || $tool->{parameters}]);
    }
    if ($dialect eq 'ollama') {
        my $format = $json->{format};
        return (ref $format ? $format : $format ? { type => 'object' } : undef,
            undef);
    }
    my $format = $json->{response_format} || {};
    $schema = $format->{json_schema}{schema} if $format->{json_schema};
    $schema ||= { type => 'object' } if ($format->{type} // '') eq 'json_object';
    $choice = $json->{tool_choice} // 'auto';
    return ($schema, undef) if !ref $choice && $choice !~ /^(required|any)$/;
    my @tools = map { $_->{function} } @{ $json->{tools} };
    my $name = ref $choice ? $choice->{function}{name} : $tools[0]{name};
    my ($tool) = grep { $_->{name} eq $name } @tools;
    return ($schema, [$name, $tool->{parameters}]);
}

# A value that a schema allows.
sub sample {
    my ($schema, $defs) = @_;

    $schema = {} if ref $schema ne 'HASH';
    $defs ||= $schema->{'$defs'} || {};
    return sample($defs->{ (split m{/}, $schema->{'$ref'})[-1] }, $defs)
        if $schema->{'$ref'};
    return $schema->{const} if exists $schema->{const};
    return $schema->{enum}[0] if $schema->{enum};
    for my $any (qw(anyOf oneOf allOf)) {
        return sample($schema->{$any}[0], $defs) if $schema->{$any};
    }
    my $type = $schema->{type} // ($schema->{properties} ? 'object' : 'string');
    $type = $type->[0] if ref $type;
    return { map { $_ => sample($schema->{properties}{$_}, $defs) }
        keys %{ $schema->{properties} || {} } } if $type eq 'object';
    return [map { sample($schema->{items}, $defs) }
        1 .. ($schema->{minItems} || 1)] if $type eq 'array';
    return int($schema->{minimum} // 1) + 0 if $type =~ /^(integer|number)$/;
    return JSON::PP::true() if $type eq 'boolean';
    return undef if $type eq 'null';
    return 'sample';
}

# --- what goes wrong ---------------------------------------------------------

sub error_body {
    my ($dialect, $status, $message) = @_;

    my %types = (400 => 'invalid_request_error', 401 => 'authentication_error',
        404 => 'not_found_error', 429 => 'rate_limit_error',
        529 => 'overloaded_error');
    return { type => 'error', error => { type => $types{$status} || 'api_error',
        message => $message }, request_id => 'req_1' }
        if $dialect eq 'anthropic';
    return { error => { code => $status, message => $message,
        status => $status == 429 ? 'RESOURCE_EXHAUSTED' : 'INTERNAL' } }
        if $dialect eq 'gemini';
    return { error => $message } if $dialect eq 'ollama';
    return { error => { message => $message, type => 'mock', param => undef,
        code => undef } };
}

sub failure {
    my ($c, $dialect, $reply) = @_;

    return $c->json($reply->{status}, error_body($dialect, $reply->{status},
        $reply->{error} // "mock error $reply->{status}"),
        %{ $reply->{headers} || {} });
}

# Sends the events as scripted; true when the stream came to its end.
sub stream_events {
    my ($c, $dialect, $reply, $frame, @events) = @_;

    $c->stream($reply->{ends} ? (Connection => 'close') : ());
    $c->chunk("\xef\xbb\xbf") if $reply->{bom};
    my $n = 0;
    for my $event (@events) {
        if (defined $reply->{cut} && $n++ >= $reply->{cut}) {
            if (defined $reply->{fail}) {
                $c->chunk($frame->(error_body($dialect, 529, $reply->{fail})));
            }
            $c->write("0\r\n\r\n") if $reply->{ends};
            $c->close;
            return 0;
        }
        my $bytes = $frame->($event);
        $bytes =~ s/\n/\r\n/g if $reply->{crlf};
        for my $piece ($reply->{size} ? unpack "(a$reply->{size})*", $bytes
            : $bytes) {
            $c->chunk($piece) or return 0;
        }
        sleep $reply->{pause} if $reply->{pause};
    }
    return 1;
}

sub data_frame { return 'data: ' . $JSON->encode($_[0]) . "\n\n" }

sub pieces { return $_[0] =~ /(\s*\S+\s*|\s+)/g }

# --- OpenAI ------------------------------------------------------------------

sub openai_calls {
    my ($reply, $index) = @_;

    my $i = 0;
    return map { { ($index ? (index => $i + 0) : ()),
            id => $_->{id} // 'call_mock' . $i++ . '_' . int rand 1e9,
            type => 'function', function => { name => $_->{name},
                arguments => $TEXT->encode($_->{arguments} || {}) } } }
        @{ $reply->{tool_calls} };
}

sub openai_usage {
    my ($reply) = @_;

    my ($in, $out) = @{ $reply->{usage} };
    return { prompt_tokens => $in, completion_tokens => $out,
        total_tokens => $in + $out };
}

sub openai_extra {
    my ($reply) = @_;

    return ($reply->{images} ? (images => [map { { type => 'image_url',
            image_url => { url => 'data:image/png;base64,'
                . encode_base64($_, '') } } } @{ $reply->{images} }]) : (),
        $reply->{citations} ? (annotations => [map { { type => 'url_citation',
            url_citation => { url => $_->[0], title => $_->[1],
                start_index => 0, end_index => 1 } } }
            @{ $reply->{citations} }]) : ());
}

sub openai_chat {
    my ($c, $req, $reply) = @_;

    my $json = $req->{json};
    my @calls = openai_calls($reply, $json->{stream});
    my $finish = $reply->{finish} // (@calls ? 'tool_calls' : 'stop');
    my %head = (id => 'chatcmpl-mock', created => 1700000000,
        model => $json->{model});

    if (!$json->{stream}) {
        return $c->json(200, { %head, object => 'chat.completion', choices =>
            [{ index => 0, finish_reason => $finish, message => {
                role => 'assistant', content => $reply->{text},
                (@calls ? (tool_calls => \@calls) : ()),
                openai_extra($reply) } }], usage => openai_usage($reply) });
    }

    # Mistral tells it unasked, with the last piece
    my $mistral = $req->{path} =~ m{^/mistral/};
    my $asked = ($json->{stream_options} || {})->{include_usage};
    my $chunk = sub {
        my ($delta, $why) = @_;
        return { %head, object => 'chat.completion.chunk', choices => [{
            index => 0, delta => $delta, finish_reason => $why }],
            ($asked ? (usage => undef) : ()) };
    };
    my @events = $chunk->({ role => 'assistant', content => '' });
    push @events, map { $chunk->({ reasoning_content => $_ }) }
        pieces($reply->{reasoning} // '');
    push @events, map { $chunk->({ content => $_ }) }
        pieces($reply->{text} // '');
    for my $call (@calls) {
        my $arguments = $call->{function}{arguments};
        push @events, $chunk->({ tool_calls => [{ %$call, function => {
            name => $call->{function}{name}, arguments => '' } }] });
        push @events, map { $chunk->({ tool_calls => [{
            index => $call->{index}, function => { arguments => $_ } }] }) }
            $arguments =~ /(.{1,7})/gs;
    }
    my %extra = openai_extra($reply);
    push @events, $chunk->(\%extra) if %extra;
    push @events, $chunk->({}, $finish);
    $events[-1]{usage} = openai_usage($reply) if $mistral;
    push @events, { %head, object => 'chat.completion.chunk', choices => [],
        usage => openai_usage($reply) } if $asked;
    $c->done if stream_events($c, 'openai', $reply, \&data_frame, @events);
    return;
}

# --- Anthropic ---------------------------------------------------------------

sub anthropic_blocks {
    my ($reply) = @_;

    my $i = 0;
    return (
        defined $reply->{reasoning} ? { type => 'thinking',
            thinking => $reply->{reasoning}, signature => 'mock-signature' }
            : (),
        defined $reply->{text} ? { type => 'text', text => $reply->{text} }
            : (),
        map { { type => 'tool_use', id => $_->{id} // 'toolu_' . $i++ . '_'
                . int rand 1e9, name => $_->{name},
                input => $_->{arguments} || {} } } @{ $reply->{tool_calls} });
}

sub anthropic_frame {
    my ($event) = @_;

    return "event: $event->{type}\ndata: " . $JSON->encode($event) . "\n\n";
}

# The events of one block.
sub anthropic_block_events {
    my ($i, $block) = @_;

    my $delta = sub {
        return { type => 'content_block_delta', index => $i, delta => $_[0] };
    };
    my ($start, @deltas);
    if ($block->{type} eq 'tool_use') {
        $start = { %$block, input => {} };
        @deltas = map { { type => 'input_json_delta', partial_json => $_ } }
            %{ $block->{input} }
            ? $TEXT->encode($block->{input}) =~ /(.{1,7})/gs : ();
    } elsif ($block->{type} eq 'thinking') {
        $start = { type => 'thinking', thinking => '', signature => '' };
        @deltas = ((map { { type => 'thinking_delta', thinking => $_ } }
                pieces($block->{thinking})),
            { type => 'signature_delta', signature => $block->{signature} });
    } else {
        $start = { type => 'text', text => '' };
        @deltas = map { { type => 'text_delta', text => $_ } }
            pieces($block->{text});
    }
    return ({ type => 'content_block_start', index => $i,
            content_block => $start }, map({ $delta->($_) } @deltas),
        { type => 'content_block_stop', index => $i });
}

sub anthropic_chat {
    my ($c, $req, $reply) = @_;

    my %reasons = (stop => 'end_turn', length => 'max_tokens',
        tool_calls => 'tool_use', content_filter => 'refusal');
    my @blocks = anthropic_blocks($reply);
    my $reason = $reasons{ $reply->{finish}
        // (@{ $reply->{tool_calls} } ? 'tool_calls' : 'stop') };
    my ($in, $out) = @{ $reply->{usage} };
    my %head = (id => 'msg_mock', type => 'message', role => 'assistant',
        model => $req->{json}{model}, stop_sequence => undef);

    if (!$req->{json}{stream}) {
        return $c->json(200, { %head, content => \@blocks,
            stop_reason => $reason, usage => { input_tokens => $in,
                output_tokens => $out } });
    }
    my $i = 0;
    stream_events($c, 'anthropic', $reply, \&anthropic_frame,
        { type => 'message_start', message => { %head, content => [],
            stop_reason => undef, usage => { input_tokens => $in,
                output_tokens => 1 } } },
        { type => 'ping' },
        map({ anthropic_block_events($i++, $_) } @blocks),
        { type => 'message_delta', delta => { stop_reason => $reason,
            stop_sequence => undef }, usage => { output_tokens => $out } },
        { type => 'message_stop' }) and $c->write("0\r\n\r\n");
    return;
}

# --- Gemini ------------------------------------------------------------------

sub gemini_parts {
    my ($reply) = @_;

    my $first = 1;
    return (
        map({ { text => $_, thought => JSON::PP::true() } }
            pieces($reply->{reasoning} // '')),
        map({ { text => $_ } } pieces($reply->{text} // '')),
        map({ { inlineData => { mimeType => 'image/png',
                data => encode_base64($_, '') } } } @{ $reply->{images} || [] }),
        map { { functionCall => { name => $_->{name},
                    args => $_->{arguments} || {} },
                ($first-- > 0 ? (thoughtSignature => 'mock-signature') : ()) } }
            @{ $reply->{tool_calls} });
}

sub gemini_chat {
    my ($c, $req, $reply) = @_;

    my %reasons = (stop => 'STOP', length => 'MAX_TOKENS',
        content_filter => 'SAFETY', tool_calls => 'STOP');
    my ($in, $out) = @{ $reply->{usage} };
    my %tail = (modelVersion => 'mock', responseId => 'resp_mock',
        usageMetadata => { promptTokenCount => $in,
            candidatesTokenCount => $out, totalTokenCount => $in + $out });
    my %end = (finishReason => $reasons{ $reply->{finish} // 'stop' },
        ($reply->{citations} ? (groundingMetadata => { groundingChunks => [
            map { { web => { uri => $_->[0], title => $_->[1] } } }
                @{ $reply->{citations} }] }) : ()));
    my @parts = gemini_parts($reply);
    my $candidate = sub {
        my ($parts, @more) = @_;
        return { candidates => [{ index => 0, content => { role => 'model',
            parts => $parts }, @more }], %tail };
    };

    return $c->json(200, $candidate->(\@parts, %end))
        if $req->{path} !~ /:streamGenerateContent/;
    return $c->json(400, error_body('gemini', 400, 'alt=sse is missing'))
        if $req->{path} !~ /alt=sse/;
    stream_events($c, 'gemini', $reply, \&data_frame,
        map({ $candidate->([$_]) } @parts),
        $candidate->([{ text => '' }], %end)) and $c->write("0\r\n\r\n");
    return;
}

# --- Ollama ------------------------------------------------------------------

sub ollama_chat {
    my ($c, $req, $reply) = @_;

    my $json = $req->{json};
    my $streams = !defined $json->{stream} || $json->{stream};
    my ($in, $out) = @{ $reply->{usage} };
    my $line = sub {
        my ($message, %more) = @_;
        return { model => $json->{model}, created_at =>
            '2026-01-01T00:00:00.000Z', message => { role => 'assistant',
                content => '', %$message }, done => JSON::PP::false(), %more };
    };
    my @calls = map { { function => { name => $_->{name},
        arguments => $_->{arguments} || {} } } } @{ $reply->{tool_calls} };
    my %end = (done => JSON::PP::true(), done_reason => ($reply->{finish}
            || '') eq 'length' ? 'length' : 'stop', total_duration => 5,
        prompt_eval_count => $in, eval_count => $out);

    return $c->json(200, $line->({ content => $reply->{text} // '',
        (@calls ? (tool_calls => \@calls) : ()) }, %end)) if !$streams;
    stream_events($c, 'ollama', $reply, sub { $JSON->encode($_[0]) . "\n" },
        map({ $line->({ thinking => $_ }) } pieces($reply->{reasoning} // '')),
        map({ $line->({ content => $_ }) } pieces($reply->{text} // '')),
        (@calls ? $line->({ tool_calls => \@calls }) : ()),
        $line->({}, %end)) and $c->write("0\r\n\r\n");
    return;
}

# --- embeddings --------------------------------------------------------------

# Three numbers that say how long a text is, how many words it has, and how
# many of its letters are vowels.
sub vector {
    my ($text) = @_;

    my $words = () = $text =~ /\S+/g;
    my $vowels = $text =~ tr/aeiouAEIOU//;
    return [length($text) / 2, $words + 0, $vowels / 4];
}

sub embeddings {
    my ($c, $req, $dialect, $path) = @_;

    my $json = $req->{json};
    if ($path =~ m{/embeddings$}) {
        my $input = $json->{input};
        my $base64 = ($json->{encoding_format} // '') eq 'base64';
        my $i = 0;
        $c->json(200, { object => 'list', model => $json->{model},
            data => [map { { object => 'embedding', index => $i++,
                embedding => $base64 ? encode_base64(pack('f<*',
                    @{ vector($_) }), '') : vector($_) } }
                ref $input ? @$input : $input],
            usage => { prompt_tokens => 5, total_tokens => 5 } });
    } elsif ($path =~ m{/api/embed$}) {
        my $input = $json->{input};
        $c->json(200, { model => $json->{model}, embeddings => [map {
            vector($_) } ref $input ? @$input : $input],
            prompt_eval_count => 5 });
    } elsif ($path =~ /:batchEmbedContents/) {
        $c->json(200, { embeddings => [map { { values => vector(
            join '', map { $_->{text} } @{ $_->{content}{parts} }) } }
            @{ $json->{requests} }] });
    } else {
        return 0;
    }
    return 1;
}

1;
