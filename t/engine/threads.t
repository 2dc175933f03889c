#!/usr/bin/perl

# Threads of users over the wire, kept in memory and in Redis.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use NodeTool::Test;

my $t = NodeTool::Test->new;

sub op {
    my ($engine, $op, $head, $body) = @_;

    return $t->wire($engine, { op => $op, %{ $head || {} } },
        defined $body && ref $body ? $t->encode($body) : $body);
}

sub ids { return map { $_->{id} } @{ $_[0]{json}{threads} } }

sub check {
    my ($engine, $name) = @_;

    my $made = op($engine, 'thread.create', {}, { title => 'Plans' });
    is($made->{status}, 200, "$name: made");
    my $thread = $made->{json};
    is_deeply([@$thread{qw(user_id title)}], ['1', 'Plans'], "$name: the user's");
    is_deeply([sort keys %$thread], [qw(created_at id title updated_at user_id)],
        "$name: what a thread has");
    like($thread->{created_at}, qr/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
        "$name: a time");
    my %id = (thread_id => $thread->{id});

    is(op($engine, 'thread.create')->{json}{title}, 'New Thread',
        "$name: no body");
    is_deeply(op($engine, 'thread.get', \%id)->{json}, $thread, "$name: got");

    my $put = op($engine, 'thread.put', \%id, { title => "\x{e9}t\x{e9}" });
    is($put->{json}{title}, "\x{e9}t\x{e9}", "$name: a new title");
    cmp_ok($put->{json}{updated_at}, 'ge', $thread->{updated_at},
        "$name: ... and time");
    is($put->{json}{created_at}, $thread->{created_at}, "$name: made as before");

    my @all = ids(op($engine, 'thread.list'));
    is(scalar @all, 2, "$name: both on the list");
    is($all[1], $thread->{id}, "$name: the newest first");
    my $page = op($engine, 'thread.list', { limit => 1 });
    is_deeply([ids($page)], [$all[0]], "$name: a page");
    $page = op($engine, 'thread.list', { limit => 1,
        cursor => $page->{json}{next} });
    is_deeply([ids($page)], [$all[1]], "$name: ... and the next");
    is($page->{json}{next}, undef, "$name: ... which is the last");

    my %other = (user => '2');
    is_deeply([ids(op($engine, 'thread.list', \%other))], [],
        "$name: nothing is another user's");
    for my $op (qw(get put delete)) {
        is(op($engine, "thread.$op", { %id, %other }, { title => 'x' })
            ->{status}, 403, "$name: nor may he $op it");
    }
    is(op($engine, 'message.list', { %id, %other })->{status}, 403,
        "$name: ... or read its messages");
    is(op($engine, 'thread.get', { %id, %other, role => 'admin' })
        ->{json}{id}, $thread->{id}, "$name: an admin may");
    is_deeply([ids(op($engine, 'thread.list', { %other, role => 'admin',
        owner => '1' }))], \@all, "$name: ... and lists a user's");
    is_deeply([ids(op($engine, 'thread.list', { %other, owner => '1' }))], [],
        "$name: who is none does not");

    is_deeply(op($engine, 'message.list', \%id)->{json},
        { messages => [], next => undef }, "$name: no messages");

    is(op($engine, 'thread.delete', \%id)->{status}, 204, "$name: deleted");
    for my $op (qw(get put delete)) {
        is(op($engine, "thread.$op", \%id, { title => 'x' })->{status}, 404,
            "$name: then there is none to $op");
    }
    is(op($engine, 'message.list', \%id)->{status}, 404,
        "$name: ... or with messages");
    is_deeply([ids(op($engine, 'thread.list'))], [$all[0]],
        "$name: the other is left");
    return;
}

sub check_faults {
    my ($engine) = @_;

    my %id = (thread_id => op($engine, 'thread.create')->{json}{id});
    my @faults = (
        ['thread.create', {}, '{"title":1}', 422, 'a title that is no text'],
        ['thread.create', {}, '["x"]', 422, 'no object'],
        ['thread.create', {}, '{"title":', 400, 'no JSON'],
        ['thread.create', {}, { title => 'x' x 1001 }, 422, 'a long title'],
        ['thread.put', \%id, '{}', 422, 'no title'],
        ['thread.put', \%id, undef, 422, 'no body'],
        ['thread.put', \%id, { title => 'x' x 1001 }, 422, 'a long one'],
        ['thread.get', {}, undef, 400, 'no id'],
        ['thread.get', { thread_id => '../x' }, undef, 422, 'a strange id'],
        ['thread.get', { thread_id => 'x' x 129 }, undef, 422, 'a long id'],
        ['thread.list', { cursor => 'x' }, undef, 400, 'a strange cursor'],
        ['thread.list', { limit => 0 }, undef, 422, 'no limit'],
        ['message.list', { %id, cursor => '1' }, undef, 400, 'the same'],
        ['message.list', { %id, limit => 1001 }, undef, 422, 'a high limit'],
        ['message.list', {}, undef, 400, 'messages of nothing'],
    );
    for my $fault (@faults) {
        my ($op, $head, $body, $status, $name) = @$fault;
        my $reply = op($engine, $op, $head, $body);
        is($reply->{status}, $status, "$op: $name");
        ok(length $reply->{json}{error}{message}, "$op: ... is said");
    }
    is(op($engine, 'thread.get', \%id)->{json}{title}, 'New Thread',
        'faults change nothing');
    return;
}

my $engine = $t->engine(name => 'memory');
check($engine, 'memory');
check_faults($engine);

my $shared = $t->engine(name => 'first', store => 'redis');
check($shared, 'redis');
check_faults($shared);

my @threads = ids(op($shared, 'thread.list'));
$t->stop($shared);
$shared = $t->engine(name => 'second', store => 'redis');
is_deeply([ids(op($shared, 'thread.list'))], \@threads,
    'redis: they outlive an engine');

$t->stop($t->{redis});
$t->expect_log(qr/redis|threads/);
my $reply = op($shared, 'thread.list');
is($reply->{status}, 503, 'redis: away');

$t->done;
