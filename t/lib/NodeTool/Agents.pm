package NodeTool::Agents;

# Agents against scripted providers, for tests.
#
#   my $a = NodeTool::Agents->new($t);
#   my $r = $a->ask('anthropic', 'nodetool.agents.Agent', { prompt => 'Hi' },
#       outputs => ['text'], script => [{ text => 'Hello' }]);
#   $r->{results}{text}; $r->{sent}[0]{json}; $a->texts($r->{sent}[0]);

use strict;
use warnings;

use NodeTool::Graph qw(graph node);
use NodeTool::MockModels;

our %MODELS = (openai => 'gpt-4o-mini', anthropic => 'claude-sonnet-4-5',
    gemini => 'gemini-2.5-flash', ollama => 'llama3.2');
our @DIALECTS = sort keys %MODELS;

# {env}: more settings; {allow}: networks that workflows may reach; {mock}: the
# provider of another, as servers have to be started before graphs are.
sub new {
    my ($class, $t, %opt) = @_;

    my $mock = $opt{mock} || NodeTool::MockModels->start($t, 'models');
    local %ENV = $mock->environment(%{ $opt{env} || {} });
    $ENV{NODETOOL_HTTP_ALLOW} = $opt{allow} if $opt{allow};
    return bless { mock => $mock, graph => NodeTool::Graph->new }, $class;
}

sub mock { return $_[0]{mock} }

sub model {
    my ($dialect) = @_;

    return { type => 'language_model', provider => $dialect,
        id => $MODELS{$dialect} };
}

# One node whose outputs are results of their names, those of {collect} as
# lists; {members} of the node beside its data; {run} for graph-run. What was
# sent to the provider is in {sent}.
sub ask {
    my ($a, $dialect, $type, $data, %opt) = @_;

    my @nodes = (node(n => $type, model => model($dialect), %$data,
        %{ $opt{members} || {} }));
    my @edges;
    for my $name (@{ $opt{outputs} || [] }) {
        push @nodes, node("o$name" => 'nodetool.output.Output', name => $name);
        push @edges, "n.$name>o$name.value";
    }
    for my $name (@{ $opt{collect} || [] }) {
        push @nodes, node("c$name" => 'nodetool.control.Collect'),
            node("o$name" => 'nodetool.output.Output', name => $name);
        push @edges, "n.$name>c$name.input_item", "c$name.output>o$name.value";
    }
    return $a->run(graph(\@nodes, @edges), %opt);
}

sub run {
    my ($a, $graph, %opt) = @_;

    $a->{mock}->forget;
    $a->{mock}->script(@{ $opt{script} || [] });
    my $r = $a->{graph}->run($graph, %{ $opt{run} || {} });
    $r->{sent} = [$a->{mock}->requests];
    return $r;
}

sub events {
    my ($r, $type, $node) = @_;

    return grep { $_->{type} eq $type
        && (!defined $node || ($_->{node_id} || '') eq $node) } @{ $r->{events} };
}

# All that a request says, as texts in their order: [role, text].
sub texts {
    my ($request) = @_;

    my $json = $request->{json};
    my @texts;
    my $system = $json->{system} // ($json->{systemInstruction} || {})->{parts};
    push @texts, ['system', text_of($system)] if defined $system;
    push @texts, map { [$_->{role}, text_of($_->{content} // $_->{parts})] }
        @{ $json->{messages} || $json->{contents} };
    return @texts;
}

sub text_of {
    my ($content) = @_;

    return '' if !defined $content;
    return $content if !ref $content;
    return join '', map { !ref $_ ? $_ : $_->{text} // (
        $_->{type} && $_->{type} eq 'tool_result' ? text_of($_->{content})
        : $_->{functionResponse}
            ? NodeTool::Graph::text($_->{functionResponse}{response}) : '') }
        @$content;
}

# The names of the tools that a request offers.
sub tools {
    my ($request) = @_;

    return map { $_->{functionDeclarations}
            ? map { $_->{name} } @{ $_->{functionDeclarations} }
            : ($_->{function} || $_)->{name} } @{ $request->{json}{tools} };
}

sub done { return $_[0]{graph}->done }

1;
