#!/usr/bin/perl

# kie.*: all of its node types run, what they ask for, and what goes wrong.

use strict;
use utf8;
use warnings;

use lib 't/lib';

use JSON::PP ();
use MIME::Base64 qw(encode_base64);
use Test::More;

use NodeTool::Graph qw(graph node);
use NodeTool::MockModels;
use NodeTool::Test;

my $t = NodeTool::Test->new;
my $mock = NodeTool::MockModels->start($t, 'models');
my $assets = $t->dir . '/assets';
mkdir $assets or die $!;
my $g = do {
    local %ENV = (%ENV, $mock->env);
    NodeTool::Graph->new;
};
my $true = JSON::PP::true();
my $false = JSON::PP::false();

my %media = map { $_ => NodeTool::MockMedia::media_ref($_) } qw(image audio video);
my $frame = { type => 'dataframe', columns => [
    { name => 'Scene', data_type => 'string' },
    { name => 'duration', data_type => 'int' }],
    data => [['a cat', 5], ['a dog', 3]] };

# --- all of them, at once ----------------------------------------------------

my %types = map { $_->{node_type} => $_ } grep { $_->{node_type} =~ /^kie\./ }
    @{ $g->ask({ metadata => 1 })->{metadata} };
cmp_ok(scalar keys %types, '>', 80, 'types of nodes');

# Values for what is empty.
sub filled {
    my ($type) = @_;

    my %data;
    for my $p (@{ $type->{properties} }) {
        my $kind = $p->{type}{type};
        $data{ $p->{name} } = $media{$kind} if $media{$kind};
        $data{ $p->{name} } = [$media{image}] if $kind eq 'list';
        $data{ $p->{name} } = $frame if $kind eq 'dataframe';
        $data{ $p->{name} } = "some $p->{name}"
            if $kind eq 'str' && $p->{default} eq '';
    }
    $data{image} = { %{ $media{image} }, metadata => { task_id => 'task_x' } }
        if $type->{node_type} eq 'kie.image.GrokImagineUpscale';
    return %data;
}

