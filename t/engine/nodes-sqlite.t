#!/usr/bin/perl

# lib.sqlite.*: databases in the workspace, one behaviour a line, in order.

use strict;
use warnings;

use lib 't/lib';

use File::Temp;
use POSIX ();
use Test::More;

use NodeTool::Files;
use NodeTool::Graph;
use NodeTool::NodeTable qw(run_table);

my $g = NodeTool::Graph->new;
my $dir = File::Temp->newdir('nodetool-sqlite-XXXXXX', TMPDIR => 1);
mkdir "$dir/$_" or die for qw(work work/sub other);
my %in = (graph => $g, workspace => "$dir/work");

my $columns = '{"type":"record_type","columns":[{"name":"id","data_type":"int"},'
    . '{"name":"a \"b\"","data_type":"string"},{"name":"x","data_type":"float"},'
    . '{"name":"o","data_type":"object"}]}';

run_table(<<"TABLE", %in, output => 'table_name');
lib.sqlite.CreateTable {"columns":{"type":"record_type","columns":[]}} !! 'columns' must have at least one column
lib.sqlite.CreateTable {"columns":{"type":"record_type","columns":[{"data_type":"int"}]}} !! number 1 has none
lib.sqlite.CreateTable {"table_name":"","columns":$columns} !! 'table_name' must not be empty
lib.sqlite.CreateTable {"database_name":"../other/a.db","columns":$columns} !! leads out of the folder
lib.sqlite.CreateTable {"database_name":"sub","columns":$columns} !! database "sub" is not a file
lib.sqlite.CreateTable {"database_name":"sub/..","columns":$columns} !! must be the name of a file
lib.sqlite.CreateTable {"database_name":"none/a.db","columns":$columns} !! does not exist
lib.sqlite.CreateTable {"table_name":"sqlite_a","columns":$columns} !! reserved
TABLE
my @none = glob "$dir/other/*";
is_deeply(\@none, [], 'nothing was made outside');

run_table(<<'TABLE', %in);
lib.sqlite.Query {"database_name":"no.db"} => []
lib.sqlite.Insert {"database_name":"no.db"} !! database "no.db" does not exist; Create Table makes it
lib.sqlite.Update {"database_name":"no.db"} !! does not exist
lib.sqlite.Delete {"database_name":"no.db","where":"1"} !! does not exist
TABLE
ok(!-e "$dir/work/no.db", 'and no database without need');

