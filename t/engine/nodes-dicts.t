#!/usr/bin/perl

# nodetool.dictionary and lib.json: one behaviour a line; files, folders and
# YAML behind them.

use strict;
use warnings;

use lib 't/lib';
use File::Path qw(make_path);
use File::Temp;
use JSON::PP ();
use Test::More;

use NodeTool::Files;
use NodeTool::NodeTable qw(run_table);

run_table(<<'TABLE');
nodetool.dictionary.GetValue {"dictionary":{"a":1},"key":"a"} => 1
nodetool.dictionary.GetValue {"dictionary":{"a":0},"key":"a","default":2} => 0
nodetool.dictionary.GetValue {"dictionary":{"a":1},"key":"b","default":2} => 2
nodetool.dictionary.GetValue {} => []
nodetool.dictionary.Update {"dictionary":{"a":1,"b":2},"new_pairs":{"c":3,"a":9}} => {'a': 9, 'b': 2, 'c': 3}
nodetool.dictionary.Remove {"dictionary":{"a":1,"b":2},"key":"a"} => {'b': 2}
nodetool.dictionary.Remove {"dictionary":{"a":1},"key":"x"} => {'a': 1}
nodetool.dictionary.ParseJSON {"json_string":"{\"a\": [1, 2.0, null]}"} => {'a': [1, 2.0, None]}
nodetool.dictionary.ParseJSON {"json_string":"[1]"} !! 'json_string' must hold an object, not a list
nodetool.dictionary.ParseJSON {"json_string":"{\"a\":\n 1,}"} !! 'json_string'
nodetool.dictionary.ParseJSON {} !! 'json_string'
nodetool.dictionary.Zip {"keys":["a",1,true,null,1.5],"values":[1,2,3,4,5,6]}
    => {'a': 1, '1': 2, 'true': 3, 'null': 4, '1.5': 5}
nodetool.dictionary.Zip {"keys":["a","b"],"values":[1]} => {'a': 1}
nodetool.dictionary.Zip {"keys":[["a"]],"values":[1]} !! 'keys': a list cannot be a key
nodetool.dictionary.Combine {"dict_a":{"a":1,"b":1},"dict_b":{"b":2}} => {'a': 1, 'b': 2}
nodetool.dictionary.Filter {"dictionary":{"a":1,"b":2,"c":3},"keys":["c","a","x"]} => {'c': 3, 'a': 1}
nodetool.dictionary.ReduceDictionaries {"dictionaries":[{"k":"a","v":1},{"k":"b","v":2}],"key_field":"k"}
    => {'a': {'v': 1}, 'b': {'v': 2}}
nodetool.dictionary.ReduceDictionaries {"dictionaries":[{"k":"a","v":1},{"k":"a","v":2}],"key_field":"k","value_field":"v"}
    => {'a': 1}
nodetool.dictionary.ReduceDictionaries
    {"dictionaries":[{"k":"a","v":1},{"k":"a","v":2}],"key_field":"k","value_field":"v","conflict_resolution":"last"}
    => {'a': 2}
nodetool.dictionary.ReduceDictionaries
    {"dictionaries":[{"k":"a","v":1},{"k":"a","v":2}],"key_field":"k","value_field":"v","conflict_resolution":"error"}
    !! the key "a" comes twice
nodetool.dictionary.ReduceDictionaries {"dictionaries":[{"v":1}],"key_field":"k"} !! 'key_field': a dict has no "k"
nodetool.dictionary.ReduceDictionaries {"dictionaries":[{"k":1}],"key_field":"k","value_field":"v"}
    !! 'value_field': a dict has no "v"
nodetool.dictionary.ReduceDictionaries {"dictionaries":[{"k":{}}],"key_field":"k"} !! 'key_field': a dict cannot be a key
nodetool.dictionary.ArgMax {"scores":{"a":0.1,"b":0.7,"c":0.7}} => 'b'
nodetool.dictionary.ArgMax {} !! 'scores' must not be empty
nodetool.dictionary.ToJSON {"dictionary":{"a":[1,2.5,1e16,0.1,null,true],"é":"\"\n😀"}}
    => '{"a": [1, 2.5, 1e+16, 0.1, null, true], "\\u00e9": "\\"\\n\\ud83d\\ude00"}'
nodetool.dictionary.ToJSON {} => '{}'
nodetool.dictionary.ToYAML {"dictionary":{"b":{"y":[1,{"c":2,"d":[]}],"x":"no"},"a":null}}
    => "a: null\nb:\n  x: 'no'\n  'y':\n  - 1\n  - c: 2\n    d: []\n"
