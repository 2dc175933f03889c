#!/usr/bin/perl

# Lists of jobs and of node types in the shapes of NodeTool's API; jobs of
# others, for administrators only; both stores.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use NodeTool::Jobs;
use NodeTool::Test;
use NodeTool::Workflows;

my $t = NodeTool::Test->new;
my $nodes = NodeTool::Workflows::slow_nodes($t);

# NodeTool's JobResponse and BackgroundJobResponse.
my @JOB = qw(cost error finished_at id job_type started_at status user_id
    workflow_id);
my @RUNNING = qw(created_at is_completed is_running job_id status workflow_id);

for my $store ('memory', 'redis') {
    my $e = $t->engine(store => $store, name => "engine-$store",
        home => $t->dir . "/$store", args => ['--nodes', $nodes]);
    NodeTool::Workflows::store($t, $e, 'echo', NodeTool::Workflows::echo());
    NodeTool::Workflows::store($t, $e, 'slow',
        NodeTool::Workflows::slow(60000));

    my $ask = sub {
        my ($op, %head) = @_;
        return $t->wire($e, { op => "job.$op", %head });
    };

    $t->wire($e, { op => 'job.run', workflow_id => 'echo' }, '{}');
    my $jobs = $ask->('list')->{json};
    is(join(' ', sort keys %$jobs), 'jobs next_start_key', "$store: a list");
    for my $field (@JOB) {
        ok(exists $jobs->{jobs}[0]{$field}, " $field of a job");
    }
    is($jobs->{jobs}[0]{cost}, undef, ' whose cost is null');
    is_deeply($ask->('list', running => \1)->{json}, [], ' none runs');

    my $id = NodeTool::Jobs::submit($t, $e, 'slow', user => '2');
    NodeTool::Jobs::submit($t, $e, 'slow');
    my ($running, @more) = @{ $ask->('list', running => \1, user => '2')
        ->{json} };
    ok(!@more, ' one of user 2 runs');
    for my $field (@RUNNING) {
        ok(exists $running->{$field}, " $field of it");
    }
    is($running->{job_id}, $id, ' that one');
    ok($running->{is_running}, ' running');
    is(@{ $ask->('list', running => \1, role => 'admin')->{json} }, 2,
        ' an administrator sees all');
    is(@{ $ask->('list', running => \1, role => 'admin', owner => '2')
        ->{json} }, 1, ' or one user\'s');

    is($ask->('get', job_id => $id)->{status}, 403, ' another\'s job');
    is($ask->('cancel', job_id => $id)->{status}, 403, ' not to be cancelled');
    is($ask->('cancel', job_id => $id, role => 'admin')->{status}, 200,
        ' but by an administrator');
    $t->stop($e);
}

# --- node types ------------------------------------------------------------------

my $e = $t->engine(name => 'nodes');
my $reply = $t->wire($e, { op => 'node.list' });
my $types = $reply->{json};
ok(@$types > 500, 'node types');
is($t->wire($e, { op => 'node.list' })->{body}, $reply->{body},
    'the same again');

# NodeTool's NodeMetadata, Property, OutputSlot and TypeMetadata.
my $NODE = 'basic_fields description expose_as_tool is_dynamic '
    . 'is_streaming_output layout model_packs namespace node_type outputs '
    . 'properties recommended_models required_settings '
    . 'supports_dynamic_outputs the_model_info title';
my $PROPERTY = 'default description json_schema_extra max min name required '
    . 'title type';
my $TYPE = 'optional type type_args type_name values';
my %shapes;

sub shape { return join ' ', sort keys %{ $_[0] } }

sub type_shapes {
    my ($type) = @_;

    $shapes{type}{ shape($type) } = 1;
    type_shapes($_) for @{ $type->{type_args} };
    return;
}

for my $type (@$types) {
    $shapes{node}{ shape($type) } = 1;
    for (@{ $type->{properties} }) {
        $shapes{property}{ shape($_) } = 1;
        type_shapes($_->{type});
    }
    for (@{ $type->{outputs} }) {
        $shapes{output}{ shape($_) } = 1;
        type_shapes($_->{type});
    }
}
is_deeply(\%shapes, { node => { $NODE => 1 }, property => { $PROPERTY => 1 },
    output => { 'name stream type' => 1 }, type => { $TYPE => 1 } },
    'all have all that NodeTool\'s have');

$t->done;