run_table(<<"TABLE", %in, output => 'table_name');
lib.sqlite.CreateTable {"columns":$columns} => 'flashcards'
lib.sqlite.CreateTable {"columns":$columns} => 'flashcards'
lib.sqlite.CreateTable {"columns":$columns,"if_not_exists":false} !! already exists
lib.sqlite.CreateTable {"table_name":"t \\"2","columns":$columns,"add_primary_key":false} => 't "2'
lib.sqlite.CreateTable {"database_name":"/sub/b.db","columns":$columns} => 'flashcards'
TABLE
run_table(<<"TABLE", %in, output => 'database_name');
lib.sqlite.CreateTable {"database_name":"/sub/b.db","columns":$columns} => '/sub/b.db'
TABLE
ok(-s "$dir/work/sub/b.db", 'a database in a folder');
ok(!-e "$dir/work/memory.db-journal", 'no journal stays');
run_table(<<"TABLE", %in, output => 'columns');
lib.sqlite.CreateTable {"columns":{"type":"record_type","columns":[{"name":"id","data_type":"int"}]}}
    => {'type': 'record_type', 'columns': [{'name': 'id', 'data_type': 'int'}]}
TABLE

run_table(<<'TABLE', %in);
lib.sqlite.Insert {"data":{"a \"b\"":"one","x":1,"o":[1,{"k":null}]}}
    => {'row_id': 1, 'rows_affected': 1, 'message': 'Inserted record with ID 1'}
lib.sqlite.Insert {"data":{"a \"b\"":"two; DROP TABLE flashcards","x":2.5,"o":true}}
    => {'row_id': 2, 'rows_affected': 1, 'message': 'Inserted record with ID 2'}
lib.sqlite.Insert {"data":{"a \"b\"":"{no json","o":null}}
    => {'row_id': 3, 'rows_affected': 1, 'message': 'Inserted record with ID 3'}
lib.sqlite.Insert {} !! no column named content
lib.sqlite.Insert {"data":{"id":1}} !! UNIQUE constraint failed
lib.sqlite.Insert {"table_name":"none","data":{"id":1}} !! no such table: none
lib.sqlite.Insert {"table_name":"t \"2","data":{"id":1}}
    => {'row_id': 1, 'rows_affected': 1, 'message': 'Inserted record with ID 1'}

lib.sqlite.Query {}
    => [{'id': 1, 'a "b"': 'one', 'x': 1.0, 'o': [1, {'k': None}]}, {'id': 2, 'a "b"': 'two; DROP TABLE flashcards', 'x': 2.5, 'o': '1'}, {'id': 3, 'a "b"': '{no json', 'x': None, 'o': None}]
lib.sqlite.Query {"where":"x > 1","columns":{"type":"record_type","columns":[{"name":"x","data_type":"float"},{"name":"id","data_type":"int"}]}} => [{'x': 2.5, 'id': 2}]
lib.sqlite.Query {"order_by":"id DESC","limit":1,"columns":{"type":"record_type","columns":[{"name":"id","data_type":"int"}]}} => [{'id': 3}]
lib.sqlite.Query {"where":"id = 9"} => []
lib.sqlite.Query {"where":"nonsense +"} !! incomplete input
lib.sqlite.Query {"where":"1; DELETE FROM flashcards"} !! one statement, not several
lib.sqlite.Query {"table_name":"flashcards\"; --"} !! no such table
lib.sqlite.Query {"where":"id = ?"} => []
lib.sqlite.Query {"database_name":""} !! 'database_name' must not be empty

lib.sqlite.Update {"data":{"x":7},"where":"id < 3"} => {'rows_affected': 2, 'message': 'Updated 2 record(s)'}
lib.sqlite.Update {"data":{"x":8}} => {'rows_affected': 3, 'message': 'Updated 3 record(s)'}
lib.sqlite.Update {"data":{"x":9},"where":"id = ?"} !! the statement takes 2 parameters, 1 came
lib.sqlite.Update {"data":{"no":8}} !! no such column: no
lib.sqlite.Delete {} !! 'where' must not be empty
lib.sqlite.Delete {"where":"id = 1"} => {'rows_affected': 1, 'message': 'Deleted 1 record(s)'}
lib.sqlite.Delete {"where":"id = 1"} => {'rows_affected': 0, 'message': 'Deleted 0 record(s)'}
lib.sqlite.Query {"where":"x = 8","columns":{"type":"record_type","columns":[{"name":"id","data_type":"int"}]}} => [{'id': 2}, {'id': 3}]

lib.sqlite.GetDatabasePath {} => '/memory.db'
lib.sqlite.GetDatabasePath {"database_name":"/sub/b.db"} => '/sub/b.db'
lib.sqlite.GetDatabasePath {"database_name":""} !! must not be empty

lib.sqlite.ExecuteSQL {"sql":"SELECT count(*) AS n, ? AS a FROM flashcards","parameters":[[1]]}
    => {'rows': [{'n': 2, 'a': [1]}], 'count': 1, 'message': 'Query returned 1 row(s)'}
lib.sqlite.ExecuteSQL {"sql":"SELECT 1 AS a, 2 AS a"} => {'rows': [{'a': 1}], 'count': 1, 'message': 'Query returned 1 row(s)'}
lib.sqlite.ExecuteSQL {"sql":"CREATE TABLE u (k TEXT, v BLOB)"}
    => {'rows_affected': 0, 'last_row_id': 0, 'message': 'SQL executed successfully'}
lib.sqlite.ExecuteSQL {"sql":" insert into u values (?, x'00ff'), ('b', x'')","parameters":["a"]}
    => {'rows_affected': 2, 'last_row_id': 2, 'message': 'SQL executed successfully'}
lib.sqlite.ExecuteSQL {"sql":"SELECT * FROM u; -- done"}
    => {'rows': [{'k': 'a', 'v': 'AP8='}, {'k': 'b', 'v': ''}], 'count': 2, 'message': 'Query returned 2 row(s)'}
lib.sqlite.ExecuteSQL {"sql":"WITH n(i) AS (VALUES ('c')) INSERT INTO u SELECT i, NULL FROM n"}
    => {'rows_affected': 1, 'last_row_id': 3, 'message': 'SQL executed successfully'}
lib.sqlite.ExecuteSQL {"sql":"REPLACE INTO u VALUES ('d', 1) RETURNING k"} => {'rows': [{'k': 'd'}], 'count': 1, 'message': 'Query returned 1 row(s)'}
lib.sqlite.ExecuteSQL {"sql":"SELECT count(*) n FROM u"} => {'rows': [{'n': 4}], 'count': 1, 'message': 'Query returned 1 row(s)'}
lib.sqlite.ExecuteSQL {"sql":"VACUUM"} => {'rows_affected': 0, 'last_row_id': 0, 'message': 'SQL executed successfully'}
lib.sqlite.ExecuteSQL {"sql":""} !! the statement is empty
lib.sqlite.ExecuteSQL {"sql":"-- nothing"} !! the statement is empty
lib.sqlite.ExecuteSQL {"sql":"SELECT 1; SELECT 2"} !! one statement, not several
lib.sqlite.ExecuteSQL {"sql":"SELECT 1; nonsense"} !! one statement, not several
lib.sqlite.ExecuteSQL {"sql":"SELECT ?"} !! the statement takes 1 parameters, 0 came
lib.sqlite.ExecuteSQL {"sql":"SELECT 1","parameters":[1]} !! takes 0 parameters, 1 came
lib.sqlite.ExecuteSQL {"sql":"SELECT 9e999 AS big"} !! column "big" has an infinite number
lib.sqlite.ExecuteSQL {"sql":"SELECT CAST(x'ff' AS TEXT) AS bad"} !! column "bad" has text that is not UTF-8

lib.sqlite.ExecuteSQL {"sql":"ATTACH '/tmp/x.db' AS x"} !! ATTACH and VACUUM INTO may not be used here
lib.sqlite.ExecuteSQL {"sql":"ATTACH 'sub/b.db' AS x"} !! ATTACH and VACUUM INTO may not be used here
lib.sqlite.ExecuteSQL {"sql":"ATTACH ? AS x","parameters":["sub/b.db"]} !! may not be used here
lib.sqlite.ExecuteSQL {"sql":"VACUUM INTO 'copy.db'"} !! may not be used here
lib.sqlite.ExecuteSQL {"sql":"PRAGMA database_list"} !! this PRAGMA may not be used here
lib.sqlite.ExecuteSQL {"sql":"PRAGMA temp_store_directory='/tmp'"} !! this PRAGMA may not be used here
lib.sqlite.ExecuteSQL {"sql":"PRAGMA journal_mode=WAL"} !! this PRAGMA may not be used here
lib.sqlite.ExecuteSQL {"sql":"PRAGMA writable_schema=1"} !! this PRAGMA may not be used here
lib.sqlite.ExecuteSQL {"sql":"PRAGMA user_version"} => {'rows': [{'user_version': 0}], 'count': 1, 'message': 'Query returned 1 row(s)'}
lib.sqlite.ExecuteSQL {"sql":"SELECT load_extension('x')"} !! not authorized
lib.sqlite.ExecuteSQL {"sql":"SELECT zeroblob(100000000)"} !! string or blob too big
lib.sqlite.ExecuteSQL {"sql":"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"} !! more than 100000 rows
lib.sqlite.ExecuteSQL {"sql":"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i, zeroblob(10000000) FROM n"} !! 67108864 bytes
TABLE

# --- files that are no databases of ours -------------------------------------

spew("$dir/work/text.db", 'no database' x 100);
system('sqlite3', "$dir/other/secret.db", 'CREATE TABLE s (v); '
    . 'INSERT INTO s VALUES (42)') if -x '/usr/bin/sqlite3';
symlink '../other/secret.db', "$dir/work/link.db" or die;
symlink '../other', "$dir/work/out" or die;

run_table(<<'TABLE', %in);
lib.sqlite.Query {"database_name":"text.db"} !! database "text.db" is not an SQLite database
lib.sqlite.Query {"database_name":"link.db"} !! database "link.db" is not a file
lib.sqlite.Query {"database_name":"out/secret.db"} !! leads out of the folder
lib.sqlite.Query {"database_name":"/../other/secret.db"} !! leads out of the folder
TABLE

# A journal of a crashed transaction names a super-journal, which is deleted
# once it is done with; here it is a file outside, in the form of one.
spew("$dir/other/victim", "/nowhere-journal\0");
spew("$dir/work/evil.db", '');
my $super = "$dir/other/victim";
my $sum = 0;
$sum += ord for split //, $super;
my $page = "\0" x 512;
spew("$dir/work/evil.db", "\0" x 512);
spew("$dir/work/evil.db-journal",
    "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" . pack('N5', 0, 0, 1, 512, 512)
    . "\0" x (512 - 28) . pack('N', 2 ** 30 / 512 + 1) . $super
    . pack('N2', length $super, $sum) . "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7");
NodeTool::NodeTable::run_node($g, 'lib.sqlite.Query',
    '{"database_name":"evil.db","table_name":"sqlite_master"}',
    workspace => "$dir/work");
ok(-e "$dir/other/victim", 'a forged journal deletes nothing outside');

# A pipe in the place of a journal is not waited for.
run_table(<<'TABLE', %in);
lib.sqlite.ExecuteSQL {"database_name":"pipe.db","sql":"CREATE TABLE IF NOT EXISTS t (v)"} => {'rows_affected': 0, 'last_row_id': 0, 'message': 'SQL executed successfully'}
TABLE
POSIX::mkfifo("$dir/work/pipe.db-journal", 0600) or die;
run_table(<<'TABLE', %in);
lib.sqlite.Query {"database_name":"pipe.db","table_name":"t"} !! I/O error
TABLE

like((NodeTool::NodeTable::run_node($g, 'lib.sqlite.Query', '{}'))[1],
    qr/gives workflows no workspace/, 'without a workspace');

$g->done;
done_testing();
