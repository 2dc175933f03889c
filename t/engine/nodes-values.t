#!/usr/bin/perl

# nodetool.boolean, nodetool.numbers, nodetool.list, lib.math, lib.uuid: one
# behaviour a line.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use NodeTool::NodeTable qw(run_table);

run_table(<<'TABLE');
nodetool.boolean.ConditionalSwitch {"condition":true,"if_true":1,"if_false":2} => 1
nodetool.boolean.ConditionalSwitch {"condition":false,"if_true":1,"if_false":2} => 2
nodetool.boolean.ConditionalSwitch {} => []
nodetool.boolean.LogicalOperator {"a":true,"b":true} => True
nodetool.boolean.LogicalOperator {"a":true,"b":false} => False
nodetool.boolean.LogicalOperator {"a":true,"b":false,"operation":"or"} => True
nodetool.boolean.LogicalOperator {"operation":"or"} => False
nodetool.boolean.LogicalOperator {"a":true,"b":true,"operation":"xor"} => False
nodetool.boolean.LogicalOperator {"b":true,"operation":"xor"} => True
nodetool.boolean.LogicalOperator {"a":true,"b":true,"operation":"nand"} => False
nodetool.boolean.LogicalOperator {"a":true,"operation":"nand"} => True
nodetool.boolean.LogicalOperator {"operation":"nor"} => True
nodetool.boolean.LogicalOperator {"a":true,"operation":"nor"} => False
nodetool.boolean.Not {"value":true} => False
nodetool.boolean.Not {} => True
nodetool.boolean.Compare {"a":1,"b":1.0} => True
nodetool.boolean.Compare {"a":1,"b":2,"comparison":"!="} => True
nodetool.boolean.Compare {"a":2,"b":1.5,"comparison":">"} => True
nodetool.boolean.Compare {"a":2,"b":2,"comparison":">"} => False
nodetool.boolean.Compare {"a":1,"b":2,"comparison":"<"} => True
nodetool.boolean.Compare {"a":2,"b":2,"comparison":">="} => True
nodetool.boolean.Compare {"a":3,"b":2,"comparison":"<="} => False
nodetool.boolean.Compare {"a":9007199254740993,"b":9007199254740992.0} => False
nodetool.boolean.IsNone {} => False
nodetool.boolean.IsNone {"value":0} => False
nodetool.boolean.IsIn {"value":2,"options":[1,2.0]} => True
nodetool.boolean.IsIn {"value":"2","options":[1,2]} => False
nodetool.boolean.IsIn {"value":{"a":[1]},"options":[{"a":[1.0]}]} => True
nodetool.boolean.IsIn {"value":1} => False
nodetool.boolean.All {} => True
nodetool.boolean.All {"values":[true,true]} => True
nodetool.boolean.All {"values":[true,false]} => False
nodetool.boolean.Some {} => False
nodetool.boolean.Some {"values":[false,true]} => True
nodetool.boolean.Some {"values":[false]} => False

nodetool.numbers.FilterNumber 1, 2, 3.5, -1 | {"compare_value":1} => [2.0, 3.5]
nodetool.numbers.FilterNumber 1, 2, 3 | {"filter_type":"less_than","compare_value":2} => [1.0]
nodetool.numbers.FilterNumber 1, 2.0, 2 | {"filter_type":"equal_to","compare_value":2} => [2.0, 2.0]
nodetool.numbers.FilterNumber 1, 2, 3, 4.0, -3 | {"filter_type":"even"} => [2.0, 4.0]
nodetool.numbers.FilterNumber 1, 2, 3.0, -3, 2.5 | {"filter_type":"odd"} => [1.0, 3.0, -3.0, 2.5]
nodetool.numbers.FilterNumber -1, 0, 1 | {"filter_type":"positive"} => [1.0]
nodetool.numbers.FilterNumber -1, 0, 1 | {"filter_type":"negative"} => [-1.0]
nodetool.numbers.FilterNumber "1", 5 | {} !! "value" takes float, but a value of type str came
nodetool.numbers.FilterNumberRange 1, 2, 3, 4 | {"min_value":2,"max_value":3} => [2.0, 3.0]
nodetool.numbers.FilterNumberRange 1, 2, 3, 4 | {"min_value":1,"max_value":4,"inclusive":false} => [2.0, 3.0]

