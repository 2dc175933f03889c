#!/usr/bin/perl

# nodetool.data: one behaviour a line.  [a b|1,"x"|2,null]] is a data frame
# with the columns a and b and two rows; behind the arrow, the types of the
# columns stand as well: [a:int b:object|1, 'x'|2, None]].

use strict;
use warnings;

use lib 't/lib';

use File::Path qw(make_path);
use File::Temp;
use JSON::PP;
use Test::More;

use NodeTool::Files;
use NodeTool::Graph qw(graph node edges);
use NodeTool::NodeTable qw(run_table);

# Frames end in two brackets, so that lists may stand in cells; a space in the
# name of a column is written ~.
my $frame = qr/\[([\w.:~]*(?:[ ][\w.:~]+)*)\|([^\n]*?)\]\]/;

sub frame_json {
    my ($names, $rows) = @_;

    my @columns = map { my ($name, $type) = split /:(?=\w+$)/;
        qq({"name":"$name","data_type":") . ($type || 'object') . '"}'
    } split / /, $names;
    return '{"type":"dataframe","columns":[' . join(',', @columns)
        . '],"data":[' . join(',', map { "[$_]" } split /\|/, $rows) . ']}';
}

sub frame_repr {
    my ($names, $rows, $ref) = @_;

    my @columns = map { my ($name, $type) = split /:(?=\w+$)/;
        $name =~ tr/~/ /;
        "{'name': '$name', 'data_type': '$type', 'description': ''}"
    } split / /, $names;
    return "{'type': 'dataframe', " . ($ref || "'uri': '', 'asset_id': None")
        . ", 'data': [" . join(', ', map { "[$_]" } split /\|/, $rows)
        . "], 'metadata': None, 'columns': [" . join(', ', @columns) . ']}';
}

sub expand {
    my ($line) = @_;

    my ($left, $right) = split /(?==>|!!)/, $line, 2;
    $left =~ s/$frame/frame_json($1, $2)/ge;
    if ($right =~ /^=>/) {
        $right =~ s/$frame/frame_repr($1, $2)/ge;
    }
    return "nodetool.data.$left$right\n";
}

sub run_frames {
    my ($table, %opt) = @_;

    run_table(join('', map { expand($_) } grep { /\S/ && !/^#/ }
            split /\n/, $table), %opt);
    return;
}

run_frames(<<'TABLE');
Schema {"columns":{"type":"record_type","columns":[{"name":"a","data_type":"int"}]}} => {'type': 'record_type', 'columns': [{'name': 'a', 'data_type': 'int'}]}
Schema {} => {'type': 'record_type', 'columns': []}

# --- texts and lists ---
ImportCSV {"csv_data":"a,b\n1,x\n2,y\n"} => [a:int b:object|1, 'x'|2, 'y']]
ImportCSV {"csv_data":"a,b,c,d\r\n1,1,True,x\r\n,2.5,FALSE,NA\r\n-3, 1e3 ,,None"} => [a:float b:float c:object d:object|1.0, 1.0, True, 'x'|None, 2.5, False, None|-3.0, 1000.0, None, None]]
ImportCSV {"csv_data":"a\n+1\n 2\n9223372036854775807"} => [a:int|1|2|9223372036854775807]]
ImportCSV {"csv_data":"a\n1\n99999999999999999999"} => [a:float|1.0|1e+20]]
ImportCSV {"csv_data":"a\n1\ninf"} => [a:object|'1'|'inf']]
ImportCSV {"csv_data":"a\n1\n0x10"} => [a:object|'1'|'0x10']]
ImportCSV {"csv_data":"a\n1\n1.2.3"} => [a:object|'1'|'1.2.3']]
ImportCSV {"csv_data":"a\n1\n-"} => [a:object|'1'|'-']]
ImportCSV {"csv_data":"a\n1\ntrue"} => [a:object|'1'|'true']]
ImportCSV {"csv_data":"a,b\n1\n\n2,\"x,\"\"y\"\"\"\n"} => [a:int b:object|1, None|2, 'x,"y"']]
ImportCSV {"csv_data":"a,a,,a,a.1\n1,2,3,4,5"} => [a:int a.1:int Unnamed:~2:int a.2:int a.1.1:int|1, 2, 3, 4, 5]]
ImportCSV {"csv_data":"a,b"} => [a:object b:object|]]
ImportCSV {"csv_data":"a,b\n1,2\n1,2,3"} !! 'csv_data': record 3 has 3 fields, but the first one has 2
ImportCSV {} !! 'csv_data': there are no columns in the text
JSONToDataframe {"text":"[{\"a\":1,\"b\":\"x\"},{\"c\":true,\"a\":2}]"} => [a:int b:object c:object|1, 'x', None|2, None, True]]
JSONToDataframe {"text":"{\"a\":[1,2],\"b\":\"x\"}"} => [a:int b:object|1, 'x'|2, 'x']]
JSONToDataframe {"text":"{\"a\":{\"r\":1,\"s\":2},\"b\":{\"s\":3,\"t\":4}}"} => [a:float b:float|1.0, None|2.0, 3.0|None, 4.0]]
JSONToDataframe {"text":"[[1,2],[3]]"} => [0:int 1:float|1, 2.0|3, None]]
JSONToDataframe {"text":"[1,2.5]"} => [0:float|1.0|2.5]]
JSONToDataframe {"text":"[]"} => [|]]
JSONToDataframe {"text":"{\"a\":[1,2],\"b\":[1]}"} !! 'text': column "b" has 1 values, but others have 2
JSONToDataframe {"text":"{\"a\":1}"} !! 'text': a dict must hold lists
JSONToDataframe {"text":"[{},1]"} !! 'text': row 1 is a int, but the first one is a dict
JSONToDataframe {"text":"1"} !! 'text': a int is no list of rows
JSONToDataframe {"text":"[1"} !! 'text': 
FromList {"values":[{"a":1,"b":{"value":2}},{"a":null,"b":[1,"x"]}]} => [a:float b:object|1.0, 2|None, "[1, 'x']"]]
FromList {} => [|]]
FromList {"values":[1]} !! 'values': item 0 is no dict
FromList {"values":[{"a":{}}]} !! 'values': the dict at "a" has no "value"
ToList {"dataframe":[a b|1,"x"|2,null]]} => [{'a': 1, 'b': 'x'}, {'a': 2, 'b': None}]
ToList {"dataframe":[|]]} => []
ToList {"dataframe":[a b|1]]} => [{'a': 1, 'b': None}]
ToList {"dataframe":[a b|1,2,3]]} !! 'dataframe': row 0 must be a list of 2 values
ToList {} !! 'dataframe' holds no data frame
ToList {"dataframe":{"type":"dataframe","columns":[{"a":1}],"data":[]}} !! 'dataframe': column 0 has no name
ToList {"dataframe":{"type":"image"}} !! "dataframe"

