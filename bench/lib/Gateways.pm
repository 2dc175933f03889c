package Gateways;

# Other gateways, to stand beside ours: installed by their usual clients below
# $NodeTool::Test::BUILD/bench, and started with the mock provider behind them.
# undef, and a sentence, where one cannot be had.

use strict;
use warnings;

use File::Path qw(make_path);

use NodeTool::Test;

our $FOLDER = "$NodeTool::Test::BUILD/bench";

our $PORTKEY = '1.15.2';
our $LITELLM = 'litellm[proxy]';

# Runs $command in $folder once, at most five minutes.
sub install {
    my ($name, $folder, $command) = @_;

    return 1 if -e "$folder/installed";
    make_path($folder);
    if (system("cd '$folder' && timeout 300 sh -c '$command' > install.log 2>&1") != 0) {
        print "$name is left out: it cannot be installed, see $folder/install.log\n";
        return 0;
    }
    system('touch', "$folder/installed");
    return 1;
}

sub started {
    my ($t, $name, $child, $port) = @_;

    return 1 if eval { $t->wait_for($name, sub {
        die "it ended\n" if defined $t->wait_exit($child, 0);
        return IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port");
    }, 120) };
    print "$name is left out: it does not start, see $child->{log}\n";
    return 0;
}

# { url, headers, pids } to post chat completions of the model "bench" to; $mock
# is the provider's port.
sub portkey {
    my ($t, $mock) = @_;

    my $folder = "$FOLDER/portkey";
    install('Portkey', $folder, 'npm install --no-audit --no-fund '
        . "--prefix . \@portkey-ai/gateway\@$PORTKEY") or return;
    my $port = $t->port('portkey');
    my $child = $t->spawn('portkey', ['node', "$folder/node_modules/"
        . '@portkey-ai/gateway/build/start-server.js', "--port=$port",
        '--headless'], env => { NODE_ENV => 'production' });
    started($t, 'Portkey', $child, $port) or return;
    return { url => "http://127.0.0.1:$port/v1/chat/completions",
        pids => [$child->{pid}], headers => ['x-portkey-provider', 'openai',
        'x-portkey-custom-host', "http://127.0.0.1:$mock/v1",
        'Authorization', 'Bearer sk-bench'] };
}

sub litellm {
    my ($t, $mock) = @_;

    my $folder = "$FOLDER/litellm";
    install('LiteLLM', $folder, 'python3 -m venv venv && '
        . "venv/bin/pip install -q $LITELLM") or return;
    my $port = $t->port('litellm');
    my $conf = $t->write_file('litellm.yaml', <<"YAML");
model_list:
  - model_name: bench
    litellm_params:
      model: openai/bench
      api_base: http://127.0.0.1:$mock/v1
      api_key: sk-bench
litellm_settings:
  telemetry: false
YAML
    my $child = $t->spawn('litellm', ["$folder/venv/bin/litellm", '--config',
        $conf, '--host', '127.0.0.1', '--port', $port], env => {
        LITELLM_LOCAL_MODEL_COST_MAP => 'True', LITELLM_LOG => 'ERROR',
        LITELLM_MASTER_KEY => 'sk-bench-' . 'x' x 32 });
    started($t, 'LiteLLM', $child, $port) or return;
    return { url => "http://127.0.0.1:$port/v1/chat/completions",
        pids => [$child->{pid}],
        headers => ['Authorization', 'Bearer sk-bench-' . 'x' x 32] };
}

1;
