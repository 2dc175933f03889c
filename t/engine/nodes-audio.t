#!/usr/bin/perl

# nodetool.audio.*, on small sounds.

use strict;
use warnings;

use lib 't/lib';

use MIME::Base64 qw(encode_base64 decode_base64);
use Test::More;

use NodeTool::Media;

plan skip_all => 'no ffmpeg here' if !NodeTool::Media::have();

umask 077;    # as a worker's engine
my $m = NodeTool::Media->new;
my ($r, $e, $events);

sub node { return ($r, $e, $events) = $m->node("nodetool.audio.$_[0]", @_[1 .. $#_]) }

# A WAVE file of these samples (16 bits).
sub wav {
    my ($name, $rate, $channels, @samples) = @_;

    my $data = pack 's<*', @samples;
    open my $fh, '>:raw', "$m->{dir}/ws/$name" or die $!;
    print {$fh} pack('A4VA4A4VvvVVvvA4V', 'RIFF', 36 + length $data, 'WAVE',
        'fmt ', 16, 1, $channels, $rate, $rate * $channels * 2, $channels * 2,
        16, 'data', length $data), $data;
    close $fh or die $!;
    return $m->ref('audio', $name);
}

sub samples_are {
    my ($want, $name) = @_;

    return is_deeply([defined $r ? $m->samples($r) : ()], $want, $name)
        || diag($e);
}

my $mono = wav('mono.wav', 1000, 1, 1 .. 10);
my $stereo = wav('stereo.wav', 1000, 2, map { ($_ * 10, $_) } 1 .. 4);

sub count { return scalar(my @samples = $m->samples($r)) }

# --- one sound ---------------------------------------------------------------

node('Reverse', { audio => $mono });
samples_are([reverse 1 .. 10], 'Reverse');
is_deeply($r->{metadata}, { format => 'pcm', sample_rate => 1000,
        channels => 1, sample_width => 2, bitrate => 16000,
        duration_seconds => 0.01 }, 'what is kept with a sound');
like($r->{asset_id}, qr{^generated/[0-9a-f]{32}\.wav$}, '... and its name');
node('Reverse', { audio => $stereo });
samples_are([map { ($_ * 10, $_) } reverse 1 .. 4], '... of two channels');
node('MonoToStereo', { audio => $mono });
samples_are([map { ($_, $_) } 1 .. 10], 'MonoToStereo');
node('MonoToStereo', { audio => $stereo });
samples_are([map { ($_ * 10, $_) } 1 .. 4], '... of a stereo sound');
node('StereoToMono', { audio => $stereo });
samples_are([5, 11, 16, 22], 'StereoToMono');
node('StereoToMono', { audio => $stereo, method => 'left' });
samples_are([10, 20, 30, 40], '... left');
node('StereoToMono', { audio => $stereo, method => 'right' });
samples_are([1 .. 4], '... right');
node('StereoToMono', { audio => $stereo, method => 'up' });
like($e, qr/'method' must be average, left or right, not "up"/, '... up');
node('SliceAudio', { audio => $mono, start => 0.002, end => 0.005 });
samples_are([3, 4, 5], 'SliceAudio');
node('SliceAudio', { audio => $mono, start => 2, end => 3 });
like($e, qr/'start' \(2 s\) is behind the end of the sound/, '... behind it');
node('SliceAudio', { audio => $mono, start => 1, end => 0.5 });
like($e, qr/'end' \(0.5 s\) must be after 'start'/, '... backwards');
node('Trim', { audio => $mono, start => 0.007 });
samples_are([8, 9, 10], 'Trim to the end');
node('Repeat', { audio => $stereo, loops => 2 });
samples_are([(map { ($_ * 10, $_) } 1 .. 4) x 2], 'Repeat');
node('Normalize', { audio => $mono });
my @loud = $m->samples($r);
is($loud[-1], int(32768 * 10 ** (-0.1 / 20) + 0.5), 'Normalize');
my $flat = wav('flat.wav', 100, 1, (1000) x 10);
node('FadeIn', { audio => $flat, duration => 0.05 });
samples_are([0, 200, 400, 600, 800, (1000) x 5], 'FadeIn');
node('FadeOut', { audio => $flat, duration => 0.05 });
samples_are([(1000) x 5, 800, 600, 400, 200, 0], 'FadeOut');
node('FadeIn', { audio => $flat, duration => 10 });
is(count(), 10, '... of a short sound');
node('CreateSilence', { duration => 0.5 });
my @silence = $m->samples($r);
is(scalar @silence, 5512, 'CreateSilence');
is(scalar(grep { $_ } @silence), 0, '... is silent');

# --- several -----------------------------------------------------------------

node('Concat', { a => $mono, b => $mono });
samples_are([1 .. 10, 1 .. 10], 'Concat');
node('Concat', { a => $mono, b => $stereo });
my @both = $m->samples($r);
is(scalar @both, 28, '... becomes stereo where one is');
is_deeply([@both[20 .. 27]], [map { ($_ * 10, $_) } 1 .. 4],
    '... and keeps the other');
node('ConcatList', { audio_files => [$mono, $stereo, $mono] });
is(count(), 48, 'ConcatList');
node('ConcatList', { audio_files => [] });
like($e, qr/'audio_files' must have 1 to 1000 sounds/, '... of none');
node('OverlayAudio', { a => wav('a.wav', 100, 1, 30000, 5, 7),
        b => wav('b.wav', 100, 1, 10000, -5) });
samples_are([32767, 0, 7], 'OverlayAudio');
node('OverlayAudio', { a => $mono });
like($e, qr{'b' must be a sound}, '... with nothing');
node('AudioMixer', { track2 => $mono, track4 => $mono, volume2 => 2,
        volume4 => 0.5 });
samples_are([map { int($_ * 2.5 + 0.5) } 1 .. 10], 'AudioMixer');
node('AudioMixer', {});
like($e, qr/at least one track/, '... with nothing');
my $fast = wav('fast.wav', 2000, 1, (100) x 20);
node('Concat', { a => $mono, b => $fast });
is($m->probe($r)->{audio}{sample_rate}, 2000, 'the higher rate wins');

# --- silence -----------------------------------------------------------------

# 300 ms of sound, 1 s of silence, 300 ms of sound
my @tone = map { $_ % 2 ? 8000 : -8000 } 1 .. 300;
my $gap = wav('gap.wav', 1000, 1, @tone, (0) x 1000, @tone);
my %plain = (audio => $gap, crossfade => 0);
node('RemoveSilence', { %plain });
is(count(), 700, 'RemoveSilence keeps 100 ms');
node('RemoveSilence', { %plain, min_silence_between_parts => 0 });
is(count(), 600, '... or nothing');
node('RemoveSilence', { %plain, reduction_factor => 0.5 });
is(count(), 1100, '... or half of it');
node('RemoveSilence', { %plain, reduction_factor => 0 });
is(count(), 1600, '... or all of it');
node('RemoveSilence', { %plain, min_length => 2000 });
is(count(), 1600, '... when it is too short to count');
node('RemoveSilence', { %plain, min_length => 0 });
is(count(), 700, '... of any length');
node('RemoveSilence', { %plain, audio => $gap, crossfade => 10 });
is(count(), 680, 'parts are mixed');
node('RemoveSilence', { %plain, audio => wav('low.wav', 1000, 1, (3) x 500) });
is($r->{metadata}{duration_seconds}, 0, 'silence all through');

# --- arrays ------------------------------------------------------------------

node('ConvertToArray', { audio => $stereo });
is_deeply([unpack 'q<*', decode_base64($r->{value})],
    [map { ($_ * 10, $_) } 1 .. 4], 'ConvertToArray');
is($r->{dtype}, '<i8', '... of ints');
node('NumpyToAudio', { array => $r, sample_rate => 1000, channels => 2 });
samples_are([map { ($_ * 10, $_) } 1 .. 4], 'NumpyToAudio');
node('NumpyToAudio', { sample_rate => 8000, array => { type => 'np_array',
        dtype => '<f4', shape => [3],
        value => encode_base64(pack('f<*', 0.5, -1, 2), '') } });
samples_are([16384, -32767, 32767], '... of floats');
node('NumpyToAudio', { array => { type => 'np_array', dtype => '<i2',
        shape => [3], value => encode_base64(pack('s<*', 1, 2, 3), '') },
        channels => 2 });
like($e, qr/as many for each of the 2 channels/, '... that do not fit');
node('AudioToNumpy', { audio => wav('half.wav', 32000, 1, 16384, -16384) },
    output => 'array');
is_deeply([unpack 'f<*', decode_base64($r->{value})], [0.5, -0.5],
    'AudioToNumpy');
node('AudioToNumpy', { audio => $mono }, output => 'sample_rate');
is($r, 32000, '... has a rate of its own');

# --- chunks ------------------------------------------------------------------

sub chunk {
    my ($meta, $bytes) = @_;

    return { type => 'chunk', content_type => 'audio', done => 0,
        content => encode_base64($bytes, ''), content_metadata => $meta };
}

my %pcm = (sample_rate => 1000, channels => 1, format => 'pcm16le');
my @chunks = map { chunk({ %pcm }, pack 's<*', $_, $_ + 1) } 1, 3, 5;
node('ChunkToAudio', { batch_size => 2 }, stream => [chunk => [@chunks]],
    output => 'audio', collect => 1);
is(scalar @$r, 2, 'ChunkToAudio: batches') or diag($e);
is_deeply([map { [$m->samples($_)] } @$r], [[1 .. 4], [5, 6]], '... in order');
my $ogg = do {
    $m->make('short.ogg', 'sine=d=0.5:r=8000', '-c:a libvorbis');
    open my $fh, '<:raw', "$m->{dir}/ws/short.ogg" or die $!;
    local $/;
    readline $fh;
};
node('ChunkToAudio', {}, output => 'audio', stream => [chunk => [
    chunk({}, $ogg), { type => 'chunk', content_type => 'text',
        content => 'no sound' }, chunk({ dtype => 'int16',
        sample_rate => 8000, channels => 1 }, pack 's<*', (5) x 100)]]);
cmp_ok(abs(count() - 4100), '<', 300, 'files and samples together')
    or diag($e);
node('ChunkToAudio', {}, output => 'audio', stream => [chunk => [
    chunk({}, 'no sound at all')]]);
like($e, qr/^ffmpeg cannot do this: /, 'what is no sound');

# --- files -------------------------------------------------------------------

$m->make('music.mp3', 'sine=d=1:r=44100', '-ac 2');
node('Trim', { audio => $m->ref('audio', 'music.mp3'), end => 0.5 });
is($r->{metadata}{duration_seconds}, 0.5, 'an MP3') or diag($e);
is($r->{metadata}{channels}, 2, '... in stereo');
my $data = do {
    open my $fh, '<:raw', "$m->{dir}/ws/mono.wav" or die $!;
    local $/;
    encode_base64(readline($fh), '');
};
node('Reverse', { audio => { type => 'audio', uri => '', data => $data } });
samples_are([reverse 1 .. 10], 'bytes within a ref');

for my $case (['a.mp3', 'mp3', 'mp3'], ['a.opus', 'ogg', 'opus'],
              ['a.flac', 'flac', 'flac'], ['a.m4a', qr/mov/, 'aac'],
              ['a.WAV', 'wav', 'pcm_s16le'], ['a.aac', 'aac', 'aac'],
              ['a.ogg', 'ogg', qr/vorbis|flac|opus/]) {
    my ($name, $format, $codec) = @$case;

    node('SaveAudio', { audio => $m->ref('audio', 'music.mp3'), name => $name,
            folder => { type => 'folder', asset_id => 'saved' } });
    is($r->{asset_id}, "saved/$name", "SaveAudio: $name") or diag($e);
    my $probe = $m->probe($r);
    like($probe->{format}, qr/^$format/, '... its format');
    like($probe->{audio}{codec_name}, qr/^$codec$/, '... and codec');
}
my ($saved) = grep { $_->{type} eq 'save_update' } @$events;
is($saved->{name}, 'a.ogg', 'what was saved is told');
node('SaveAudio', { audio => $mono, name => 'a.txt' });
like($e, qr/must end with the extension of a format/, 'no format');

node('SaveAudioFile', { audio => $mono, folder => 'out', filename => 'b.flac' });
is($r->{uri}, 'file:///out/b.flac', 'SaveAudioFile') or diag($e);
samples_are([1 .. 10], '... keeps the sound');
node('SaveAudioFile', { audio => $mono, folder => 'out', filename => 'b.x',
        FORMAT_MAP => { '.x' => 'wav' } });
is($m->probe($r)->{format}, 'wav', 'a format for another extension');
node('SaveAudioFile', { audio => $mono, folder => 'out', filename => 'b.y',
        FORMAT_MAP => { '.y' => 'hls' } });
like($e, qr/must end with the extension/, '... but for sounds only');
node('SaveAudioFile', { audio => $mono, filename => 'b.wav' });
like($e, qr/folder/, '... in a folder');

node('LoadAudioFile', { path => 'mono.wav' });
is($r->{uri}, 'file:///mono.wav', 'LoadAudioFile');
node('LoadAudioFile', { path => 'none.wav' });
like($e, qr{file "/none.wav" does not exist}, "... that is not there");
node('LoadAudioFolder', { folder => 'out' }, output => 'path', collect => 1);
is_deeply([map { s{^/}{}r } @{ $r || [] }], ['out/b.flac'],
    'LoadAudioFolder') or diag($e);
node('LoadAudioFolder', { folder => '.', include_subdirectories => \1,
        extensions => ['.flac'] }, output => 'audio', collect => 1);
is_deeply([map { $_->{uri} =~ s{/\./}{/}r } @{ $r || [] }],
    ['file:///out/b.flac'], '... and those in it') or diag($e);
node('LoadAudioAssets', { folder => { type => 'folder', asset_id => 'saved' } },
    output => 'name', collect => 1);
is_deeply([sort @$r], [sort qw(a.mp3 a.opus a.flac a.m4a a.WAV a.aac a.ogg)],
    'LoadAudioAssets') or diag($e);

# --- what ffmpeg must not do -------------------------------------------------

open my $fh, '>', "$m->{dir}/ws/list.wav" or die $!;
print {$fh} "#EXTM3U\n#EXTINF:1,\nmono.wav\n#EXT-X-ENDLIST\n";
close $fh or die $!;
node('Reverse', { audio => $m->ref('audio', 'list.wav') });
like($e, qr/^ffmpeg cannot do this/, 'a playlist is no sound');
open $fh, '>', "$m->{dir}/ws/concat.wav" or die $!;
print {$fh} "ffconcat version 1.0\nfile /etc/passwd\n";
close $fh or die $!;
node('Reverse', { audio => $m->ref('audio', 'concat.wav') });
like($e, qr/^ffmpeg cannot do this/, '... nor a list');
unlike($e, qr{/tmp|/etc}, '... and no path is told');

$m->done;

{
    local $ENV{PATH} = '/nowhere';
    $m = bless { dir => $m->{dir}, g => bless({ %{ $m->{g} } },
        'NodeTool::Graph') }, 'NodeTool::Media';
    my $pid = IPC::Open2::open2(my $out, my $in,
        "$NodeTool::Graph::BUILD/t/engine/graph-run", '-');
    @{ $m->{g} }{qw(pid in out)} = ($pid, $in, $out);
}
node('Reverse', { audio => $mono });
samples_are([reverse 1 .. 10], 'plain WAVE needs no ffmpeg');
node('Reverse', { audio => $m->ref('audio', 'music.mp3') });
like($e, qr/"\w+" is not installed on this server; it comes with the package/,
    'what needs it says so');
$m->done;

done_testing();
