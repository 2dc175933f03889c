#!/usr/bin/perl

# /updates on the engine's own socket: figures of this machine each second,
# and the status of the user's jobs, with either store.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use NodeTool::Test;
use NodeTool::WebSocket;
use NodeTool::Workflows;

my $t = NodeTool::Test->new;

sub connect_as {
    my ($e, $user, $path) = @_;

    return NodeTool::WebSocket->wire($e, path => $path // 'updates',
        user => $user);
}

# The next message of a type.
sub next_of {
    my ($ws, $type) = @_;

    while (my $message = $ws->json) {
        return $message if $message->{type} eq $type;
    }
    return {};
}

sub is_stats {
    my ($stats, $name) = @_;

    is_deeply([sort keys %$stats],
        [qw(cpu_percent memory_percent memory_total_gb memory_used_gb
            vram_percent vram_total_gb vram_used_gb)], "$name: the figures");
    my ($total) = $t->read_file('/proc/meminfo') =~ /MemTotal:\s+(\d+)/;
    cmp_ok(abs($stats->{memory_total_gb} - $total / 1024 ** 2), '<', 0.01,
        ' memory there is');
    ok($stats->{memory_used_gb} > 0
        && $stats->{memory_used_gb} < $stats->{memory_total_gb}, ' and used');
    cmp_ok(abs($stats->{memory_percent}
        - 100 * $stats->{memory_used_gb} / $stats->{memory_total_gb}),
        '<', 1, ' of a hundred');
    ok($stats->{cpu_percent} >= 0 && $stats->{cpu_percent} <= 100,
        ' the processor');
    return;
}

for my $store (qw(memory redis)) {
    my $e = $t->engine(name => "engine-$store", store => $store);
    NodeTool::Workflows::store($t, $e, 'greet', NodeTool::Workflows::greet());

    my $ws = connect_as($e, '1');
    my $tab = connect_as($e, '1');
    my $other = connect_as($e, 'other');

    is_stats(next_of($ws, 'system_stats')->{stats}, $store);
    next_of($_, 'system_stats') for $tab, $other;

    my $predict = connect_as($e, '1', 'predict');
    $predict->send_json({ command => 'run_job',
        data => { workflow_id => 'greet', params => {} } });
    my $job = $predict->json->{job_id};

    for my $listener ($ws, $tab) {
        my @statuses;
        while (!@statuses || $statuses[-1] ne 'completed') {
            my $update = next_of($listener, 'job_update');
            last if !defined $update->{status};
            is($update->{job_id}, $job, 'an update of the job');
            is($update->{workflow_id}, 'greet', ' and its workflow');
            push @statuses, $update->{status};
        }
        is($statuses[-1], 'completed', 'its end');
    }

    # what another user gets goes on with figures alone
    my @types = map { $other->json->{type} } 1, 2;
    is_deeply(\@types, [('system_stats') x 2], 'not to be seen by others');

    $ws->send_json({ anything => 1 });
    ok(next_of($ws, 'system_stats')->{stats}, 'what a client says is ignored');

    # the sampler comes back when nobody has listened for a while
    $_->close(1000) for $ws, $tab, $other;
    $ws = connect_as($e, '1');
    is_stats(next_of($ws, 'system_stats')->{stats}, 'again');
}

# --- GPUs ------------------------------------------------------------------------

# A library that says what NVIDIA's does: two of them, one that does not answer.
$t->write_file('nvml.c', <<'C');
typedef struct { unsigned long long total, free, used; } memory_t;
int nvmlInit_v2(void) { return 0; }
int nvmlShutdown(void) { return 0; }
int nvmlDeviceGetCount_v2(unsigned *n) { *n = 3; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned i, void **device)
{ static int devices[3]; *device = &devices[i]; return i == 1; }
int nvmlDeviceGetMemoryInfo(void *device, memory_t *memory)
{ memory->total = 24ull << 30; memory->used = 6ull << 30;
  memory->free = memory->total - memory->used; return 0; }
C
my $dir = $t->dir;
is(system('cc', '-shared', '-fPIC', '-o', "$dir/libnvidia-ml.so.1",
    "$dir/nvml.c"), 0, 'a library of a GPU');
my $e = $t->engine(name => 'gpu', env => { LD_LIBRARY_PATH => $dir });
my $ws = connect_as($e, '1');
my $stats = next_of($ws, 'system_stats')->{stats};
is($stats->{vram_total_gb}, 48, 'memory of the GPUs');
is($stats->{vram_used_gb}, 12, ' used');
is($stats->{vram_percent}, 25, ' of a hundred');

$t->done;
