#!/usr/bin/perl

# nodetool.video.*, on small videos.

use strict;
use warnings;

use lib 't/lib';

use JSON::PP ();
use Test::More;

use NodeTool::Graph;
use NodeTool::Media;

plan skip_all => 'no ffmpeg here' if !NodeTool::Media::have();

umask 077;    # as a worker's engine
my $m = NodeTool::Media->new;
my ($r, $e, $events);

sub node { return ($r, $e, $events) = $m->node("nodetool.video.$_[0]", @_[1 .. $#_]) }

# Half red, half blue, a second of 10 frames, with a tone.
my @x264 = ('-c:v libx264 -pix_fmt yuv420p -preset ultrafast');
$m->make('red.mp4', 'color=red:s=64x48:r=10:d=1', 'sine=d=1:r=44100', @x264,
    '-c:a aac');
$m->make('blue.mp4', 'color=blue:s=32x32:r=20:d=1', @x264);
$m->make('test.mp4', 'testsrc=s=64x48:r=10:d=1', 'sine=d=1:r=44100', @x264,
    '-c:a aac');
my ($red, $blue, $test) = map { $m->ref('video', "$_.mp4") } qw(red blue test);

# Is a color about the other one?
sub color_is {
    my ($got, $want, $name) = @_;

    my $off = 0;
    for my $i (0 .. 2) {
        my $d = abs(($got->[$i] // 0) - $want->[$i]);
        $off = $d if $d > $off;
    }
    return ok($off < 40, $name) || diag("[@$got] for [@$want]", $e);
}

sub about {
    my ($got, $want, $name) = @_;

    return cmp_ok(abs(($got // -1) - $want), '<', 0.15, $name)
        || diag($got, " for $want; ", $e);
}

# --- what is in a video ------------------------------------------------------

for my $case ([duration => 1], [width => 64], [height => 48], [fps => 10],
              [frame_count => 10], [codec => 'h264']) {
    my ($output, $want) = @$case;

    node('GetVideoInfo', { video => $red }, output => $output);
    is($r, $want, "GetVideoInfo: $output") or diag($e);
}
node('GetVideoInfo', { video => $red }, output => 'has_audio');
ok($r, '... has sound');
node('GetVideoInfo', { video => $blue }, output => 'has_audio');
ok(!$r, '... or not');
node('Fps', { video => $blue });
is($r, 20, 'Fps');
node('Fps', {});
like($e, qr/'video' must be a video/, '... of nothing');
$m->make('tone.wav', 'sine=d=0.2:r=8000');
node('Fps', { video => $m->ref('video', 'tone.wav') });
like($e, qr/'video' has no pictures/, '... of a sound');

node('ExtractFrame', { video => $test, time => 0.5 });
is($r->{type}, 'image', 'ExtractFrame') or diag($e);
my $image = $m->probe($r)->{video};
is("$image->{codec_name} $image->{width}x$image->{height}", 'png 64x48',
    '... as PNG');
node('ExtractFrame', { video => $test, time => 5 });
like($e, qr/'time' \(5 s\) is behind the end/, '... behind the end');
node('ExtractAudio', { video => $red });
is($m->probe($r)->{audio}{codec_name}, 'opus', 'ExtractAudio') or diag($e);
about($m->probe($r)->{duration}, 1, '... all of it');
node('ExtractAudio', { video => $blue });
is($e, q('video' has no sound), '... where there is none');

# --- one video ---------------------------------------------------------------

node('Trim', { video => $red, start_time => 0.2, end_time => 0.7 });
about($m->probe($r)->{video}{duration}, 0.5, 'Trim');
about($m->probe($r)->{audio}{duration}, 0.5, '... and its sound');
about($r->{duration}, 0.5, '... the ref tells');
is($r->{metadata}{width}, 64, '... and the size');
node('Trim', { video => $red, start_time => 0.5 });
about($m->probe($r)->{video}{duration}, 0.5, '... to the end');
node('Trim', { video => $red, start_time => 3 });
like($e, qr/'start_time' \(3 s\) is behind the end of the video/, '... behind');
node('Trim', { video => $red, start_time => 3, end_time => 1 });
like($e, qr/must be after 'start_time'/, '... backwards');

node('Resize', { video => $red, width => 32 });
is($m->probe($r)->{video}{height}, 24, 'Resize') or diag($e);
is($m->probe($r)->{audio}{codec_name}, 'aac', '... keeps the sound');
node('Resize', { video => $red, width => 31, height => 17 });
is($m->probe($r)->{video}{width}, 32, '... to an odd size');
node('Resize', { video => $red, width => 0 });
like($e, qr/'width' must be 1 to 8192, or -1/, '... to nothing');

node('Rotate', { video => $red, angle => 45 });
color_is($m->color($r, 0, '4:4:0:0'), [0, 0, 0], 'Rotate');
color_is($m->color($r, 0, '8:8:28:20'), [255, 0, 0], '... in the middle');
node('SetSpeed', { video => $red, speed_factor => 2 });
about($m->probe($r)->{audio}{duration}, 0.5, 'SetSpeed: sound') or diag($e);
about($m->probe($r)->{video}{duration}, 0.5, '... pictures');
node('SetSpeed', { video => $red, speed_factor => 0.4 });
about($m->probe($r)->{audio}{duration}, 2.5, '... slower');
node('SetSpeed', { video => $red, speed_factor => 0 });
like($e, qr/'speed_factor' must be/, '... not at all');
node('Saturation', { video => $red, saturation => 0 });
my $gray = $m->color($r);
cmp_ok(abs($gray->[0] - $gray->[1]), '<', 12, 'Saturation') or diag($e);
node('Reverse', { video => $test });
ok($r && $m->probe($r)->{audio}, 'Reverse, with sound') or diag($e);

for my $case ([ColorBalance => red_adjust => 0.2], [Denoise => strength => 3],
              [Denoise => strength => 0], [Sharpness => luma_amount => 2],
              [Blur => strength => 20], [Blur => strength => 0]) {
    my ($type, %data) = @$case;

    node($type, { video => $test, %data });
    my $probe = $r ? $m->probe($r) : {};
    is(join(' ', map { $probe->{$_}{codec_name} // '' } qw(video audio)),
        'h264 aac', join(' ', @$case)) or diag($e);
}
node('Stabilize', { video => $test });
is($r ? $m->probe($r)->{video}{nb_frames} : '', 10, 'Stabilize') or diag($e);

# --- two ---------------------------------------------------------------------

node('Concat', { video_a => $red, video_b => $blue });
about($r && $m->probe($r)->{duration}, 2, 'Concat');
color_is($m->color($r, 0.2), [255, 0, 0], '... the first');
color_is($m->color($r, 1.5, '16:16:24:16'), [0, 0, 255], '... the second');
is($m->probe($r)->{video}{width}, 64, '... in the size of the first');
about($m->probe($r)->{audio}{duration}, 2, '... with silence');
node('Concat', { video_a => $blue, video_b => $blue });
ok($r && !$m->probe($r)->{audio}, '... without sound') or diag($e);
node('Concat', { video_a => $blue });
like($e, qr/'video_b' must be a video/, '... of one');

node('Transition', { video_a => $red, video_b => $blue, duration => 0.5 });
about($r && $m->probe($r)->{duration}, 1.5, 'Transition');
color_is($m->color($r, 1.3, '16:16:24:16'), [0, 0, 255], '... to the second');
about($m->probe($r)->{audio}{duration}, 1.5, '... and its sound');
node('Transition', { video_a => $red, video_b => $blue, duration => 0.5,
        transition_type => 'wipeleft' });
about($r && $m->probe($r)->{duration}, 1.5, '... another one');
node('Transition', { video_a => $red, video_b => $blue, duration => 3 });
like($e, qr/'duration' \(3 s\) must not be longer/, '... that is too long');

node('Overlay', { main_video => $red, overlay_video => $blue, x => 4, y => 4,
        scale => 0.5 });
color_is($m->color($r, 0, '8:8:8:8'), [0, 0, 255], 'Overlay');
color_is($m->color($r, 0, '16:16:40:28'), [255, 0, 0], '... beside it');
ok($m->probe($r)->{audio}, '... with the sound below') or diag($e);
node('Overlay', { main_video => $red, overlay_video => $test });
ok($r && $m->probe($r)->{audio}, '... with both sounds') or diag($e);

$m->make('music.mp3', 'sine=d=0.5:f=880');
my $music = $m->ref('audio', 'music.mp3');
node('AddAudio', { video => $blue, audio => $music });
is($r && $m->probe($r)->{audio}{codec_name}, 'aac', 'AddAudio') or diag($e);
node('AddAudio', { video => $red, audio => $music, mix => \1, volume => 0.5 });
about($r && $m->probe($r)->{audio}{duration}, 1, '... mixed');
node('AddAudio', { video => $red, audio => $music });
about($r && $m->probe($r)->{audio}{duration}, 0.5, '... instead');
node('AddAudio', { video => $red });
like($e, qr/'audio' must be a sound/, '... of nothing');

# --- colors, texts -----------------------------------------------------------

node('ChromaKey', { video => $blue, key_color => { type => 'color',
        value => '#0000FF' } });
is($r && $m->probe($r)->{video}{codec_name}, 'vp9', 'ChromaKey') or diag($e);
node('Overlay', { main_video => $red, overlay_video => $r });
color_is($r && $m->color($r, 0, '16:16:8:8'), [255, 0, 0],
    '... is seen through');
node('ChromaKey', { video => $blue, key_color => { value => 'blue' } });
like($e, qr/'key_color' must be a color such as/, '... of a bad color');

$m->make('black.mp4', 'color=black:s=320x240:r=10:d=2', @x264);
my %subtitles = (video => $m->ref('video', 'black.mp4'), font_size => 40,
    chunks => [{ type => 'audio_chunk', timestamp => [0.5, 1],
                 text => "HELLO {\\b1} \\N\nWORLD" }]);
sub bright {
    my ($seconds, $crop) = @_;

    return $r ? ($m->color($r, $seconds, $crop))->[0] : -1;
}
node('AddSubtitles', \%subtitles);
cmp_ok(bright(0.7, '320:120:0:120'), '>', 5, 'AddSubtitles') or diag($e);
cmp_ok(bright(0.1, '320:120:0:120'), '<', 3, '... not before');
cmp_ok(bright(1.5, '320:120:0:120'), '<', 3, '... nor after');
node('AddSubtitles', { %subtitles, align => 'top' });
cmp_ok(bright(0.7, '320:80:0:0'), '>', 5, '... at the top');
node('AddSubtitles', { %subtitles, font_color => { value => '#FF0000' } });
my $color = $r ? $m->color($r, 0.7) : [0, 0, 0];
cmp_ok($color->[0], '>', $color->[2] + 1, '... in a color');
node('AddSubtitles', { %subtitles, font => { name => 'x', source => 'url' } });
like($e, qr/'font' must be one that is installed/, '... not in any font');
node('AddSubtitles', { %subtitles, chunks => [{ type => 'audio_chunk', text => 'x' }] });
like($e, qr/chunk 0 of 'chunks' must have/, '... that has no time');

# --- frames ------------------------------------------------------------------

node('FrameIterator', { video => $test }, output => 'frame', collect => 1);
is(scalar @{ $r || [] }, 10, 'FrameIterator') or diag($e);
is_deeply({ %{ $r->[0]{metadata} } }, { width => 64, height => 48,
        format => 'png' }, '... tells of the frames');
isnt($r->[0]{asset_id}, $r->[5]{asset_id}, '... which differ');
my @frames = @$r;
node('FrameIterator', { video => $test, start => 2, end => 5 },
    output => 'index', collect => 1);
is_deeply($r, [2, 3, 4], '... some of them') or diag($e);
node('FrameIterator', { video => $test, start => 8 }, output => 'index',
    collect => 1);
is_deeply($r, [8, 9], '... the last ones');
node('FrameIterator', { video => $test, end => 1 }, output => 'fps');
is($r, 10, '... and their rate');

node('FrameToVideo', { fps => 5 }, stream => [frame => \@frames]);
is($r && $m->probe($r)->{video}{nb_frames}, 10, 'FrameToVideo') or diag($e);
about($r->{duration}, 2, '... at its rate');
$m->make('small.jpg', 'color=blue:s=32x24', '-frames:v 1');
node('FrameToVideo', { fps => 5 }, stream => [frame => [$frames[0],
    $m->ref('image', 'small.jpg'), $frames[0]]]);
is($r && $m->probe($r)->{video}{nb_frames}, 3, '... of different images')
    or diag($e);
color_is($r && $m->color($r, 0.2), [0, 0, 255], '... in one size');
node('FrameToVideo', { fps => 0 }, stream => [frame => [$frames[0]]]);
like($e, qr/'fps' must be above 0/, '... without a rate');

# A long video is not decoded ahead of a slow receiver, and a cancelled run
# leaves nothing behind.
$m->make('long.mp4', 'testsrc=s=640x480:r=25:d=8', @x264);
node('FrameIterator', { video => $m->ref('video', 'long.mp4') },
    output => 'frame', cancel => 60);
is($e, '', 'a run that is cancelled amid frames');
my @stored = glob "$m->{dir}/assets/generated/*.png";
cmp_ok(scalar @stored, '<', 400, '... has not made all of them');

# --- files -------------------------------------------------------------------

node('SaveVideo', { video => $red, name => 'a.mp4',
        folder => { type => 'folder', asset_id => 'saved' } });
is($r->{asset_id}, 'saved/a.mp4', 'SaveVideo') or diag($e);
is((grep { $_->{type} eq 'save_update' } @$events)[0]{name}, 'a.mp4',
    '... is told');
node('SaveVideoFile', { video => $red, folder => 'out', filename => 'b.mp4' });
is($r->{uri}, 'file:///out/b.mp4', 'SaveVideoFile') or diag($e);
is(-s "$m->{dir}/ws/out/b.mp4", -s "$m->{dir}/ws/red.mp4", '... as it is');
node('LoadVideoFile', { path => 'out/b.mp4' });
is($r->{uri}, 'file:///out/b.mp4', 'LoadVideoFile');
node('LoadVideoAssets', { folder => { type => 'folder', asset_id => 'saved' } },
    output => 'name', collect => 1);
is_deeply($r, ['a.mp4'], 'LoadVideoAssets') or diag($e);

# --- a workflow of NodeTool's ------------------------------------------------

my $example = "$NodeTool::Graph::ROOT/../shared/examples/"
    . 'Color Boost Video.json';

SKIP: {
    skip 'the example is not here', 1 if !-r $example;
    skip 'the image pack is not here', 1
        if !-e "$NodeTool::Graph::BUILD/packs/image.so";

    open my $fh, '<', $example or die $!;
    my $graph = JSON::PP->new->utf8->decode(
        do { local $/; readline $fh })->{graph};
    for my $node (@{ $graph->{nodes} }) {
        $node->{data}{value} = $test
            if $node->{type} eq 'nodetool.constant.Video';
    }
    my $run = $m->{g}->run($graph, workspace => "$m->{dir}/ws",
        assets => "$m->{dir}/assets");
    is($run->{status}, 'completed', 'Color Boost Video')
        or diag(NodeTool::Graph::text($run->{errors}),
                $run->{failure}{message});
    my ($shown) = grep { $_->{type} eq 'preview_update' } @{ $run->{events} };
    is($shown && $m->probe($shown->{value})->{video}{nb_frames}, 2,
        '... gives a video of the frames that it takes');
}

$m->done;
done_testing();