nodetool.dictionary.ToYAML {} => '{}\n'
nodetool.dictionary.SaveJSON {"data":{"a":[1,{}]}} => '{\n  "a": [\n    1,\n    {}\n  ]\n}'
nodetool.dictionary.SaveJSON {"data":[1],"indent":0} => '[\n1\n]'
nodetool.dictionary.SaveJSON {"data":1,"indent":65} !! 'indent' must be between 0 and 64

nodetool.dictionary.FilterDictByValue {"k":"abc"}, {"k":"xbz"}, {"j":"b"}, {"k":"ac"} | {"key":"k","criteria":"b"}
    => [{'k': 'abc'}, {'k': 'xbz'}]
nodetool.dictionary.FilterDictByValue {"k":"abc"}, {"k":"bc"} | {"key":"k","criteria":"a","filter_type":"starts_with"} => [{'k': 'abc'}]
nodetool.dictionary.FilterDictByValue {"k":"abc"}, {"k":"cb"} | {"key":"k","criteria":"b","filter_type":"ends_with"} => [{'k': 'cb'}]
nodetool.dictionary.FilterDictByValue {"k":1}, {"k":"1"}, {"k":1.0}, {"k":11} | {"key":"k","criteria":"1","filter_type":"equals"}
    => [{'k': 1}, {'k': '1'}]
nodetool.dictionary.FilterDictByValue {"k":true}, {"k":1} | {"key":"k","criteria":"True","filter_type":"equals"} => [{'k': True}]
nodetool.dictionary.FilterDictByValue {"k":1}, {"k":1.0}, {"k":null}, {"k":true} | {"key":"k","criteria":"int","filter_type":"type_is"}
    => [{'k': 1}]
nodetool.dictionary.FilterDictByValue {"k":null}, {"k":[]} | {"key":"k","criteria":"NoneType","filter_type":"type_is"} => [{'k': None}]
nodetool.dictionary.FilterDictByValue {"k":"éé"}, {"k":[1,2,3]}, {"k":5} | {"key":"k","criteria":"2","filter_type":"length_greater"}
    => [{'k': [1, 2, 3]}]
nodetool.dictionary.FilterDictByValue {"k":"éé"}, {"k":{"a":1}} | {"key":"k","criteria":" 2 ","filter_type":"exact_length"} => [{'k': 'éé'}]
nodetool.dictionary.FilterDictByValue {"k":"a"}, {"k":"abc"} | {"key":"k","criteria":"2","filter_type":"length_less"} => [{'k': 'a'}]
nodetool.dictionary.FilterDictByValue {"k":"a"} | {"key":"k","criteria":"x","filter_type":"length_less"} => []
nodetool.dictionary.FilterDictByRange {"k":1}, {"k":2.5}, {"k":"2"}, {"k":3} | {"key":"k","min_value":1,"max_value":2.5}
    => [{'k': 1}, {'k': 2.5}]
nodetool.dictionary.FilterDictByRange {"k":1}, {"k":2}, {"k":3} | {"key":"k","min_value":1,"max_value":3,"inclusive":false} => [{'k': 2}]
nodetool.dictionary.FilterDictByNumber {"k":1}, {"k":3}, {"x":9} | {"key":"k","compare_value":2} => [{'k': 3}]
nodetool.dictionary.FilterDictByNumber {"k":1}, {"k":2}, {"k":2.0} | {"key":"k","filter_type":"even"} => [{'k': 2}]
nodetool.dictionary.FilterDictByNumber {"k":-1}, {"k":2} | {"key":"k","filter_type":"negative"} => [{'k': -1}]
nodetool.dictionary.FilterDictRegex {"k":"a1"}, {"k":"ab"}, {"k":12} | {"key":"k","pattern":"\\d+"} => [{'k': 'a1'}, {'k': 12}]
nodetool.dictionary.FilterDictRegex {"k":"a1"}, {"k":12} | {"key":"k","pattern":"\\d+","full_match":true} => [{'k': 12}]
nodetool.dictionary.FilterDictRegex {"k":"a"} | {"key":"k","pattern":"("} !! pattern
nodetool.dictionary.FilterDictByQuery {"a":1}, {"a":5} | {"condition":"a > 2"} => [{'a': 5}]
nodetool.dictionary.FilterDictByQuery {"a":1}, {} | {"condition":""} => [{'a': 1}, {}]
nodetool.dictionary.FilterDictByQuery {"a":1} | {"condition":"a >"} !! 'condition': expected a value at character 4
nodetool.dictionary.FilterDictByQuery {"a":1} | {"condition":"a b"} !! 'condition': expected an operator or the end at character 3