# --- refs ---
DropNA {"df":{"type":"dataframe","uri":"data:text/csv,a%0A1%0A%0A2","asset_id":null}} => [a:int|1|2]]
DropNA {"df":{"type":"dataframe","uri":"data:application/json,[{%22a%22:1}]"}} => [a:int|1]]

# --- rows ---
Filter {"df":[age name|31,"Ann"|20,"Bob"|null,"Cy"]],"condition":"age > 30"} => [age:float name:object|31.0, 'Ann']]
Filter {"df":[age name|31,"Ann"|20,"Bob"]],"condition":"age < 30 and name in ['Bob', 'Eve']"} => [age:int name:object|20, 'Bob']]
Filter {"df":[age|31]],"condition":"age > 40"} => [age:int|]]
Filter {"df":[age:int|]],"condition":"age > 40"} => [age:int|]]
Filter {"df":[age|31]],"condition":"size > 40"} !! 'condition': there is no column "size"
Filter {"df":[age|31]],"condition":"age >"} !! 'condition': 
Filter {"df":[age|31]],"condition":" "} !! 'condition' must not be empty
FindRow {"df":[a|1|2|3]],"condition":"a > 1"} => [a:int|2]]
FindRow {"df":[a|1]],"condition":"a > 1"} => [a:int|]]
Slice {"dataframe":[a|1|2|3]],"start_index":1} => [a:int|2|3]]
Slice {"dataframe":[a|1|2|3]],"end_index":2} => [a:int|1|2]]
Slice {"dataframe":[a|1|2|3]],"start_index":-2,"end_index":-2} => [a:int|]]
Slice {"dataframe":[a|1|2|3]],"start_index":-9,"end_index":9223372036854775807} => [a:int|1|2|3]]
SortByColumn {"df":[a b|3,1|null,2|1,3|1,4]],"column":"a"} => [a:float b:int|1.0, 3|1.0, 4|3.0, 1|None, 2]]
SortByColumn {"df":[a|"b"|"B"|"a"]],"column":"a"} => [a:object|'B'|'a'|'b']]
SortByColumn {"df":[a|1|"x"]],"column":"a"} !! 'column' cannot be sorted by: 
SortByColumn {"df":[a b|1,2]],"column":"c"} !! 'column': there is no column "c"; there are "a", "b"
SortByColumn {"df":[a|1]]} !! 'column' must name a column
DropDuplicates {"df":[a b|1,"x"|1,"y"|1.0,"x"|null,null|null,null]]} => [a:float b:object|1.0, 'x'|1.0, 'y'|None, None]]
DropNA {"df":[a b|1,"x"|null,"y"|2,null|3,"z"]]} => [a:float b:object|1.0, 'x'|3.0, 'z']]
Append {"dataframe_a":[a b|1,"x"]],"dataframe_b":[a b|2.5,"y"]]} => [a:float b:object|1.0, 'x'|2.5, 'y']]
Append {"dataframe_a":[|]],"dataframe_b":[a|1]]} => [a:int|1]]
Append {"dataframe_a":[a|1]],"dataframe_b":[c|]]} => [a:int|1]]
Append {"dataframe_a":[a|1]],"dataframe_b":[b|1]]} !! 'dataframe_b' must have the columns of 'dataframe_a'
DropNA {"df":[t:datetime s:string n:string|"2024-01-01","x",1]]} => [t:datetime s:string n:int|'2024-01-01', 'x', 1]]
DropNA {"df":[s:int f:float|]]} => [s:int f:float|]]
TABLE

