#!/usr/bin/perl

# lib.pandoc.*: documents in other formats, by pandoc in the sandbox.

use strict;
use warnings;

use lib 't/lib';

use File::Path qw(make_path);
use File::Temp;
use Test::More;

use NodeTool::Graph qw(graph node);

my $dir = File::Temp->newdir('nodetool-pandoc-XXXXXX', TMPDIR => 1);
make_path("$dir/ws", "$dir/assets");
my $g = NodeTool::Graph->new;

sub pandoc {
    my ($type, %data) = @_;

    my $r = $g->run(graph([node(n => "lib.pandoc.$type", %data),
        node(o => 'nodetool.output.Output', name => 'o')], 'n.output>o.value'),
        workspace => "$dir/ws", assets => "$dir/assets");
    return ($r->{results}{o}, $r->{failure}{message} // '');
}

my ($r, $e) = pandoc('ConvertText', content => "# Title\n\n*text*",
    output_format => 'plain');
if ($e =~ /not installed|cannot be set up/) {
    SKIP: { skip "no pandoc here: $e", 1 }
    $g->done;
    done_testing;
    exit;
}
is($r, "Title\n\ntext\n", 'Markdown as text') or diag($e);
($r, $e) = pandoc('ConvertText', content => '<p>a<b>b</b></p>',
    input_format => 'html', output_format => 'asciidoc');
is($r, "a**b**\n", 'HTML as AsciiDoc') or diag($e);
($r, $e) = pandoc('ConvertText', content => "# One\n\n## Two",
    output_format => 'docbook5', extra_args => ['--shift-heading-level-by=1']);
like($r, qr/<title>Two/, 'with arguments') or diag($e);

($r, $e) = pandoc('ConvertText', content => "# Title\n\ntext");
like($r, qr{/storage/assets/(generated/[0-9a-f]+\.docx)$}, 'a file is stored')
    or diag($e);
my ($key) = ($r // '') =~ m{/storage/assets/(.*)};
open my $fh, '<:raw', "$dir/assets/$key" or die $!;
read $fh, my $magic, 4;
is($magic, "PK\3\4", '... which is one');
close $fh or die $!;
rename "$dir/assets/$key", "$dir/ws/doc.docx" or die $!;
($r, $e) = pandoc('ConvertFile', input_format => 'docx',
    input_path => { type => 'file_path', path => 'doc.docx' },
    output_format => 'plain');
is($r, "Title\n\ntext\n", '... and is read again') or diag($e);

($r, $e) = pandoc('ConvertFile', output_format => 'plain');
like($e, qr/'input_path' must name a file/, 'no file');
($r, $e) = pandoc('ConvertFile', output_format => 'plain',
    input_path => { type => 'file_path', path => 'none.md' });
like($e, qr/does not exist/, 'a file that is not there');
($r, $e) = pandoc('ConvertText', content => 'x', output_format => 'plain',
    extra_args => ['--no-such-option']);
like($e, qr/^pandoc cannot do this: .*--no-such-option/, 'a bad argument');
($r, $e) = pandoc('ConvertText', output_format => 'plain',
    content => 'x', extra_args => ['/etc/passwd']);
like($e, qr/^pandoc cannot do this/, 'it sees no file of the server');

$g->done;
done_testing();