nodetool.list.Length {"values":[1,[2,3],"x"]} => 3
nodetool.list.Length {} => 0
nodetool.list.ListRange {"stop":3} => [0, 1, 2]
nodetool.list.ListRange {"start":5,"stop":0,"step":-2} => [5, 3, 1]
nodetool.list.ListRange {"start":5,"stop":5} => []
nodetool.list.ListRange {"start":0,"stop":5,"step":-1} => []
nodetool.list.ListRange {"step":0} !! 'step' must not be 0
nodetool.list.ListRange {"stop":1000001} !! 'stop' makes a list of 1000001 numbers
nodetool.list.ListRange {"start":-9223372036854775808,"stop":9223372036854775807} !! 'stop'
nodetool.list.ListRange {"start":9223372036854775806,"stop":9223372036854775807} => [9223372036854775806]
nodetool.list.ListRange {"start":-9223372036854775808,"stop":9223372036854775807,"step":9223372036854775807}
    => [-9223372036854775808, -1, 9223372036854775806]
nodetool.list.Slice {"values":[1,2,3,4,5]} => [1, 2, 3, 4, 5]
nodetool.list.Slice {"values":[1,2,3,4,5],"start":1,"stop":3} => [2, 3]
nodetool.list.Slice {"values":[1,2,3,4,5],"start":-2} => [4, 5]
nodetool.list.Slice {"values":[1,2,3,4,5],"stop":-1} => [1, 2, 3, 4]
nodetool.list.Slice {"values":[1,2,3,4,5],"step":-1,"start":-1} => [5, 4, 3, 2, 1]
nodetool.list.Slice {"values":[1,2,3,4,5],"step":2} => [1, 3, 5]
nodetool.list.Slice {"values":[1,2],"start":5} => []
nodetool.list.Slice {"values":[1,2,3],"step":9223372036854775807} => [1]
nodetool.list.Slice {"values":[1,2,3],"start":-1,"step":-9223372036854775808} => [3]
nodetool.list.Slice {"values":[1],"step":0} !! 'step' must not be 0
nodetool.list.SelectElements {"values":["a","b","c"],"indices":[2,0,-1]} => ['c', 'a', 'c']
nodetool.list.SelectElements {"values":["a"],"indices":[1]} !! 'indices': there is no item 1 in a list of 1
nodetool.list.GetElement {"values":["a","b"],"index":-1} => 'b'
nodetool.list.GetElement {"values":["a","b"],"index":2} !! 'index': there is no item 2 in a list of 2
nodetool.list.GetElement {"values":["a","b"],"index":-3} !! 'index': there is no item -3
nodetool.list.GetElement {} !! 'index'
nodetool.list.Append {"values":[1],"value":"x"} => [1, 'x']
nodetool.list.Append {"values":[1],"value":[2]} => [1, [2]]
nodetool.list.Extend {"values":[1],"other_values":[2,[3]]} => [1, 2, [3]]
nodetool.list.Dedupe {"values":[3,1,3,1.0,true,"1",null,null,[1],[1.0],{"a":1,"b":2},{"b":2,"a":1}]}
    => [3, 1, '1', None, [1], {'a': 1, 'b': 2}]
