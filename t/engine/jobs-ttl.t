#!/usr/bin/perl

# Ended jobs are forgotten after --job-ttl, with their events, their place in
# lists and their idempotency keys; in each store.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use NodeTool::Jobs;
use NodeTool::Test;
use NodeTool::Workflows;

my $t = NodeTool::Test->new;

for my $store ('memory', 'redis') {
    my $engine = $t->engine(name => "engine-$store", store => $store,
        args => ['--job-ttl', 1]);
    NodeTool::Workflows::store($t, $engine, 'echo',
        NodeTool::Workflows::echo());

    my %run = (op => 'job.run', workflow_id => 'echo',
        idempotency_key => 'k');
    my $id = $t->wire($engine, \%run)->{job_id};
    is($t->wire($engine, \%run)->{job_id}, $id, "$store: the key's job");

    $t->wait_for('the job to be forgotten', sub {
        $t->wire($engine, { op => 'job.get', job_id => $id })->{status} == 404;
    });
    is($t->wire($engine, { op => 'job.events', job_id => $id })->{status}, 404,
        "$store: no events");
    is_deeply($t->wire($engine, { op => 'job.list' })->{json}{jobs}, [],
        "$store: in no list");
    isnt($t->wire($engine, \%run)->{job_id}, $id, "$store: a new job");
}

$t->done;
