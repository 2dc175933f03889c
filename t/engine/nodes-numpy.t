#!/usr/bin/perl

# lib.numpy.*: what NumPy has no word for, one behaviour a line; its results
# are compared in t/clients/numpy.t.

use strict;
use warnings;

use lib 't/lib';

use File::Temp;
use MIME::Base64 qw(encode_base64);
use Test::More;

use NodeTool::Graph;
use NodeTool::NodeTable qw(run_table);

my $g = NodeTool::Graph->new;
my $dir = File::Temp->newdir('nodetool-numpy-XXXXXX', TMPDIR => 1);
my %in = (graph => $g, assets => "$dir");

# An array as JSON text.
sub array {
    my ($dtype, $shape, $bytes) = @_;

    my $base64 = encode_base64($bytes, '');
    return qq({"type":"np_array","value":"$base64","dtype":"$dtype",)
        . qq("shape":[$shape]});
}

my $six = array('<i4', '2,3', pack('l<6', 1 .. 6));
my $nan = array('<f8', '2', pack('d<2', 1, 'nan'));
my $short = array('<i4', '2,3', pack('l<5', 1 .. 5));
my $huge = array('<i4', '4294967296,4294967296', '');
my $many = array('<i4', '9000000', '');
my $empty = array('<i4', '2,0,1', '');
my $lists = array('<i4', '4194305,4,0', '');
my $deep = array('|u1', join(',', (1) x 32), 'a');
my $deeper = array('|u1', join(',', (1) x 33), 'a');
my $column = array('|u1', '3000,1', 'a' x 3000);
my $row = array('|u1', '1,3000', 'a' x 3000);

