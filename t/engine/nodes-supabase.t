#!/usr/bin/perl

# lib.supabase.*: what each node asks of PostgREST.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use NodeTool::Graph qw(graph node);
use NodeTool::MockOpenAI;
use NodeTool::Test;

my $t = NodeTool::Test->new;
my $mock = NodeTool::MockOpenAI->start($t, 'supabase', sub {
    my ($c, $req) = @_;

    my $h = $req->{headers};
    return $c->json(401, { message => 'Invalid API key', hint => 'x' })
        if ($h->{apikey} // '') ne 'service key'
        || $h->{authorization} ne 'Bearer service key';
    return $c->json(404, { code => '42P01', details => undef, hint => undef,
        message => 'relation "public.none" does not exist' })
        if $req->{path} =~ m{/none};
    return $c->json(200, 42) if $req->{path} =~ m{/rpc/answer$};
    return $c->json(200, [{ id => 1, name => 'Ada' }, { id => 2, name => 'Bob' }])
        if $req->{method} eq 'GET' || $req->{path} =~ m{/rpc/};
    return $c->head(201, 'Content-Length' => 0)
        if ($h->{prefer} // '') =~ /minimal/;
    return $c->json(201, ref $req->{json} eq 'ARRAY' ? $req->{json}
        : [$req->{json}]);
});

local @ENV{qw(NODE_SUPABASE_URL NODE_SUPABASE_KEY)} =
    ("http://127.0.0.1:$mock->{port}/", 'service key');
my $g = NodeTool::Graph->new;

sub run {
    my ($type, %data) = @_;

    my $r = $g->run(graph([node(n => "lib.supabase.$type", %data),
        node(o => 'nodetool.output.Output', name => 'o')], 'n.output>o.value'));
    return $r->{failure}{message} // $r->{results}{o};
}

sub last_request {
    my ($r) = ($mock->requests)[-1];
    my $path = $r->{path};
    $path =~ s/%([0-9A-F]{2})/chr hex $1/ge;
    return "$r->{method} $path", $r;
}

my $rows = [{ id => 1, name => 'Ada' }, { id => 2, name => 'Bob' }];
is_deeply(run('Select', table_name => 'people'), $rows, 'rows');
is((last_request())[0], 'GET /rest/v1/people?select=*', 'all of them');
my $df = run('Select', table_name => 'people', to_dataframe => JSON::PP::true,
    columns => { type => 'record_type', columns => [{ name => 'id',
    data_type => 'int' }, { name => 'name', data_type => 'string' }] },
    filters => [['age', 'gte', 18], ['name', 'in', ['A,b', 'C"', 5]],
        ['tags', 'contains', ['x']], ['gone', 'eq', undef],
        ['up', 'ne', JSON::PP::false], ['name', 'like', '%a&b%']],
    order_by => 'name', descending => JSON::PP::true, limit => 10);
is($df->{type}, 'dataframe', 'as a data frame') or diag explain $df;
is_deeply($df->{data}, [[1, 'Ada'], [2, 'Bob']], 'with the rows');
is((last_request())[0], 'GET /rest/v1/people?select=id,name&age=gte.18'
    . '&name=in.("A,b","C\"",5)&tags=cs.{"x"}&gone=is.null&up=neq.false'
    . '&name=like.%a&b%&order=name.desc&limit=10', 'as it was said');
for ([['a', 'is', 1]], [['a', 'in', 1]], [['a', 'eq', [1]]], [['a', 'eq']], ['x']) {
    like(run('Select', table_name => 'people', filters => $_), qr/'filters': /,
        'a filter that is none');
}

is_deeply(run('Insert', table_name => 'people', records => { id => 3 }),
    [{ id => 3 }], 'a row');
my ($line, $req) = last_request();
is($line, 'POST /rest/v1/people', 'is posted');
is($req->{headers}{prefer}, 'return=representation', 'and wanted back');
is_deeply(run('Insert', table_name => 'people', records => [{ id => 3 },
    { id => 4 }], return_rows => JSON::PP::false), { inserted => 2 }, 'or counted');
like(run('Insert', table_name => 'people'), qr/'records' must be/, 'no row');
is_deeply(run('Upsert', table_name => 'people', records => { id => 3 },
    return_rows => JSON::PP::false), { upserted => 1 }, 'add or replace');
is((last_request())[1]{headers}{prefer},
    'resolution=merge-duplicates,return=minimal', 'as PostgREST has it');
is_deeply(run('Update', table_name => 'people', values => { name => 'X' },
    filters => [['id', 'eq', 3]]), [{ name => 'X' }], 'change');
is((last_request())[0], 'PATCH /rest/v1/people?id=eq.3', 'some');
like(run('Update', table_name => 'people'), qr/'values' must not be empty/,
    'to nothing');
is_deeply(run('Delete', table_name => 'people', filters => [['id', 'lt', 3]]),
    { deleted => JSON::PP::true }, 'remove');
is((last_request())[0], 'DELETE /rest/v1/people?id=lt.3', 'some');
like(run('Delete', table_name => 'people'), qr/'filters' must say which rows/,
    'not all');
is(run('RPC', function => 'answer', params => { a => 1 }), 42, 'a function');
is_deeply((last_request())[1]{json}, { a => 1 }, 'with its parameters');
is(run('RPC', function => 'list', to_dataframe => JSON::PP::true)->{type},
    'dataframe', 'that gives rows');
like(run('Select', table_name => 'none'), qr/status 404: relation "public.none"/,
    'no such table');
like(run('Select', table_name => ''), qr/'table_name' must not be empty/,
    'no table');
$g->done;

{
    local @ENV{qw(NODE_SUPABASE_SCHEMA NODE_SUPABASE_TABLE_PREFIX)} =
        ('shop', 'nt_');
    $g = NodeTool::Graph->new;
    run('Select', table_name => 'people');
    ($line, $req) = last_request();
    is($line, 'GET /rest/v1/nt_people?select=*', 'a prefix');
    is($req->{headers}{'accept-profile'}, 'shop', 'a schema');
    $g->done;

    delete $ENV{NODE_SUPABASE_KEY};
    $g = NodeTool::Graph->new;
    like(run('Select', table_name => 'x'), qr/has to set NODE_SUPABASE_URL/,
        'no key');
    $g->done;
}
$t->done;