lib.json.ParseDict {"json_string":"{\"a\":1}"} => {'a': 1}
lib.json.ParseDict {"json_string":"[]"} !! 'json_string' must hold an object, not a list
lib.json.ParseList {"json_string":"[1]"} => [1]
lib.json.ParseList {"json_string":"{}"} !! 'json_string' must hold an array, not a dict
lib.json.ParseList {"json_string":"[1"} !! line 1
lib.json.StringifyJSON {"data":{"a":1}} => '{\n  "a": 1\n}'
lib.json.StringifyJSON {"data":[[]],"indent":4} => '[\n    []\n]'
lib.json.StringifyJSON {"data":"\u0001\b\f/\u007f"} => '"\\u0001\\b\\f/\\u007f"'
lib.json.GetJSONPathStr {"data":{"a":{"b":[1,"x"]}},"path":"a.b.1"} => 'x'
lib.json.GetJSONPathStr {"data":{"a":{"b":[1,true]}},"path":"a"} => "{'b': [1, True]}"
lib.json.GetJSONPathStr {"data":{"a":null},"path":"a","default":"d"} => 'd'
lib.json.GetJSONPathStr {"data":{"a":1},"path":"a.b","default":"d"} => 'd'
lib.json.GetJSONPathStr {"data":{"a":[1]},"path":"a.1","default":"d"} => 'd'
lib.json.GetJSONPathStr {"data":{"a":[1]},"path":"a.-1","default":"d"} => 'd'
lib.json.GetJSONPathStr {"data":{"":1},"path":""} => '1'
lib.json.GetJSONPathStr {"data":{"a":[{"b":1},{"b":2}]},"path":"$.a[-1].b"} => '2'
lib.json.GetJSONPathStr {"data":{"a":1},"path":"$["} !! 'path': expected
lib.json.GetJSONPathInt {"data":{"a":"12"},"path":"a"} => 12
lib.json.GetJSONPathInt {"data":{"a":-2.9},"path":"a"} => -2
lib.json.GetJSONPathInt {"data":{"a":true},"path":"a"} => 1
lib.json.GetJSONPathInt {"data":{"a":"1.5"},"path":"a"} !! 'path' leads to a str that cannot be made an int
lib.json.GetJSONPathInt {"data":{"a":1e300},"path":"a"} !! cannot be made an int
lib.json.GetJSONPathInt {"data":{},"path":"a","default":7} => 7
lib.json.GetJSONPathFloat {"data":{"a":" 1.5 "},"path":"a"} => 1.5
lib.json.GetJSONPathFloat {"data":{"a":2},"path":"a"} => 2.0
lib.json.GetJSONPathFloat {"data":{"a":"0x10"},"path":"a"} !! cannot be made a float
lib.json.GetJSONPathFloat {"data":{"a":"inf"},"path":"a"} !! cannot be made a float
lib.json.GetJSONPathFloat {"data":{"a":"1e999"},"path":"a"} !! cannot be made a float
lib.json.GetJSONPathBool {"data":{"a":[0]},"path":"a"} => True
lib.json.GetJSONPathBool {"data":{"a":""},"path":"a","default":true} => False
lib.json.GetJSONPathBool {"data":{},"path":"a","default":true} => True
lib.json.GetJSONPathList {"data":{"a":[1]},"path":"a"} => [1]
lib.json.GetJSONPathList {"data":{"a":"x"},"path":"a"} !! a str that cannot be made a list
lib.json.GetJSONPathDict {"data":{"a":{"b":1}},"path":"a"} => {'b': 1}
lib.json.GetJSONPathDict {"data":{"a":[1]},"path":"a"} !! a list that cannot be made a dict
lib.json.FilterJSON {"array":[{"a":1},{"a":2},{"b":1},{"a":1.0}],"key":"a","value":1} => [{'a': 1}, {'a': 1.0}]
lib.json.ValidateJSON {"data":{"a":1},"json_schema":{"required":["a"]}} => True
lib.json.ValidateJSON {"data":{"b":1},"json_schema":{"required":["a"]}} => False
lib.json.ValidateJSON {"data":1,"json_schema":{"type":"nothing"}} !! 'json_schema': "type" must be one of
lib.json.JSONTemplate {"template":"{\"n\": \"$user\", \"g\": \"Hi $user!\", \"a\": $age, \"q\": \"$age\"}","values":{"user":"J\"o","age":30}}
    => {'n': 'J"o', 'g': 'Hi J"o!', 'a': 30, 'q': 30}
