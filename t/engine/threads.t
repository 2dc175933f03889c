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

    check_messages($engine, $name, %id);

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

sub check_messages {
    my ($engine, $name, %id) = @_;

    my @sent = ({ role => 'user', content => "H\x{e9}" },
        { role => 'assistant', content => [{ type => 'text', text => 'x' }],
          name => 'n', tool_calls => [{ id => 'c1', name => 't', args => {} }] },
        { role => 'tool', tool_call_id => 'c1', content => undef });
    my @kept;

    for my $message (@sent) {
        my $reply = op($engine, 'message.create', {}, { %id, %$message,
            id => 'x', user_id => '2', created_at => 'x', more => 1 });
        is($reply->{status}, 200, "$name: a message is put") or
            diag($reply->{body});
        my $kept = $reply->{json};
        is_deeply({ map { $_ => $kept->{$_} } keys %$message }, $message,
            "$name: ... as it was sent");
        is_deeply([@$kept{qw(type thread_id user_id more)}],
            ['message', $id{thread_id}, '1', undef],
            "$name: ... and no more than that");
        push @kept, $kept;
    }

    is_deeply(op($engine, 'message.list', \%id)->{json},
        { messages => \@kept, next => undef }, "$name: its thread has them");
    my $page = op($engine, 'message.list', { %id, limit => 1,
        cursor => $kept[0]{id} });
    is_deeply($page->{json}, { messages => [$kept[1]],
        next => $kept[1]{id} }, "$name: an id is a cursor");

    for my $kept (@kept) {
        my %one = (message_id => $kept->{id});
        is_deeply(op($engine, 'message.get', \%one)->{json}, $kept,
            "$name: one of them");
        is(op($engine, 'message.get', { %one, user => '2' })->{status}, 403,
            "$name: ... which is not another user's");
        is_deeply(op($engine, 'message.get', { %one, user => '2',
            role => 'admin' })->{json}, $kept, "$name: ... but an admin's");
    }

    my $last = $kept[2]{id};
    (my $token = $last) =~ s/^(.{16})(.)/$1 . ($2 eq '0' ? '1' : '0')/e;
    (my $first = $last) =~ s/^.{16}/0000000000000001/;
    (my $none = $last) =~ s/^.{16}/00000000000000ff/;
    for my $id ($token, $first, $none, 'x', substr($last, 0, 32),
        substr($last, 0, 33), substr($last, 0, 33) . 'other',
        substr($last, 0, 33) . '../x')
    {
        is(op($engine, 'message.get', { message_id => $id })->{status}, 404,
            "$name: there is no message $id");
    }

    is(op($engine, 'message.create', { user => '2' }, { %id, role => 'user',
        content => 'x' })->{status}, 403, "$name: nobody else puts one");
    is(@{ op($engine, 'message.list', \%id)->{json}{messages} }, 3,
        "$name: nor is one there");

    my $reply = op($engine, 'message.create', { user => '3' },
        { role => 'user', content => 'x' });
    my %new = (thread_id => $reply->{json}{thread_id});
    is_deeply([@{ op($engine, 'thread.get', { %new, user => '3' })->{json} }
        {qw(user_id title)}], ['3', 'New Thread'], "$name: a thread is made");
    is(op($engine, 'thread.delete', { %new, user => '3' })->{status}, 204,
        "$name: and deleted");
    is(op($engine, 'message.get', { message_id => $reply->{json}{id},
        user => '3' })->{status}, 404, "$name: ... with its message");
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
        ['message.get', {}, undef, 400, 'no id'],
        ['message.create', {}, undef, 400, 'no body'],
        ['message.create', {}, '["x"]', 422, 'no object'],
        ['message.create', {}, { content => 'x' }, 422, 'no role'],
        ['message.create', {}, { role => 'root' }, 422, 'a strange role'],
        ['message.create', {}, { role => 'user', thread_id => '../x' }, 422,
            'a strange thread'],
        ['message.create', {}, { role => 'user', thread_id => [] }, 422,
            'a thread that is no text'],
        ['message.create', {}, { role => 'user', content => {} }, 422,
            'content that is neither'],
        ['message.create', {}, { role => 'user', content => [{}] }, 422,
            'a part without a type'],
        ['message.create', {}, { role => 'assistant', tool_calls => [{
            id => 'x' }] }, 422, 'a call without a name'],
        ['message.create', {}, { role => 'user', content => 'x' x (8 << 20) },
            422, 'too much'],
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