run_frames(<<'TABLE');
# --- columns ---
SelectColumn {"dataframe":[a b c|1,2,3]],"columns":"c, a"} => [c:int a:int|3, 1]]
SelectColumn {"dataframe":[a|1]],"columns":"a,x"} !! 'columns': there is no column "x"; there are "a"
SelectColumn {"dataframe":[|]],"columns":"a"} !! there is no column "a"; there are none
SelectColumn {"dataframe":[a|1]]} !! 'columns' must name columns
ExtractColumn {"dataframe":[a b|1,2|3,null]],"column_name":"b"} => [2.0, None]
ExtractColumn {"dataframe":[a|1]],"column_name":"b"} !! 'column_name': there is no column "b"
AddColumn {"dataframe":[a|1|2]],"column_name":"b","values":["x",null]} => [a:int b:object|1, 'x'|2, None]]
AddColumn {"dataframe":[a|1|2]],"column_name":"a","values":[1,2.5]} => [a:float|1.0|2.5]]
AddColumn {"dataframe":[|]],"column_name":"a","values":[1,2]} => [a:int|1|2]]
AddColumn {"dataframe":[a|1|2]],"column_name":"b","values":[1]} !! 'values' has 1 items, but the data frame has 2 rows
AddColumn {"dataframe":[a|1]],"values":[1]} !! 'column_name' must not be empty
Rename {"dataframe":[a b c|1,2,3]],"rename_map":"a: x ,b:y:z,none:w,junk"} => [x:int y:z:int c:int|1, 2, 3]]
Merge {"dataframe_a":[a|1|2]],"dataframe_b":[b|3]]} => [a:int b:float|1, 3.0|2, None]]
Join {"dataframe_a":[id n|1,"a"|2,"b"|3,"c"]],"dataframe_b":[n id s|"B",2,5|"A",1,6|"C",1,7]],"join_on":"id"} => [id:int n_x:object n_y:object s:int|1, 'a', 'A', 6|1, 'a', 'C', 7|2, 'b', 'B', 5]]
Join {"dataframe_a":[k|null|"1"]],"dataframe_b":[k v|1,2|null,3]],"join_on":"k"} => [k:object v:int|None, 3]]
Join {"dataframe_a":[k|1]],"dataframe_b":[j|1]],"join_on":"k"} !! 'join_on': there is no column "k"; there are "j"
Join {"dataframe_a":[k|1]],"dataframe_b":[k|1]]} !! 'join_on' must name a column