lib.json.JSONTemplate {"template":"{\"a\": \"$user $username\"}","values":{"user":"u","username":"n"}} => {'a': 'u n'}
lib.json.JSONTemplate {"template":"{\"a\": \"$x\", \"b\": \"$y\"}","values":{"x":"$y","y":1}} => {'a': '$y', 'b': 1}
lib.json.JSONTemplate {"template":"{\"a\": \"<$x>\", \"$x\": $x}","values":{"x":[1,"q"]}} !! the filled 'template'
lib.json.JSONTemplate {"template":"{\"a\": \"<$x>\", \"b\": $x}","values":{"x":[1,"q"]}} => {'a': '<[1, "q"]>', 'b': [1, 'q']}
lib.json.JSONTemplate {"template":"{\"a\": \"\\\"$x\\\"\"}","values":{"x":"v"}} => {'a': '"v"'}
lib.json.JSONTemplate {"template":"{\"a\": \"$none 5$\"}","values":{"x":1}} => {'a': '$none 5$'}
lib.json.JSONTemplate {"template":"[$x]","values":{"x":1}} !! must be an object, not a list
lib.json.JSONTemplate {"template":"{","values":{}} !! the filled 'template': 
TABLE

# --- queries -----------------------------------------------------------------

my %row = (n => 5, f => 2.5, s => 'Berlin', 'full name' => 'A B',
    l => ['x', 'y'], t => JSON::PP::true, z => undef);
my $row = JSON::PP->new->canonical->encode(\%row);
my $table = '';
for my $case (
    ['n == 5', 1], ['n != 5', 0], ['n = 5', undef], ['4 < n <= 5', 1],
    ['4 < n < 5', 0], ['n > 4 and f < 3', 1], ['n > 4 and f > 3', 0],
    ['n > 9 or f == 2.5', 1], ['not n > 9', 1], ['not (n == 5)', 0],
    ['(n > 4) & (f < 3)', 1], ['(n > 9) | (f < 3)', 1], ['~(n == 5)', 0],
    ['s == \'Berlin\'', 1], ['s == \"Berlin\"', 1], ['s < \'C\'', 1],
    ['s in [\'Berlin\', \'Paris\']', 1], ['s not in (\'Berlin\',)', 0],
    ['s == [\'Berlin\']', 1], ['s != [\'Berlin\']', 0], ['n in [1, 5.0]', 1],
    ['`full name` == \'A B\'', 1], ['`full name', undef], ['\'x\' in l', 1],
    ['\'er\' in s', 1], ['n + 1 == 6', 1], ['n - 1 * 2 == 3', 1],
    ['(n - 1) * 2 == 8', 1], ['n / 2 == f', 1], ['n // 2 == 2', 1],
    ['n % 3 == 2', 1], ['-n % 3 == 1', 1], ['n ** 2 == 25', 1],
    ['-n ** 2 == -25', 1], ['n / 0 == 1', 0], ['s + \'!\' == \'Berlin!\'', 1],
    ['s + 1 == 2', 0], ['s > 1', 0], ['missing == 1', 0], ['missing != 1', 0],
    ['n == 5 or missing == 1', 1], ['t', 1], ['t == True', 1],
    ['not t', 0], ['z == None', 1], ['n', 1], ['index', 0], ['android == 1', 0],
    ['n == 5 and', undef], ['(n == 5', undef], ['n == 5)', undef],
    ['[1', undef], ['\'a', undef], ['1a', undef], ['@n == 5', undef],
    ['n == 5 # x', undef], ['n == ' . '(' x 200 . '5' . ')' x 200, undef],
    ['n == 5' . ' and n == 5' x 9000, undef], ['n == 5' . ' and n == 5' x 300, 1],
) {
    my ($condition, $want) = @$case;
    $table .= "nodetool.dictionary.FilterDictByQuery $row | "
        . qq({"condition":"$condition"} )
        . (!defined $want ? "!! 'condition': expected\n"
            : '=> ' . ($want ? "[{'f': 2.5, 'full name': 'A B', 'l': ['x', "
                . "'y'], 'n': 5, 's': 'Berlin', 't': True, 'z': None}]"
                : '[]') . "\n");
}
run_table($table);

# --- files -------------------------------------------------------------------