run_table(<<"TABLE", %in);
lib.numpy.conversion.ArrayToList {"values":$six} => [[1, 2, 3], [4, 5, 6]]
lib.numpy.conversion.ArrayToList {} !! 'values' is an array without a value
lib.numpy.conversion.ArrayToList {"values":$nan} !! the result is nan, which JSON cannot hold
lib.numpy.conversion.ArrayToList {"values":$short} !! 'values' has a "value" of 20 bytes; its dtype and shape ask for 24
lib.numpy.conversion.ArrayToList {"values":$huge} !! more than 8388608 elements
lib.numpy.conversion.ArrayToList {"values":$many} !! more than 8388608 elements
lib.numpy.conversion.ArrayToList {"values":$empty} => [[], []]
lib.numpy.conversion.ArrayToList {"values":$lists} !! too large for a list
lib.numpy.conversion.ArrayToScalar {"values":$deep} => 97
lib.numpy.conversion.ArrayToScalar {"values":$deeper} !! a list of at most 32 ints
lib.numpy.conversion.ArrayToScalar {"values":$six} !! 'values' has 6 elements
lib.numpy.conversion.ArrayToScalar {"values":{"type":"np_array","value":"!","dtype":"|u1","shape":[]}} !! that is not base64
lib.numpy.conversion.ArrayToScalar {"values":{"type":"np_array","value":"AA==","dtype":"<c16","shape":[]}} !! of the type "<c16"
lib.numpy.conversion.ArrayToScalar {"values":{"type":"np_array","value":"AA==","dtype":"|u1","shape":[-1]}} !! ints that are not negative
lib.numpy.conversion.ArrayToScalar {"values":{"type":"np_array","value":"AA==","dtype":"|u1"}} !! must have a "shape"
lib.numpy.conversion.ArrayToScalar {"values":{"type":"np_array","value":"AA==","dtype":"|u1","shape":[1]}} => 0
lib.numpy.conversion.ListToArray {"values":[1,[2]]} !! 'values' must be a list of numbers
lib.numpy.conversion.ListToArray {"values":["1"]} !! 'values' must be a list of numbers
lib.numpy.conversion.ListToArray {"values":[1,258]} => {'type': 'np_array', 'value': 'AQAAAAAAAAACAQAAAAAAAA==', 'dtype': '<i8', 'shape': [2]}
lib.numpy.conversion.ScalarToArray {"value":0.5} => {'type': 'np_array', 'value': 'AAAAAAAA4D8=', 'dtype': '<f8', 'shape': [1]}
lib.numpy.arithmetic.AddArray {"a":1,"b":2.5} => 3.5
lib.numpy.arithmetic.DivideArray {"a":1,"b":0} !! the result is infinite
lib.numpy.arithmetic.AddArray {"a":$six,"b":"x"} !! 'b'
lib.numpy.arithmetic.MultiplyArray {"a":$six,"b":$row} !! the shapes do not go together
lib.numpy.arithmetic.MultiplyArray {"a":$column,"b":$row} !! more than 8388608 elements
lib.numpy.math.PowerArray {"base":2,"exponent":-1} !! 'exponent' must not be negative
lib.numpy.manipulation.SliceArray {"values":$six,"stop":1,"axis":2} !! 'axis' is 2; an array of 2 dimensions has 0 to 1
lib.numpy.manipulation.SliceArray {"values":$six,"stop":1,"step":0} !! 'step' must not be 0
lib.numpy.manipulation.SplitArray {"values":$six} !! 'num_splits' must be 1 to 100000
lib.numpy.manipulation.IndexArray {"values":$six,"indices":"2"} !! 'indices': there is no 2 along an axis of 2
lib.numpy.manipulation.IndexArray {"values":$six,"indices":"1;0"} !! 'indices' must be ints, separated by commas
lib.numpy.manipulation.Stack {} !! 'arrays' must not be empty
lib.numpy.manipulation.Stack {"arrays":[$six,$short]} !! has a "value" of 20 bytes
lib.numpy.manipulation.Stack {"arrays":[$deep,$deep]} !! 33 dimensions
lib.numpy.manipulation.MatMul {"a":$six,"b":$six} !! 'a' has rows of 3 elements and 'b' columns of 2
lib.numpy.reshaping.Reshape2D {"values":$six,"num_rows":4,"num_cols":2} !! an array of 6 elements does not fit the new shape
lib.numpy.statistics.MaxArray {"values":{"type":"np_array","value":"","dtype":"<f8","shape":[0]}} !! 'values' has no elements along its axis
lib.numpy.io.SaveArray {"values":$six,"folder":{"type":"folder","asset_id":"arrays"},"name":"six.npy"} => {'type': 'np_array', 'value': 'AQAAAAIAAAADAAAABAAAAAUAAAAGAAAA', 'dtype': '<i4', 'shape': [2, 3], 'uri': 'http://test/storage/assets/arrays/six.npy', 'asset_id': 'arrays/six.npy'}
lib.numpy.conversion.ConvertToAudio {"values":$six,"sample_rate":0} !! 'sample_rate' must be 1 to 44100
lib.numpy.io.SaveArray {"values":1,"name":""} !! 'name' must not be empty
TABLE

open my $file, '<:raw', "$dir/arrays/six.npy" or die $!;
my $npy = do { local $/; readline $file };
is($npy, "\x93NUMPY\1\0\x76\0"
    . "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3), }"
    . (' ' x 58) . "\n" . pack('l<6', 1 .. 6), 'a file of NumPy');

my $samples = array('<f8', '5', pack('d<5', 0, 0.5, -1, 7, 'nan'));
my ($sound) = NodeTool::NodeTable::run_node($g, 'lib.numpy.conversion.ConvertToAudio',
    qq({"values":$samples,"sample_rate":8000}), %in);
my ($name) = ($sound || '') =~ m{'uri': 'http://test/storage/assets/([^']+)'};
open $file, '<:raw', "$dir/$name" or die $!;
my $wav = do { local $/; readline $file };
is($wav, 'RIFF' . pack('V', 46) . 'WAVEfmt ' . pack('VvvVVvv', 16, 1, 1, 8000,
        16000, 2, 16) . 'data' . pack('V', 10)
    . pack('s<5', 0, 16383, -32767, 32767, 0), 'a sound');

$g->done;
done_testing();