nodetool.list.Reverse {"values":[1,2,3]} => [3, 2, 1]
nodetool.list.Reverse {} => []
nodetool.list.Sort {"values":[3,1.5,2,true]} => [True, 1.5, 2, 3]
nodetool.list.Sort {"values":["b","a","B","é"]} => ['B', 'a', 'b', 'é']
nodetool.list.Sort {"values":[[2,"a"],[1,"b"],[1]]} => [[1], [1, 'b'], [2, 'a']]
nodetool.list.Sort {"values":[1,2.0,1.0,2],"order":"descending"} => [2.0, 2, 1, 1.0]
nodetool.list.Sort {"values":[1,"a"]} !! 'values' cannot be sorted
nodetool.list.Sort {"values":[null,null]} !! NoneType and NoneType have no order
nodetool.list.Sort {} => []
nodetool.list.Intersection {"list1":[3,1,2,1],"list2":[1.0,3]} => [3, 1]
nodetool.list.Union {"list1":[1,2,1],"list2":[2,3]} => [1, 2, 3]
nodetool.list.Difference {"list1":[1,2,3,1],"list2":[2]} => [1, 3]
nodetool.list.Chunk {"values":[1,2,3],"chunk_size":2} => [[1, 2], [3]]
nodetool.list.Chunk {"values":[1,2,3],"chunk_size":9223372036854775807} => [[1, 2, 3]]
nodetool.list.Chunk {"values":[1],"chunk_size":0} !! 'chunk_size' must be at least 1
nodetool.list.Flatten {"values":[1,[2,[3,[4]]],[]]} => [1, 2, 3, 4]
nodetool.list.Flatten {"values":[1,[2,[3,[4]]]],"max_depth":1} => [1, 2, [3, [4]]]
nodetool.list.Flatten {"values":[[1]],"max_depth":0} => [[1]]
nodetool.list.Sum {"values":[1,2,3]} => 6.0
nodetool.list.Sum {"values":[1,2.5]} => 3.5
nodetool.list.Sum {"values":[9223372036854775807,1]} => 9.223372036854776e+18
nodetool.list.Sum {} !! 'values' must not be empty
nodetool.list.Sum {"values":[1e308,1e308]} !! too large
nodetool.list.Average {"values":[1,2]} => 1.5
nodetool.list.Average {"values":[2,2]} => 2.0
nodetool.list.Average {} !! 'values' must not be empty
nodetool.list.Minimum {"values":[3,1.0,1]} => 1.0
nodetool.list.Minimum {} !! 'values' must not be empty
nodetool.list.Maximum {"values":[3,1,3.0]} => 3.0
nodetool.list.Maximum {} !! 'values' must not be empty
nodetool.list.Product {"values":[2,3,4]} => 24.0
nodetool.list.Product {"values":[2,0.5]} => 1.0
nodetool.list.Product {} !! 'values' must not be empty

