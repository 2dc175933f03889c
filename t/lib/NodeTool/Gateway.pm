package NodeTool::Gateway;

# The gateway in front of providers of every dialect, for clients that do not
# know which one answers them: `openai/mock`, `anthropic/mock` ... are models of
# NodeTool::MockModels, which says what "mock {...}" in a message asks for.
#
#   my $g = NodeTool::Gateway->start($t);
#   $g->{port}; $g->{mock}->requests;

use strict;
use warnings;

use NodeTool::MockModels;
use NodeTool::Sdk;
use NodeTool::Test;

our @DIALECTS = qw(openai anthropic gemini ollama mistral);

our %PATHS = (openai => '/openai/v1', anthropic => '/anthropic',
    gemini => '/gemini', ollama => '/ollama', mistral => '/mistral/v1');

# Options: http, server (more of the configuration), provider (more of each
# provider block), name.
sub start {
    my ($class, $t, %opt) = @_;

    my $mock = NodeTool::MockModels->start($t, 'models');
    my $providers = join '', map { <<"CONF" } @DIALECTS;
    nodetool_provider $_ {
        url      @{[ $mock->url($PATHS{$_}) ]};
        dialect  $_;
        key      sk-$_;
        models   mock;
        @{[ $opt{provider} || '' ]}
    }
CONF
    my $ng = $t->nginx(<<"SERVER", http => $providers . ($opt{http} || ''),
        nodetool_errors on;
        location /v1/ {
            nodetool_auth static;
            nodetool_auth_token secret-token;
            nodetool_auth_header x-api-key;
            nodetool_chat;
            client_max_body_size 32m;
        }
        @{[ $opt{server} || '' ]}
SERVER
        modules => [qw(base auth chat)], name => $opt{name} || 'nginx');
    return bless { mock => $mock, nginx => $ng, port => $ng->{port} }, $class;
}

# Runs a program of checks (see NodeTool::Sdk) against it.
sub run {
    my ($least, @command) = @_;

    my $t = NodeTool::Test->new;
    my $g = NodeTool::Gateway->start($t);
    local %ENV = (%ENV, NODETOOL_URL => "http://127.0.0.1:$g->{port}",
        NODETOOL_DIALECTS => "@DIALECTS", NODETOOL_MOCK => $g->{mock}->url(''));
    NodeTool::Sdk::checks($least, @command);
    $t->done;
    return;
}

1;
