#!/usr/bin/perl

# lib.http.* and nodetool.data.LoadCSVURL, against a server of the test.

use strict;
use warnings;

use lib 't/lib';

use File::Path qw(make_path);
use MIME::Base64 qw(decode_base64);
use Test::More;

use NodeTool::Files;
use NodeTool::Graph qw(graph node);
use NodeTool::MockOpenAI;
use NodeTool::NodeTable qw(run_table);
use NodeTool::Test;

my $png = decode_base64('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUl'
    . 'EQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==');
my $csv = "name;age;born\r\nAda;36.0;1815\r\n\"B;b\";;x\r\n";

my %files = (
    '/hello.txt' => ['text/plain', 'hello'],
    '/latin' => ['text/plain; charset="iso-8859-1"', "caf\xe9"],
    '/binary' => ['application/octet-stream', "\xff\x00\xfe"],
    '/object.json' => ['application/json', '{"a": [1, 2]}'],
    '/not.json' => ['application/json', '{"a": '],
    '/page' => ['text/html', '<h1>Page</h1>'],
    '/people.csv' => ['text/csv', $csv],
    '/plain.csv' => ['text/csv', "a,b\n1,x\n2,y\n"],
    '/tabs' => ['text/tab-separated-values', "a\tb\n1\tx\n"],
    '/rows.json' => ['application/json', '[{"a": 1, "t": 0}, {"a": "2.9"}]'],
    '/lists.json' => ['application/json', '[["a", "b"], [1, 2]]'],
    '/dot.png' => ['image/png', $png],
    '/doc' => ['application/pdf; v=1', '%PDF-1.7 ...'],
    '/empty' => ['application/octet-stream', ''],
    '/long' => ['application/octet-stream', 'long ' x 100_000],
    '/sub/hello.txt' => ['text/plain', 'another hello']);

my $t = NodeTool::Test->new;
my $mock = NodeTool::MockOpenAI->start($t, 'web', sub {
    my ($c, $req) = @_;
    my ($path) = $req->{path} =~ m{^([^?]*)};

    if (my $file = $files{$path}) {
        return $req->{method} eq 'HEAD'
            ? $c->head(200, 'Content-Type' => $file->[0], 'X-Two' => 1,
                'x-two' => 2, 'Content-Length' => length $file->[1])
            : $c->body(200, @$file);
    }
    if ($path eq '/named') {
        return $c->body(200, 'text/plain', 'named', 'Content-Disposition' =>
            'attachment; filename="../../up/na me.txt"');
    }
    if ($path eq '/echo') {
        return $c->json(200, { method => $req->{method}, body => $req->{body},
            type => $req->{headers}{'content-type'} });
    }
    if ($path eq '/moved') {
        return $c->body(302, 'text/plain', '', Location => '/hello.txt');
    }
    return $c->head(404, 'Content-Length' => 0) if $req->{method} eq 'HEAD';
    return $c->json(404, { error => 'none' });
});
my $url = "http://127.0.0.1:$mock->{port}";

my $dir = $t->dir;
make_path("$dir/work", "$dir/assets");
local $ENV{NODETOOL_HTTP_ALLOW} = '127.0.0.0/8';
my $g = NodeTool::Graph->new;
my %in = (graph => $g, workspace => "$dir/work", assets => "$dir/assets");

sub table {
    my ($rows, %opt) = @_;

    $rows =~ s/\bURL\b(?! must)/$url/g;
    run_table($rows, %in, %opt);
    return;
}

# --- single requests -----------------------------------------------------------