lib.math.Add {"a":1,"b":2} => 3
lib.math.Add {"a":1,"b":2.0} => 3.0
lib.math.Add {} => 0.0
lib.math.Add {"a":9223372036854775807,"b":1} !! does not fit into 64 bits
lib.math.Add {"a":1e308,"b":1e308} !! too large
lib.math.Subtract {"a":1,"b":2} => -1
lib.math.Subtract {"a":-9223372036854775808,"b":1} !! 64 bits
lib.math.Multiply {"a":3,"b":4} => 12
lib.math.Multiply {"a":3,"b":0.5} => 1.5
lib.math.Multiply {"a":4611686018427387904,"b":2} !! 64 bits
lib.math.Divide {"a":6,"b":3} => 2.0
lib.math.Divide {"a":1,"b":3} => 0.3333333333333333
lib.math.Divide {"a":1,"b":0} !! 'b' must not be 0
lib.math.Divide {"a":1,"b":0.0} !! 'b' must not be 0
lib.math.Modulus {"a":7,"b":3} => 1
lib.math.Modulus {"a":-7,"b":3} => 2
lib.math.Modulus {"a":7,"b":-3} => -2
lib.math.Modulus {"a":-7.5,"b":2} => 0.5
lib.math.Modulus {"a":-9223372036854775808,"b":-1} => 0
lib.math.Modulus {"a":5.0,"b":-5.0} => -0.0
lib.math.Modulus {"a":1,"b":0} !! 'b' must not be 0
lib.math.Power {"base":2,"exponent":10} => 1024.0
lib.math.Power {"base":2,"exponent":-1} => 0.5
lib.math.Power {"base":0,"exponent":-1} !! 'base' must not be 0
lib.math.Power {"base":-8,"exponent":0.5} !! 'base' must not be negative
lib.math.Power {"base":10,"exponent":400} !! too large
lib.math.Sqrt {"x":16} => 4.0
lib.math.Sqrt {"x":-1} !! 'x' must not be negative
lib.math.Sine {} => 0.0
lib.math.Cosine {} => 1.0
lib.math.MathFunction {"input":5} => -5
lib.math.MathFunction {"input":2.5} => -2.5
lib.math.MathFunction {"input":-9223372036854775808} !! 64 bits
lib.math.MathFunction {"input":-5,"operation":"absolute"} => 5
lib.math.MathFunction {"input":-5.5,"operation":"absolute"} => 5.5
lib.math.MathFunction {"input":5,"operation":"square"} => 25
lib.math.MathFunction {"input":1.5,"operation":"square"} => 2.25
lib.math.MathFunction {"input":4294967296,"operation":"square"} !! 64 bits
lib.math.MathFunction {"input":-3,"operation":"cube"} => -27
lib.math.MathFunction {"input":3000000,"operation":"cube"} !! 64 bits
lib.math.MathFunction {"input":0.5,"operation":"cube"} => 0.125
lib.math.MathFunction {"input":9,"operation":"square_root"} => 3.0
lib.math.MathFunction {"input":-9,"operation":"square_root"} !! 'input' must not be negative
lib.math.MathFunction {"input":64,"operation":"cube_root"} => 4.0
lib.math.MathFunction {"input":-27,"operation":"cube_root"} => -3.0
lib.math.MathFunction {"operation":"sine"} => 0.0
lib.math.MathFunction {"operation":"cosine"} => 1.0
lib.math.MathFunction {"operation":"tangent"} => 0.0
lib.math.MathFunction {"input":1,"operation":"arcsin"} => 1.5707963267948966
lib.math.MathFunction {"input":2,"operation":"arcsin"} !! 'input' must be between -1 and 1 for arcsin
lib.math.MathFunction {"input":1,"operation":"arccos"} => 0.0
lib.math.MathFunction {"input":-1.5,"operation":"arccos"} !! between -1 and 1
lib.math.MathFunction {"input":1,"operation":"arctan"} => 0.7853981633974483
lib.math.MathFunction {"input":1,"operation":"log"} => 0.0
lib.math.MathFunction {"input":0,"operation":"log"} !! 'input' must be greater than 0

lib.uuid.GenerateUUID3 {"name":"python.org"} => '6fa459ea-ee8a-3ca4-894e-db77e160355e'
lib.uuid.GenerateUUID5 {"name":"python.org"} => '886313e1-3b8a-5372-9b90-0c9aee199e5d'
lib.uuid.GenerateUUID5 {"namespace":"URL","name":"http://x/é"} => '3f8ce543-aee3-55d9-8d5b-3de958d6c730'
lib.uuid.GenerateUUID5 {"namespace":"6ba7b810-9dad-11d1-80b4-00c04fd430c8","name":"python.org"}
    => '886313e1-3b8a-5372-9b90-0c9aee199e5d'