# --- groups ---
Aggregate {"dataframe":[k v w|"b",1,0.5|"a",2,1|"b",3,null|null,9,9]],"columns":"k"} => [k:object v:int w:float|'a', 2, 1.0|'b', 4, 0.5]]
Aggregate {"dataframe":[k j v|1,"x",1|1,"y",2|1,"x",3]],"columns":"k, j"} => [k:int j:object v:int|1, 'x', 4|1, 'y', 2]]
Aggregate {"dataframe":[k v|1,"x"|1,null|1,"y"]],"columns":"k"} => [k:int v:object|1, 'xy']]
Aggregate {"dataframe":[k v|1,1|1,2|2,4]],"columns":"k","aggregation":"mean"} => [k:int v:float|1, 1.5|2, 4.0]]
Aggregate {"dataframe":[k v|1,1|1,null|2,null]],"columns":"k","aggregation":"count"} => [k:int v:int|1, 1|2, 0]]
Aggregate {"dataframe":[k v|1,3|1,1|2,null]],"columns":"k","aggregation":"min"} => [k:int v:float|1, 1.0|2, None]]
Aggregate {"dataframe":[k v|1,"b"|1,"a"]],"columns":"k","aggregation":"max"} => [k:int v:object|1, 'b']]
Aggregate {"dataframe":[k v|1,null|1,2|1,3]],"columns":"k","aggregation":"first"} => [k:int v:float|1, 2.0]]
Aggregate {"dataframe":[k v|1,2|1,3|1,null]],"columns":"k","aggregation":"last"} => [k:int v:float|1, 3.0]]
Aggregate {"dataframe":[k v|1,1|1,2|1,4|2,1]],"columns":"k","aggregation":"var"} => [k:int v:float|1, 2.333333333333333|2, None]]
Aggregate {"dataframe":[k v|1,1|1,3]],"columns":"k","aggregation":"std"} => [k:int v:float|1, 1.4142135623730951]]
Aggregate {"dataframe":[k v|1,5|1,1|2,3|2,1|2,2]],"columns":"k","aggregation":"median"} => [k:int v:float|1, 3.0|2, 2.0]]
Aggregate {"dataframe":[k v|1,9223372036854775807|1,1]],"columns":"k"} => [k:int v:float|1, 9.223372036854776e+18]]
Aggregate {"dataframe":[k v|1,1e308|1,1e308]],"columns":"k"} !! the sum of column "v" is too large
Aggregate {"dataframe":[k v|1,"x"]],"columns":"k","aggregation":"mean"} !! column "v" has a str, of which there is no mean
Aggregate {"dataframe":[k v|1,"x"|1,2]],"columns":"k"} !! column "v" has a int, of which there is no sum
Aggregate {"dataframe":[k v|1,"x"|1,2]],"columns":"k","aggregation":"min"} !! there is no min
Aggregate {"dataframe":[k v|1,2]],"columns":"k","aggregation":"mode"} !! 'aggregation' must be one of sum, mean, count, min, max, first, last, std, var, median
Aggregate {"dataframe":[k v|1,2]],"columns":""} !! 'columns' must name columns
Aggregate {"dataframe":[k v|1,2]],"columns":"k,x"} !! there is no column "x"
Aggregate {"dataframe":[k v|2,1|"x",1|1,1]],"columns":"k"} => [k:object v:int|2, 1|'x', 1|1, 1]]
Pivot {"dataframe":[d c v|2,"y",1|1,"x",2|1,"y",3|1,"y",4]],"index":"d","columns":"c","values":"v"} => [d:int x:float y:int|1, 2.0, 7|2, None, 1]]
Pivot {"dataframe":[d c v|1,10,2|1,9,3|null,9,4]],"index":"d","columns":"c","values":"v"} => [d:float 9:int 10:int|1.0, 3, 2]]
Pivot {"dataframe":[d c v|1,"x",2|1,"x",4|2,"y",null]],"index":"d","columns":"c","values":"v","aggfunc":"mean"} => [d:int x:float|1, 3.0]]
Pivot {"dataframe":[d c v|1,"x",2|1,"x",4]],"index":"d","columns":"c","values":"v","aggfunc":"count"} => [d:int x:int|1, 2]]
Pivot {"dataframe":[d c v|1,"x",2]],"index":"d","columns":"c","values":"v","aggfunc":"std"} !! 'aggfunc' must be one of sum, mean, count, min, max, first, last
Pivot {"dataframe":[d c v|1,"x",2]],"index":"d","columns":"c"} !! 'values' must name a column