my $dir = File::Temp->newdir('nodetool-nodes-XXXXXX', TMPDIR => 1);
make_path("$dir/work", "$dir/assets/data");
my %folders = (workspace => "$dir/work", assets => "$dir/assets");

sub put {
    my ($path, $content) = @_;

    open my $fh, '>:raw', "$dir/$path" or die "$path: $!";
    print {$fh} $content;
    close $fh or die $!;
    return;
}

put('work/a.csv', "\xef\xbb\xbfname,n\r\n\"a, \"\"b\"\"\nc\",1\r\n\r\nx\r\n"
    . "y,2,3,4\r\n\"\",\"\"");
put('work/lf.csv', "a,b\n1,2\n3,4\n");
put('work/cr.csv', "a\r1\r2");
put('work/bad.csv', "a\n1\n\xff\n");
put('work/empty.csv', '');

my $g = NodeTool::Graph->new;
run_table(<<'TABLE', %folders, graph => $g);
nodetool.dictionary.LoadCSVFile {"path":"a.csv"} => [{'name': 'a, "b"\nc', 'n': '1'}, {'name': 'x', 'n': None}, {'name': 'y', 'n': '2', 'null': ['3', '4']}, {'name': '', 'n': ''}]
nodetool.dictionary.LoadCSVFile {"path":"/lf.csv"} => [{'a': '1', 'b': '2'}, {'a': '3', 'b': '4'}]
nodetool.dictionary.LoadCSVFile {"path":"cr.csv"} => [{'a': '1'}, {'a': '2'}]
nodetool.dictionary.LoadCSVFile {"path":"empty.csv"} => []
nodetool.dictionary.LoadCSVFile {"path":"bad.csv"} !! 'path': record 3 is not valid UTF-8
nodetool.dictionary.LoadCSVFile {"path":"missing.csv"} !! missing.csv
nodetool.dictionary.LoadCSVFile {"path":"../a.csv"} !! a.csv
nodetool.dictionary.LoadCSVFile {} !! 'path' must not be empty
nodetool.dictionary.SaveJSON {"data":{"a":"é"},"folder":"out/deep","name":"x.json","indent":0} => 'out/deep/x.json'
nodetool.dictionary.SaveJSON {"data":1,"folder":"..","name":"x.json"} !! x.json
nodetool.list.SaveList {"values":["a",1,2.0,null,[true]],"name":"lists/l.txt"}
    => {'type': 'text', 'uri': 'http://test/storage/assets/lists/l.txt', 'asset_id': 'lists/l.txt'}
nodetool.list.SaveList {"values":[1],"name":"../l.txt"} !! asset
TABLE
is(slurp("$dir/work/out/deep/x.json"), "{\n\"a\": \"\\u00e9\"\n}", 'SaveJSON');
is(slurp("$dir/assets/lists/l.txt"), "a\n1\n2.0\nNone\n[True]", 'SaveList');
my ($name) = NodeTool::NodeTable::run_node($g, 'nodetool.dictionary.SaveJSON',
    '{"data":1,"folder":"t","name":"%Y-%m-%d 100%.json"}', %folders);
like($name, qr{^'t/20\d\d-\d\d-\d\d 100%\.json'$}, 'a name of the time');

# SaveCSVFile has no output: what counts is the file
for my $case (
    [q([{"a":1,"b":"x, \"y\""},{"b":null,"a":true},{"a":1.5}]),
     qq(a,b\r\n1,"x, ""y"""\r\nTrue,\r\n1.5,\r\n)],
    [q([{"a":""},{"a":"l\nm"}]), qq(a\r\n""\r\n"l\nm"\r\n)],
    [q([{"a":1},{"c":1}]), undef, 'item 1 has the field "c"'],
    [q([]), undef, "'data' must not be empty"],
) {
    my ($data, $want, $error) = @$case;
    unlink "$dir/work/o/s.csv";
    my $r = NodeTool::NodeTable::ask($g, '{"graph":{"nodes":[{"id":"n","type":'
        . qq("nodetool.dictionary.SaveCSVFile","data":{"data":$data,)
        . qq("folder":"o","filename":"s.csv"}}],"edges":[]},)
        . qq("workspace":"$dir/work"}));
    if ($want) {
        is(slurp("$dir/work/o/s.csv"), $want, "SaveCSVFile $data");
    } else {
        like($r->{failure}{message}, qr/\Q$error/, "SaveCSVFile $data");
        ok(!-e "$dir/work/o/s.csv", '... writes nothing');
    }
}

