#!/usr/bin/perl

# Jobs of others: what users may not, and administrators may.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use NodeTool::Jobs;
use NodeTool::Test;
use NodeTool::Workflows;

my $t = NodeTool::Test->new;
my $nodes = NodeTool::Workflows::slow_nodes($t);
my $e;

sub ask {
    my ($op, %head) = @_;

    return $t->wire($e, { op => $op, %head });
}

sub listed {
    my ($reply) = @_;

    # those that run are a bare list, as NodeTool has them
    my $jobs = $reply->{json};
    $jobs = $jobs->{jobs} if ref $jobs eq 'HASH';
    return join ' ', map { $_->{id} } @$jobs;
}

for my $store (qw(memory redis)) {
    $e = $t->engine(name => "engine-$store", store => $store,
        args => ['--nodes', $nodes]);
    NodeTool::Workflows::store($t, $e, slow =>
        NodeTool::Workflows::slow(60_000));
    NodeTool::Workflows::store($t, $e, echo => NodeTool::Workflows::echo());

    subtest $store => sub {
        my $a = NodeTool::Jobs::submit($t, $e, 'slow', user => 'a');
        my $b = NodeTool::Jobs::submit($t, $e, 'slow', user => 'b');
        my $done = $t->wire($e, { op => 'job.run', user => 'b',
            workflow_id => 'echo' }, '{}')->{job_id};

        is(ask('job.get', user => 'a', job_id => $b)->{status}, 403,
            "another user's job");
        is(ask('job.cancel', user => 'a', job_id => $b)->{status}, 403,
            ' is not to be cancelled');
        is(ask('job.events', user => 'a', job_id => $b)->{status}, 403,
            ' nor watched');
        is(ask('job.get', user => 'a', role => 'user', job_id => $b)->{status},
            403, ' whatever else the role is');
        is(listed(ask('job.list', user => 'a')), $a, 'a list has the own jobs');
        is(listed(ask('job.list', user => 'a', owner => 'b')), $a,
            ' also when it asks for those of another');
        is(listed(ask('job.list', user => 'b', running => \1)), $b,
            'those that run');

        my @admin = (user => 'root', role => 'admin');
        is(ask('job.get', @admin, job_id => $b)->{json}{user_id}, 'b',
            'an administrator sees it');
        is(listed(ask('job.list', @admin)), "$done $b $a",
            ' and lists the jobs of all');
        is(listed(ask('job.list', @admin, owner => 'b')), "$done $b",
            ' or of one');
        is(listed(ask('job.list', @admin, workflow_id => 'slow', limit => 1)),
            $b, ' or of a workflow');
        is(join(' ', sort split / /, listed(ask('job.list', @admin,
            running => \1))), join(' ', sort $a, $b), ' or those that run');
        my $page = ask('job.list', @admin, limit => 2);
        is(listed(ask('job.list', @admin,
            start_key => $page->{json}{next_start_key})), $a, ' page by page');
        is(ask('job.cancel', @admin, job_id => $_)->{json}{status},
            'cancelled', ' and cancels it') for $a, $b;
        is(scalar @{ ask('job.events', @admin, job_id => $b)->{events} } > 1,
            1, ' and reads its events');
    };
}
$t->done;