table(<<'TABLE');
lib.http.GetRequest {"url":"URL/hello.txt"} => 'hello'
lib.http.GetRequest {"url":"URL/moved"} => 'hello'
lib.http.GetRequest {"url":"URL/latin"} => 'café'
lib.http.GetRequest {"url":"URL/empty"} => ''
lib.http.GetRequest {"url":"URL/binary"} !! /binary sent is no text
lib.http.GetRequest {"url":"URL/none?key=secret"} !! /none answered with status 404
lib.http.GetRequest {"url":""} !! 'url' must not be empty
lib.http.GetRequest {"url":"127.0.0.1/x"} !! the URL must be one of http or https
lib.http.GetRequest {"url":"ftp://127.0.0.1/x"} !! the URL must be one of http or https
lib.http.GetRequest {"url":"http://169.254.169.254/latest/"} !! private network
lib.http.DeleteRequest {"url":"URL/echo"} => '{"body":"","method":"DELETE","type":null}'
lib.http.PostRequest {"url":"URL/echo","data":"a=1&b=x%20y"} => '{"body":"a=1&b=x%20y","method":"POST","type":"application/x-www-form-urlencoded"}'
lib.http.PostRequest {"url":"URL/echo","data":"[1, 2]"} => '{"body":"[1, 2]","method":"POST","type":"application/json"}'
lib.http.PostRequest {"url":"URL/echo","data":"a = b"} => '{"body":"a = b","method":"POST","type":"text/plain; charset=utf-8"}'
lib.http.PostRequest {"url":"URL/echo","data":""} => '{"body":"","method":"POST","type":"text/plain; charset=utf-8"}'
lib.http.PutRequest {"url":"URL/echo","data":"x"} => '{"body":"x","method":"PUT","type":"text/plain; charset=utf-8"}'
lib.http.JSONGetRequest {"url":"URL/object.json"} => {'a': [1, 2]}
lib.http.JSONGetRequest {"url":"URL/not.json"} !! /not.json sent is not JSON
lib.http.JSONPostRequest {"url":"URL/echo","data":{"b":1}} => {'body': '{"b":1}', 'method': 'POST', 'type': 'application/json'}
lib.http.JSONPutRequest {"url":"URL/echo","data":{}} => {'body': '{}', 'method': 'PUT', 'type': 'application/json'}
lib.http.JSONPatchRequest {"url":"URL/echo","data":{"b":null}} => {'body': '{"b":null}', 'method': 'PATCH', 'type': 'application/json'}
lib.http.HeadRequest {"url":"URL/hello.txt"} => {'content-type': 'text/plain', 'x-two': '1, 2', 'content-length': '5'}
lib.http.GetRequestBinary {"url":"URL/binary"} => {'type': 'bytes', 'uri': 'data:application/octet-stream;base64,/wD+'}
lib.http.PostRequestBinary {"url":"URL/echo","data":"text"} => {'type': 'bytes', 'uri': 'data:application/json;base64,eyJib2R5IjoidGV4dCIsIm1ldGhvZCI6IlBPU1QiLCJ0eXBlIjoidGV4dC9wbGFpbjsgY2hhcnNldD11dGYtOCJ9'}
lib.http.PostRequestBinary {"url":"URL/echo","data":{"type":"bytes","uri":"data:image/x;base64,AAE="}} => {'type': 'bytes', 'uri': 'data:application/json;base64,eyJib2R5IjoiXHUwMDAwXHUwMDAxIiwibWV0aG9kIjoiUE9TVCIsInR5cGUiOiJpbWFnZS94In0='}
lib.http.PostRequestBinary {"url":"URL/echo","data":{"type":"bytes"}} !! neither "uri" nor "asset_id"
TABLE

table(<<'TABLE', output => 'html');
lib.http.FetchPage {"url":"URL/page"} => '<h1>Page</h1>'
lib.http.FetchPage {"url":"http://127.0.0.1:1/"} => ''
lib.http.FetchPage {"url":"URL/page","wait_time":0} !! 'wait_time' must be from 1 to 600
TABLE
table(<<'TABLE', output => 'success');
lib.http.FetchPage {"url":"URL/page"} => True
lib.http.FetchPage {"url":"http://10.0.0.1/"} => False
TABLE
table(<<'TABLE', output => 'error_message');
lib.http.FetchPage {"url":"URL/page"} => ''
lib.http.FetchPage {"url":"file:///etc/passwd"} => 'the URL must be one of http or https, such as https://example.com/'
TABLE

# --- data frames -----------------------------------------------------------------

my $columns = '"columns":{"type":"record_type","columns":[{"name":"age",'
    . '"data_type":"int"},{"name":"none","data_type":"float"},{"name":"name",'
    . '"data_type":"string"},{"name":"born","data_type":"object"}]}';

sub frame {
    my ($type, %data) = @_;

    my $r = $g->run(graph([node(n => $type, %data),
        node(o => 'nodetool.output.Output', name => 'o')],
        'n.output>o.value'));
    my $df = $r->{results}{o} or return $r->{failure}{message};
    return join '|', join(',', map { "$_->{name}:$_->{data_type}" }
        @{ $df->{columns} }), map { NodeTool::Graph::text($_) }
        @{ $df->{data} };
}

is(frame('nodetool.data.LoadCSVURL', url => "$url/plain.csv"),
    'a:int,b:object|[1,"x"]|[2,"y"]', 'LoadCSVURL');
like(frame('nodetool.data.LoadCSVURL', url => "$url/none"), qr/status 404/,
    'of what is not there');
my $load = 'lib.http.DownloadDataframe';
is(frame($load, url => "$url/plain.csv"), 'a:int,b:object|[1,"x"]|[2,"y"]',
    'all columns');
is(frame($load, url => "$url/tabs", file_format => 'tsv'),
    'a:int,b:object|[1,"x"]', 'TSV');
