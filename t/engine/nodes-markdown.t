#!/usr/bin/perl

# lib.markdown.*: one behaviour a line.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use NodeTool::NodeTable qw(run_table);

run_table(<<'TABLE');
lib.markdown.ExtractLinks {} => []
lib.markdown.ExtractLinks {"markdown":"a [one](http://x/1) <http://x/2> ![pic](p.png) [*e* `c`][r]\n\n[r]: /ref \"title\""}
    => [{'url': 'http://x/1', 'title': 'one'}, {'url': 'http://x/2', 'title': ''}, {'url': 'p.png', 'title': 'pic'}, {'url': '/ref', 'title': 'e c'}]
lib.markdown.ExtractLinks {"markdown":"[one](http://x/1 \"t\") <a@b.c>","include_titles":false} => [{'url': 'http://x/1', 'title': ''}, {'url': 'mailto:a@b.c', 'title': ''}]
lib.markdown.ExtractLinks {"markdown":"`[no](x)` <b>no</b> [no] (x)\n\n    [no](x)\n\n> [yes](a(b)c)"} => [{'url': 'a(b)c', 'title': 'yes'}]

lib.markdown.ExtractHeaders {} => []
lib.markdown.ExtractHeaders {"markdown":"# One\ntext\n## Two *b* ##\n### C#\n#hash\n\nSet\n===\n####\n"}
    => [{'level': 1, 'text': 'One', 'index': 0}, {'level': 2, 'text': 'Two *b*', 'index': 1}, {'level': 3, 'text': 'C#', 'index': 2}, {'level': 1, 'text': 'Set', 'index': 3}]
lib.markdown.ExtractHeaders {"markdown":"## a\n# b\r\n### c\r# d","max_level":1} => [{'level': 1, 'text': 'b', 'index': 0}, {'level': 1, 'text': 'd', 'index': 1}]
lib.markdown.ExtractHeaders {"markdown":"```\n# no\n```\n    # no\n> # no\n\n   # yes"} => [{'level': 1, 'text': 'yes', 'index': 0}]
lib.markdown.ExtractHeaders {"markdown":"two\nlines\n---\n"} => [{'level': 2, 'text': 'two lines', 'index': 0}]
lib.markdown.ExtractHeaders {"markdown":"# caf\u00e9 \ud83d\ude00"} => [{'level': 1, 'text': 'café 😀', 'index': 0}]

lib.markdown.ExtractBulletLists {} => []
lib.markdown.ExtractBulletLists {"markdown":"- a\n- **b** c\n  more\n\n- d\n\ntext\n\n* e\n  + f\n    1. g\n       - h\n\n---\n1. no"}
    => [[{'text': 'a'}, {'text': '**b** c more'}, {'text': 'd'}], [{'text': 'e'}, {'text': 'f'}, {'text': 'h'}]]
lib.markdown.ExtractBulletLists {"markdown":"- [ ] task\n- # head\n- \n- ```\n  code\n  ```"} => [[{'text': '[ ] task'}, {'text': 'head'}]]
lib.markdown.ExtractBulletLists {"markdown":"```\n- no\n```\n-no"} => []

lib.markdown.ExtractNumberedLists {} => []
lib.markdown.ExtractNumberedLists {"markdown":"1. a\n2. b\n   1. c\n   - no\n\ntext\n\n7) d"} => [['a', 'b', 'c'], ['d']]
lib.markdown.ExtractNumberedLists {"markdown":"- x\n  1. y"} => [['y']]

lib.markdown.ExtractCodeBlocks {} => []
lib.markdown.ExtractCodeBlocks {"markdown":"```python x=1\nif a:\n    b\n```\n~~~\n\n  c\n\n~~~\n- ```c++\n  d\n  ```"}
    => [{'language': 'python', 'code': 'if a:\n    b'}, {'language': 'text', 'code': '  c'}, {'language': 'c++', 'code': 'd'}]
lib.markdown.ExtractCodeBlocks {"markdown":"```\n```\n\n    indented\n\n`inline`\n```js\nopen"} => [{'language': 'text', 'code': ''}, {'language': 'js', 'code': 'open'}]

lib.markdown.ExtractTables {} => {'type': 'dataframe', 'uri': '', 'asset_id': None, 'data': [], 'metadata': None, 'columns': []}
lib.markdown.ExtractTables {"markdown":"a | b\n\nno table"} => {'type': 'dataframe', 'uri': '', 'asset_id': None, 'data': [], 'metadata': None, 'columns': []}
lib.markdown.ExtractTables {"markdown":"text\n\n| A | **B** |\n|---|:-:|\n| 1 | x \\| `y` |\n| 2 |\n| 3 | 4 | 5 |\n\n| C |\n|---|\n| 6 |"}
    => {'type': 'dataframe', 'uri': '', 'asset_id': None, 'data': [['1', 'x | `y`'], ['2', ''], ['3', '4']], 'metadata': None, 'columns': [{'name': 'A', 'data_type': 'string', 'description': ''}, {'name': '**B**', 'data_type': 'string', 'description': ''}]}
lib.markdown.ExtractTables {"markdown":"> A | B\n> --|--\n> 1 | 2"}
    => {'type': 'dataframe', 'uri': '', 'asset_id': None, 'data': [['1', '2']], 'metadata': None, 'columns': [{'name': 'A', 'data_type': 'string', 'description': ''}, {'name': 'B', 'data_type': 'string', 'description': ''}]}
TABLE

done_testing();
