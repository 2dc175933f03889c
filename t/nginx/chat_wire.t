#!/usr/bin/perl

# What providers send, as they document it, in whole, in pieces and byte by
# byte: the client of chat/completions gets the same.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use NodeTool::Test;
use NodeTool::Wire;

my $t = NodeTool::Test->new;
my $mock = NodeTool::Wire->start($t, 'wire');
my $ng = $t->nginx('nodetool_errors on; location /v1/ { nodetool_chat; }',
    http => NodeTool::Wire::providers($mock), modules => ['base', 'chat']);

sub ask {
    my ($model, $stream) = @_;

    return NodeTool::Wire::view($t->request($ng, 'POST', '/v1/chat/completions',
        json => { model => $model, messages => [{ role => 'user', content =>
            'hi' }], ($stream ? (stream => JSON::PP::true,
            stream_options => { include_usage => JSON::PP::true }) : ()) }));
}

my %known = map { $_ => 1 } @NodeTool::Wire::DIALECTS;
for my $case (grep { $_->{file} =~ /^(\w+)-/ && $known{$1} } NodeTool::Wire::cases()) {
    my $file = $case->{file};
    my $whole = $file =~ /(?<!nd)json$/;
    my @streams = !$whole ? 1 : $case->{status} ? (0, 1) : 0;
    my %want = (status => 200, wrong => '', map { defined $case->{$_}
        ? ($_ => $case->{$_}) : () } qw(text reasoning calls finish usage));
    $want{done} = 1 if !defined $case->{error} || $whole;
    $want{status} = $case->{told} || $case->{status} if $case->{status};

    for my $stream (@streams) {
        for my $size (1, 7, 1000, 1_000_000) {
            # a model of its own: one that asked for a pause gets it
            my $view = ask("$file~$size~stream$stream", $stream);
            my $error = delete $view->{error};
            is_deeply($view, \%want, "$file in pieces of $size, stream $stream")
                or diag(explain($view));
            like($error, qr/\Q$case->{error}\E/, 'an error')
                if defined $case->{error};
            is($error, undef, 'no error')
                if !defined $case->{error} && !$case->{status};
        }
    }
    next if !$case->{retry};
    my $r = $t->request($ng, 'POST', '/v1/chat/completions', json => { model =>
        "$file~99", messages => [{ role => 'user', content => 'hi' }] });
    is($r->{headers}{'retry-after'}, $case->{retry}, "$file: Retry-After");
}

$t->done;