my $wanted = JSON::PP->new->decode("{$columns}");
is(frame($load, url => "$url/people.csv", delimiter => ';', %$wanted),
    'age:float,none:object,name:string,born:object'
    . '|[36,null,"Ada","1815"]|[null,null,"B;b","x"]', 'chosen columns');
is(frame($load, url => "$url/rows.json", file_format => 'json', columns => {
    type => 'record_type', columns => [{ name => 'a', data_type => 'int' },
    { name => 't', data_type => 'datetime' }] }),
    'a:int,t:datetime|[1,"1970-01-01T00:00:00+0000"]|[2,null]',
    'JSON, objects');
is(frame($load, url => "$url/lists.json", file_format => 'json', columns => {
    type => 'record_type', columns => [{ name => 'b', data_type => 'string' }]
    }), 'b:string|["2"]', 'JSON, lists');
like(frame($load, url => "$url/object.json", file_format => 'json'),
    qr/must hold a JSON list/, 'other JSON');
like(frame($load, url => "$url/empty"), qr/is empty/, 'an empty file');
like(frame($load, url => "$url/latin", encoding => 'utf-8'), qr/the file:/,
    'the wrong encoding');
like(frame($load, url => "$url/plain.csv", delimiter => ';;'),
    qr/'delimiter' must be one character/, 'a long delimiter');

# --- lists of URLs ---------------------------------------------------------------

table(<<'TABLE');
lib.http.FilterValidURLs {"urls":["URL/page","URL/none","bad","http://127.0.0.1:1/","URL/moved"]} => ['URL/page', 'URL/moved']
lib.http.FilterValidURLs {"url":"URL/sub/x","urls":["../page","hello.txt","page"],"max_concurrent_requests":1} => ['../page', 'hello.txt']
lib.http.FilterValidURLs {"urls":[]} => []
lib.http.FilterValidURLs {"max_concurrent_requests":0} !! must be from 1 to 100
TABLE

my $files = '"urls":["URL/hello.txt","URL/none","URL/sub/hello.txt",'
    . '"URL/named","URL/empty","URL/long","URL"]';
table(<<"TABLE", output => 'success');
lib.http.DownloadFiles {$files,"max_concurrent_downloads":1} => ['downloads/hello.txt', 'downloads/1_hello.txt', 'downloads/na me.txt', 'downloads/empty', 'downloads/long']
lib.http.DownloadFiles {"urls":["URL/hello.txt"],"output_folder":"../x"} !! leads out of the folder
lib.http.DownloadFiles {"output_folder":""} !! 'output_folder' must not be empty
TABLE
table(<<"TABLE", output => 'failed');
lib.http.DownloadFiles {$files,"output_folder":"/all/"} => ['URL/none', 'URL']
TABLE
is(slurp("$dir/work/downloads/hello.txt"), 'hello', 'the file');
is(slurp("$dir/work/downloads/1_hello.txt"), 'another hello', 'one of its name');
is(slurp("$dir/work/downloads/na me.txt"), 'named', 'a name of the server\'s');
is(slurp("$dir/work/downloads/empty"), '', 'an empty one');
is(length slurp("$dir/work/all/long"), 500_000, 'a long one');
is_deeply([glob "$dir/work/*/*.part"], [], 'no parts are left');

my $r = $g->run(graph([node(n => 'lib.http.ImageDownloader', images =>
        ['dot.png', 'page', 'none', '/dot.png'], base_url => "$url/"),
    node(i => 'nodetool.output.Output', name => 'images'),
    node(f => 'nodetool.output.Output', name => 'failed')],
    'n.images>i.value', 'n.failed_urls>f.value'), %in{qw(workspace assets)});
my @images = @{ $r->{results}{images} || [] };
is(scalar @images, 2, 'images') or diag explain $r->{failure};
like($images[0]{asset_id}, qr{^generated/[0-9a-f]{32}\.png$}, 'as assets');
is($images[0]{asset_id}, $images[1]{asset_id}, 'equal ones once');
ok(slurp("$dir/assets/$images[0]{asset_id}") eq $png, 'with their bytes');
is_deeply($r->{results}{failed}, ['page', 'none'], 'and those that failed');

$r = $g->run(graph([node(n => 'lib.http.GetRequestDocument',
        url => "$url/doc"),
    node(o => 'nodetool.output.Output', name => 'o')], 'n.output>o.value'),
    %in{qw(workspace assets)});
like($r->{results}{o}{uri}, qr{/storage/assets/generated/\w+\.pdf$},
    'a document');
is($r->{results}{o}{type}, 'document', 'of that type');

$g->done;
$t->done;