lib.uuid.GenerateUUID5 {"namespace":"nope","name":"x"} !! 'namespace' must be dns, url, oid, x500, or a UUID
lib.uuid.IsValidUUID {"uuid_string":"6fa459ea-ee8a-3ca4-894e-db77e160355e"} => True
lib.uuid.IsValidUUID {"uuid_string":"{6FA459EAEE8A3CA4894EDB77E160355E}"} => True
lib.uuid.IsValidUUID {"uuid_string":"urn:uuid:6fa459ea-ee8a-3ca4-894e-db77e160355e"} => True
lib.uuid.IsValidUUID {"uuid_string":"6fa459ea-ee8a-3ca4-894e-db77e160355"} => False
lib.uuid.IsValidUUID {"uuid_string":"6fa459ea-ee8a-3ca4-894e-db77e160355eff"} => False
lib.uuid.IsValidUUID {"uuid_string":"zfa459ea-ee8a-3ca4-894e-db77e160355e"} => False
lib.uuid.IsValidUUID {} => False
lib.uuid.ParseUUID {"uuid_string":"6FA459EA-EE8A-3CA4-894E-DB77E160355E"}
    => {'uuid': '6fa459ea-ee8a-3ca4-894e-db77e160355e', 'version': 3, 'variant': 'specified in RFC 4122', 'hex': '6fa459eaee8a3ca4894edb77e160355e', 'int': '148397667964594677437660345472754136414', 'is_valid': True}
lib.uuid.ParseUUID {"uuid_string":"00000000-0000-0000-0000-000000000000"}
    => {'uuid': '00000000-0000-0000-0000-000000000000', 'version': None, 'variant': 'reserved for NCS compatibility', 'hex': '00000000000000000000000000000000', 'int': '0', 'is_valid': True}
lib.uuid.ParseUUID {"uuid_string":"x"} => {'uuid': 'x', 'is_valid': False, 'error': 'badly formed hexadecimal UUID string'}
lib.uuid.FormatUUID {"uuid_string":"6fa459eaee8a3ca4894edb77e160355e"} => '6fa459ea-ee8a-3ca4-894e-db77e160355e'
lib.uuid.FormatUUID {"uuid_string":"6fa459ea-ee8a-3ca4-894e-db77e160355e","format":"hex"} => '6fa459eaee8a3ca4894edb77e160355e'
lib.uuid.FormatUUID {"uuid_string":"6fa459ea-ee8a-3ca4-894e-db77e160355e","format":"bytes_hex"} => '6fa459eaee8a3ca4894edb77e160355e'
lib.uuid.FormatUUID {"uuid_string":"6fa459ea-ee8a-3ca4-894e-db77e160355e","format":"urn"} => 'urn:uuid:6fa459ea-ee8a-3ca4-894e-db77e160355e'
lib.uuid.FormatUUID {"uuid_string":"ffffffff-ffff-ffff-ffff-ffffffffffff","format":"int"} => '340282366920938463463374607431768211455'
lib.uuid.FormatUUID {"uuid_string":"x"} !! 'uuid_string' is no UUID
TABLE

# --- what has no fixed result ------------------------------------------------

my $g = NodeTool::Graph->new;

sub run_one { return (NodeTool::NodeTable::run_node($g, @_))[0] }

my $hex = '[0-9a-f]';
for my $version (1, 4) {
    my %seen = map { run_one("lib.uuid.GenerateUUID$version", '{}') => 1 }
        1 .. 20;
    is(scalar keys %seen, 20, "UUID$version: each once");
    is(scalar(grep {
        !/^'$hex{8}-$hex{4}-$version$hex{3}-[89ab]$hex{3}-$hex{12}'$/
    } keys %seen), 0, "UUID$version: version and variant");
}

my $list = join ',', 1 .. 50;
my $random = run_one('nodetool.list.Randomize', qq({"values":[$list]}));
isnt($random, '[' . join(', ', 1 .. 50) . ']', 'Randomize: another order');
is_deeply([sort { $a <=> $b } $random =~ /(\d+)/g], [1 .. 50],
    'Randomize: the same items');

# a generator, to its end
my $r = $g->run(NodeTool::Graph::graph([
    NodeTool::Graph::node(s => 'nodetool.list.GenerateSequence',
        start => 10, stop => 0, step => -3),
    NodeTool::Graph::node(c => 'nodetool.control.Collect'),
    NodeTool::Graph::node(o => 'nodetool.output.Output', name => 'o')],
    's.output>c.input_item', 'c.output>o.value'));
is_deeply($r->{results}{o}, [10, 7, 4, 1], 'GenerateSequence');

$g->done;

done_testing();