# --- missing values ---
FillNA {"dataframe":[a b|1,"x"|null,null]]} => [a:float b:object|1.0, 'x'|0.0, 0]]
FillNA {"dataframe":[a b|1,"x"|null,null]],"value":"?","columns":"b"} => [a:float b:object|1.0, 'x'|None, '?']]
FillNA {"dataframe":[a b|1,"x"|null,null]],"value":{"a":7}} => [a:float b:object|1.0, 'x'|7.0, None]]
FillNA {"dataframe":[a|null|1|null|2]],"method":"forward"} => [a:float|None|1.0|1.0|2.0]]
FillNA {"dataframe":[a|null|1|null|2|null]],"method":"backward"} => [a:float|1.0|1.0|2.0|2.0|None]]
FillNA {"dataframe":[a b|1,"x"|null,null|4,"y"]],"method":"mean"} => [a:float b:object|1.0, 'x'|2.5, None|4.0, 'y']]
FillNA {"dataframe":[a|1|null|2|9]],"method":"median"} => [a:float|1.0|2.0|2.0|9.0]]
FillNA {"dataframe":[a|1]],"method":"mode"} !! 'method' must be one of value, forward, backward, mean, median
FillNA {"dataframe":[a|1]],"value":[1]} !! 'value' must be a value
FillNA {"dataframe":[a|1]],"columns":"b"} !! 'columns': there is no column "b"
TABLE

run_frames('FilterNone 1, null, "x", [], false | {} => '
    . "[1, 'x', [], False]");

# --- iterators ---------------------------------------------------------------

my $g = NodeTool::Graph->new(plugins => []);
my $dir = File::Temp->newdir('nodetool-data-XXXXXX', TMPDIR => 1);
make_path("$dir/work", "$dir/assets/tables/deep");

# What comes out of an output, one by one.
sub collect {
    my ($type, $output, %data) = @_;

    my $r = $g->run(graph([
            node(n => "nodetool.data.$type", %data),
            node(c => 'nodetool.control.Collect'),
            node(out => 'nodetool.output.Output', name => 'o')],
        "n.$output>c.input_item", 'c.output>out.value'),
        workspace => "$dir/work", assets => "$dir/assets");
    return $r->{failure}{message} ? "! $r->{failure}{message}"
        : $r->{results}{o};
}

my $abc = JSON::PP->new->decode(
    frame_json('n s', '1,"a"|2,"b"|3,null'));
my $rows = [{ n => 1, s => 'a' }, { n => 2, s => 'b' },
    { n => 3, s => undef }];

is_deeply(collect('ForEachRow', 'row', dataframe => $abc), $rows,
    'ForEachRow: rows');
is_deeply(collect('ForEachRow', 'index', dataframe => $abc), [0, 1, 2],
    'ForEachRow: positions');