# LoadJSONAssets
put('assets/data/b.json', '{"b":2}');
put('assets/data/a.json', '{"a":1}');
put('assets/data/c.txt', 'no JSON');
sub load {
    my ($folder) = @_;

    return NodeTool::NodeTable::ask($g, <<"JSON" =~ s/\n//gr);
{"graph":{"nodes":[{"id":"n","type":"lib.json.LoadJSONAssets","data":
{"folder":$folder}},{"id":"c","type":"nodetool.control.Collect","data":{}},
{"id":"d","type":"nodetool.control.Collect","data":{}},
{"id":"o","type":"nodetool.output.Output","data":{"name":"json"}},
{"id":"p","type":"nodetool.output.Output","data":{"name":"name"}}],"edges":[
{"source":"n","sourceHandle":"json","target":"c","targetHandle":"input_item"},
{"source":"n","sourceHandle":"name","target":"d","targetHandle":"input_item"},
{"source":"c","sourceHandle":"output","target":"o","targetHandle":"value"},
{"source":"d","sourceHandle":"output","target":"p","targetHandle":"value"}]},
"assets":"$dir/assets"}
JSON
}
for my $folder ('{"type":"folder","asset_id":"data"}',
    '{"type":"folder","uri":"http://x/storage/assets/data"}')
{
    my $r = load($folder);
    is_deeply($r->{results}, { json => [{ a => 1 }, { b => 2 }],
        name => ['a.json', 'b.json'] }, "LoadJSONAssets $folder")
        or diag(explain($r->{failure}));
}
like(load('{"type":"folder"}')->{failure}{message},
    qr/'folder' must name an asset folder/, 'LoadJSONAssets of no folder');
put('assets/data/bad.json', '{"b":');
like(load('{"type":"folder","asset_id":"data"}')->{failure}{message},
    qr/the asset "bad\.json": .*line 1/, 'LoadJSONAssets of bad JSON');
$g->done;

# --- YAML --------------------------------------------------------------------

SKIP: {
    system('python3 -c "import yaml" 2>/dev/null') == 0
        or skip 'no YAML for Python here', 1;

    my @strings = ('', ' ', 'a', 'a b', ' a', 'a ', 'no', 'No', 'null', '~',
        'true', '1', '-1', '1.5', '.5', '1e3', '0x1f', '0o7', '1_000', '1:30',
        '2026-11-24', '-', '- a', '?', ': a', 'a: b', 'a:b', 'a #b', '#a',
        '&a', '*a', '!a', '|', '>', '%a', '@a', '`a', "a'b", 'a"b', "a\nb",
        "a\n", "\n", "\ta", "\x{e9}\x{1f600}", "\x{85}", "\x{2028}",
        "\x{feff}", "a\x7fb", "\x01", '{a}', '[a]', 'a, b', '<<', '=', '...',
        '---', 'y', 'n', 'on', '.inf', '.nan', 'a\\b', "a\r\nb", 'x' x 3000,
        'a ' x 500);
    my $json = JSON::PP->new->canonical->allow_nonref;
    my $value = $json->encode({ strings => \@strings,
        keys => { map { $_ => 1 } @strings },
        nested => [[], {}, [[1, [2]], { a => { b => [] } }], [{}],
            { a => [[{ b => 1 }]] }] });
    $value =~ s/\}$/,"numbers":[0,-1,1.5,1e16,1e-7,1e300,-0.0,123456789012],"c":[true,false,null]}/;
    utf8::encode($value);
    my $graph = NodeTool::NodeTable::graph_text('nodetool.dictionary.ToYAML',
        qq({"dictionary":$value})) =~ s/"mode":"repr"/"mode":"str"/r;
    my $run = NodeTool::Graph->new;
    my $r = NodeTool::NodeTable::ask($run, qq({"graph":$graph}));
    $run->done;
    my $yaml = $r->{results}{o};
    ok(defined $yaml, 'YAML') or diag(explain($r));
    utf8::encode($yaml);
    put('out.yaml', $yaml);
    put('in.json', $value);
    my $out = `python3 -c '
import json, yaml
a = json.load(open("$dir/in.json"))
b = yaml.safe_load(open("$dir/out.yaml", encoding="utf-8", newline=""))
for k in a:
    if a[k] != b[k]: print(k, [x for x in zip(a[k], b[k]) if x[0] != x[1]])
print(a == b)' 2>&1`;
    is($out, "True\n", 'Python reads the YAML back');
}

done_testing();