my @names = sort keys %types;
my (@nodes, @edges);
for my $name (@names) {
    (my $id = $name) =~ s/\W/_/g;
    push @nodes, node($id => $name, filled($types{$name})),
        node("o$id" => 'nodetool.output.Output', name => $id);
    push @edges, "$id.output>o$id.value";
}
my $all = $g->run(graph(\@nodes, @edges), assets => $assets);
for my $name (@names) {
    (my $id = $name) =~ s/\W/_/g;
    my $result = $all->{results}{$id};
    my ($update) = grep { $_->{type} eq 'node_update' && $_->{error}
        && $_->{node_id} eq $id } @{ $all->{events} };
    my $kind = $types{$name}{outputs}[0]{type}{type};
    my $want = NodeTool::MockMedia::bytes($kind);
    my $got = $kind eq 'text' ? ($result || {})->{data}
        : $result ? $t->read_file("$assets/$result->{asset_id}") : undef;
    is($got, $want // 'the quick brown fox', $name)
        or diag $update->{error} // 'no error';
    is($result->{type}, $kind, '... its type');
}
# All that was given has been sent.
my (%given, %sent);
for my $type (values %types) {
    my %data = filled($type);
    $given{$_}++ for grep { /^some / } values %data;
}
for my $req ($mock->requests) {
    next if $req->{method} ne 'POST' || !$req->{json};
    my $json = $req->{json}{input} || $req->{json};
    $sent{$_}++ for grep { /^some / } values %$json;
}
is_deeply(\%sent, \%given, 'all texts are sent');
is_deeply([grep { $_->{headers}{authorization} ne 'Bearer key-kie' }
        grep { $_->{path} !~ m{/files/} } $mock->requests], [], 'with the key');

# --- what is asked for -------------------------------------------------------

my $run;

sub output {
    my ($type, %data) = @_;

    $mock->forget;
    $run = $g->run(graph([node(n => $type, %data),
        node(o => 'nodetool.output.Output', name => 'o')], 'n.output>o.value'),
        assets => $assets);
    return $run->{results}{o};
}

sub error { return $run->{failure}{message} // '' }

# The body of the request that started a task.
sub asked {
    my ($path) = @_;

    my ($req) = grep { $_->{path} =~ /\Q$path\E$/ } $mock->requests;
    return $req->{json};
}

my $image = output('kie.image.NanoBanana', prompt => 'a cat',
    image_size => '16:9');
is_deeply(asked('/api/v1/jobs/createTask'), { model => 'google/nano-banana',
    input => { prompt => 'a cat', image_size => '16:9',
        output_format => 'png' } }, 'a task') or diag error();
is($image->{metadata}{task_id}, 'task_image', '... is told with its result');
output('kie.image.GrokImagineUpscale', image => $image);
is_deeply(asked('createTask')->{input}, { task_id => 'task_image' },
    '... which another one may start from') or diag error();

output('kie.image.NanoBananaEdit', prompt => 'a hat',
    image_input => [$media{image}, { type => 'image',
        uri => 'https://example.com/x.png' }]);
my ($upload) = grep { $_->{path} =~ /upload/ } $mock->requests;
my %form = map { $_->{name} => $_ } @{ $upload->{parts} };
is($form{file}{data}, $NodeTool::MockMedia::PNG, 'an image is uploaded');
like($form{fileName}{data}, qr/^\w+\.png$/, '... by a name');
is_deeply(asked('createTask')->{input}{image_urls},
    [$mock->url('/kie/files/uploaded'), 'https://example.com/x.png'],
    '... unless it is on the web');

output('kie.video.KlingTextToVideo', prompt => 'a cat', duration => 10,
    seed => 7);
is_deeply([@{ asked('createTask')->{input} }{qw(duration seed)}], ['10', 7],
    'a duration is a text') or diag error();
output('kie.video.Wan26ImageToVideo', prompt => 'a cat',
    image1 => $media{image}, image3 => $media{image});
is(scalar @{ asked('createTask')->{input}{image_urls} }, 2,
    'several images in one list') or diag error();
output('kie.video.Sora2ProStoryboard', shots => $frame);
is_deeply(asked('createTask')->{input}{shots}, [{ scene => 'a cat',
    duration => 5 }, { scene => 'a dog', duration => 3 }], 'scenes')
    or diag error();
output('kie.audio.GenerateMusic', prompt => 'jazz', negative_tags => 'pop',
    style_weight => 0.5, instrumental => $true);
is_deeply(asked('/api/v1/generate'), { prompt => 'jazz',
    negativeTags => 'pop', styleWeight => 0.5, instrumental => $true,
    customMode => $false, model => 'V4_5PLUS',
    callBackUrl => 'https://example.com/callback' }, 'music') or diag error();
output('kie.audio.ElevenLabsTextToSpeech', text => 'hi');
like(asked('createTask')->{model}, qr{^elevenlabs/text-to-speech},
    'a model by a property') or diag error();
output('kie.video.RunwayGen3AlphaTextToVideo', prompt => 'a cat',
    duration => '10');
is(asked('/runway/generate')->{duration}, 10, "Runway's names and numbers")
    or diag error();
ok(exists asked('/runway/generate')->{aspectRatio}, '... in camelCase');
output('kie.video.Veo31TextToVideo', prompt => 'a cat');
ok(exists asked('/veo/generate')->{aspect_ratio}, "Veo's names") or diag error();

# --- what goes wrong ---------------------------------------------------------

output('kie.image.NanoBanana');
like(error(), qr/'prompt' is empty/, 'no prompt');
output('kie.image.Flux2ProImageToImage', prompt => 'x');
like(error(), qr/'images' has no image/, 'no image');
output('kie.image.GrokImagineUpscale', image => $media{image});
like(error(), qr/must come from another node/, 'an image of nobody');
$mock->script({ json => { code => 402, msg => 'Credits insufficient' } });
output('kie.image.NanoBanana', prompt => 'x');
like(error(), qr/Credits insufficient \(402\)/, 'a failure with a status of 200');
$mock->script({ json => { code => 200, data => { taskId => 'task_1' } } },
    { json => { code => 200, data => { state => 'waiting' } } },
    { json => { code => 200, data => { state => 'fail',
        failMsg => 'unsafe' } } });
output('kie.image.NanoBanana', prompt => 'x');
like(error(), qr/Kie\.ai: unsafe/, 'a task that fails');
$mock->script({ json => { code => 200, data => { taskId => 'task_1' } } },
    { json => { code => 200, data => { state => 'success',
        resultJson => '{' } } });
output('kie.image.NanoBanana', prompt => 'x');
like(error(), qr/sent no image/, 'a result that cannot be read');
$mock->script;

$g->done;
$t->done;