is_deeply(collect('RowIterator', 'dict', dataframe => $abc), $rows,
    'RowIterator: rows');
is_deeply(collect('RowIterator', 'index', dataframe => $abc), [0, 1, 2],
    'RowIterator: positions');
like(collect('ForEachRow', 'row'), qr/! 'dataframe' holds no data frame/,
    'ForEachRow: nothing connected');

# --- files -------------------------------------------------------------------

sub data { return $_[0][0]{data} }

my $mixed = JSON::PP->new->decode(
    frame_json('n s', '1,"a, \"b\""|2.5,null|3,true'));
my $csv = qq(n,s\n1.0,"a, ""b"""\n2.5,\n3.0,True\n);

is_deeply(data(collect('SaveCSVDataframeFile', 'output', dataframe => $mixed,
            folder => 'out', filename => '%Y.csv')),
    [[1, 'a, "b"'], [2.5, undef], [3, JSON::PP::true]], 'a frame is saved');
is(slurp("$dir/work/out/" . (1900 + (localtime)[5]) . '.csv'), $csv,
    'as a file named by the time');
like(collect('SaveCSVDataframeFile', 'output', dataframe => $abc,
        filename => 'x.csv'), qr/! 'folder' must not be empty/, 'no folder');
like(collect('SaveCSVDataframeFile', 'output', dataframe => $abc,
        folder => '../..', filename => 'x.csv'), qr/^! /, 'nothing leads out');

spew("$dir/work/t.csv", "\xef\xbb\xbfn,s\n1,x\n2,\xc3\xa9\n");
is_deeply(data(collect('LoadCSVFile', 'output', file_path => 't.csv')),
    [[1, 'x'], [2, "\xe9"]], 'a file is loaded');
like(collect('LoadCSVFile', 'output', file_path => 'none.csv'), qr/^! /,
    'a file that is not there');
like(collect('LoadCSVFile', 'output'), qr/! 'file_path' must not be empty/,
    'no path');
spew("$dir/work/bad.csv", "n\n\xff\n");
like(collect('LoadCSVFile', 'output', file_path => 'bad.csv'),
    qr/! 'file_path': record 2 is not valid UTF-8/, 'a file that is no text');

my $folder = { type => 'folder', uri => '', asset_id => 'tables' };
my $saved = collect('SaveDataframe', 'output', df => $mixed,
    folder => $folder, name => 'm n.csv')->[0];
is(slurp("$dir/assets/tables/m n.csv"), $csv, 'a frame is saved as an asset');
is_deeply([@$saved{qw(uri asset_id)}, scalar @{ $saved->{data} }],
    ['http://test/storage/assets/tables/m%20n.csv', 'tables/m n.csv', 3],
    'its ref names the asset and holds the data');
is_deeply(data(collect('DropNA', 'output', df => {
            type => 'dataframe', uri => $saved->{uri} })),
    [[1, 'a, "b"'], [3, 'True']], 'and is read by its URI alone');
is(collect('SaveDataframe', 'output', df => $abc)->[0]{asset_id},
    'output.csv', 'its default name');
like(collect('SaveDataframe', 'output', df => $abc, name => ''),
    qr/! 'name' must not be empty/, 'no name');

spew("$dir/assets/tables/deep/b.CSV", "x\n1\n");
spew("$dir/assets/tables/c.txt", "x\n1\n");
is_deeply(collect('LoadCSVAssets', 'name', folder => $folder),
    ['b.CSV', 'm n.csv'], 'CSV among the assets');
is_deeply([map { scalar @{ $_->{data} } }
        @{ collect('LoadCSVAssets', 'dataframe', folder => $folder) }],
    [1, 3], 'their data');
like(collect('LoadCSVAssets', 'name'), qr/! 'folder' must be a folder/,
    'no folder of assets');
spew("$dir/assets/tables/deep/a.csv", "x\n1,2\n");
like(collect('LoadCSVAssets', 'name', folder => $folder),
    qr{! asset "tables/deep/a\.csv": record 2 has 2 fields}, 'a bad one');

$g->done;
done_testing();
