#!/usr/bin/perl

# Workflows that NodeTool ships as examples, each run by "nodetool run" as it
# is, against mock providers; skipped where the examples are not at hand.
# They choose no models, so that the engine's defaults serve.  Only addresses
# of the Internet are replaced, by one of the test's own servers.

use strict;
use warnings;

use lib 't/lib';

use Encode qw(decode);
use File::Path qw(make_path);
use JSON::PP;
use MIME::Base64 qw(encode_base64);
use Test::More;

use NodeTool::Graph qw(graph node);
use NodeTool::MockMedia;
use NodeTool::MockModels;
use NodeTool::MockOpenAI;
use NodeTool::MockSerpApi;
use NodeTool::Test;
use NodeTool::Worker;

my $folder = "$NodeTool::Graph::ROOT/../shared/examples";
plan skip_all => 'no example workflows here' if !-d $folder;

my $json = JSON::PP->new->utf8->canonical;
my $t = NodeTool::Test->new;
my $models = NodeTool::MockModels->start($t, 'models');
my $serpapi = NodeTool::MockSerpApi->start($t);

# --- media, and where they are -----------------------------------------------

sub have { return !system("which $_[0] > /dev/null 2>&1") }

sub ffmpeg {
    my ($name, @args) = @_;

    system('ffmpeg', '-loglevel', 'error', '-y', @args, "$t->{dir}/$name") == 0
        or die "ffmpeg cannot make $name";
    return $t->read_file($name);
}

my $video = have('ffmpeg') && ffmpeg('v.mp4', qw(-f lavfi -i
    testsrc=s=64x48:r=5:d=1 -pix_fmt yuv420p));
my $sound = have('ffmpeg') && ffmpeg('s.wav', qw(-f lavfi -i sine=d=1:r=8000));
my $image = $NodeTool::MockMedia::PNG;

my $web = NodeTool::MockOpenAI->start($t, 'web', sub {
    my ($c, $req) = @_;

    my $path = $req->{path};
    return $c->body(200, 'image/png', $image) if $path =~ /\.(?:jpe?g|png)/;
    return $c->body(200, 'audio/wav', $sound) if $path =~ /\.(?:mp3|wav)/;
    return $c->body(200, 'video/mp4', $video)
        if $path =~ m{\.mp4|/api/storage/};
    return $c->body(200, 'text/html', '<h1>Kale</h1><p>Is green.</p>');
});

sub media {
    my ($type, $bytes) = @_;

    return { type => $type =~ m{(\w+)/}, uri => "data:$type;base64,"
        . encode_base64($bytes, '') };
}

# --- mail --------------------------------------------------------------------

my %mail;
if (have('python3')) {
    make_path("$t->{dir}/mail/INBOX");
    $t->write_file('mail/INBOX/1.eml', join "\r\n", 'Subject: Daily News',
        'From: news@example.com', 'Date: ' . gmtime() . ' +0000',
        'Content-Type: text/plain', '', 'Kale is in season.', '');
    $t->spawn('mail', ['python3', 't/lib/mock_mail.py', $t->dir]);
    $t->wait_for('the ports', sub { -s "$t->{dir}/ports" });
    my ($imap) = split / /, $t->read_file('ports');
    %mail = (GOOGLE_MAIL_USER => 'ada@example.com',
        GOOGLE_APP_PASSWORD => 'app pass',
        GOOGLE_IMAP_URL => "imap://127.0.0.1:$imap");
}

# --- running -----------------------------------------------------------------

my %env = ($models->env, %mail, SERPAPI_API_KEY => $serpapi->key,
    SERPAPI_BASE_URL => $serpapi->url, NODETOOL_HTTP_ALLOW => 'private',
    NODETOOL_HOME => $t->dir . '/home');

sub run_file {
    my ($file, $params, @script) = @_;

    $models->forget;
    $models->script(@script);
    my ($status, $out, $err) = nodetool($t, ['run', $file, '--jsonl',
        '--params', $json->encode($params)], env => \%env);
    my @events = map { $json->decode($_) } split /\n/, $out;
    return { exit => $status, err => $err, events => \@events,
        status => $events[-1]{status}, error => $events[-1]{error},
        results => ($events[-1]{result} || {})->{results} || {},
        sent => [$models->requests] };
}

sub previews {
    my ($r) = @_;

    return map { $_->{value} }
        grep { $_->{type} eq 'preview_update' } @{ $r->{events} };
}

sub run_example {
    my ($name, $params, @script) = @_;

    my $text = $t->read_file("$folder/$name.json");
    $text =~ s{("uri":\s*")https?://[^/"]+/}{$1http://127.0.0.1:$web->{port}/}g;
    return run_file($t->write_file("$name.json", $text), $params, @script);
}

# --- what each of them answers -----------------------------------------------

my @answer = ({ text => "<LIST_ITEM>Kale in rain</LIST_ITEM>\n"
    . '<LIST_ITEM>Kale in sun</LIST_ITEM>' }) x 20;
my @words = ({ text => 'Kale, of course.' }) x 20;

sub research {
    my (%result) = @_;

    return ({ text => 'Let me look.', tool_calls => [
            { name => 'google_search', arguments => { keyword => 'kale' } },
            { name => 'browser', arguments => {
                url => "http://127.0.0.1:$web->{port}/page" } }] },
        { tool_calls => [{ name => 'finish_step', arguments => {
            result => \%result } }] });
}

# Claude calls its tools, each [name, arguments], and then answers.
sub claude {
    my (@calls) = @_;

    return { script => [{ tool_calls => [map { { name => $_->[0],
            arguments => $_->[1] } } @calls] }, { text => 'Buy it.' }],
        check => sub {
            my ($r) = @_;
            my @done = map { $_->{result} } grep {
                $_->{type} eq 'tool_result_update' } @{ $r->{events} };
            is(scalar @done, scalar @calls, '... Claude has called its tools');
            ok(!(grep { ref $_ eq 'HASH' && $_->{error} } @done),
                '... which have answered') or diag(explain(\@done));
            my ($saved) = grep { $_->{type} eq 'node_update'
                && $_->{status} eq 'completed' && $_->{node_type} =~ /SaveJSON/
                } @{ $r->{events} };
            is($saved->{result}{output}, '"Buy it."', '... and has answered');
        } };
}

sub has {
    my ($output, $re) = @_;

    return sub {
        my ($r) = @_;
        my $value = $r->{results}{$output};
        like(ref $value ? $json->encode($value) : $value // '', $re,
            "... its $output");
    };
}

my %examples = (
    'AI Product Launch Video Generator' => { script => \@words,
        check => has(product_launch_video => qr{"type":"video"}) },
    'Agent Google Search' => { script => [{ tool_calls => [{ name => 'search',
            arguments => { keyword => 'agent libs' } }] },
            { text => 'Found two.' }], check => sub {
        my ($r) = @_;
        is(join('', map { $_->{content} } previews($r)), 'Found two.',
            '... its chunks are shown');
        is($serpapi->params->{q}, 'agent libs', '... the search was made');
        like($r->{sent}[1]{body}, qr/tea\.example/, '... and its results told');
    } },
    'Autonomous Research Agent' => { script => [research(
            executive_summary => 'Kale wins.', market_landscape => 'Fields.',
            key_players => ['Kale', 'Leek'], opportunities => 'Soup.',
            risk_factors => 'Slugs.', recommended_actions => 'Cook.',
            sources => 'A book.')],
        check => has(market_research_brief => qr/Kale wins\..*Fields\./s) },
    'Brand Asset Generator' => { script => \@answer,
        check => has(brand_assets => qr{"type":"image"}) },
    'Chat with docs' => { script => \@words, before => sub {
        return run_file($t->write_file('collection.json', $json->encode({
            graph => graph([node(c => 'vector.chroma.Collection',
                name => 'test', embedding_model => { type => 'llama_model',
                    repo_id => 'nomic' }),
                node(i => 'vector.chroma.IndexTextChunk', document_id => 'd1',
                    text => 'Transformers are models.')],
                'c.output>i.collection') })), {});
    }, check => sub {
        my ($r) = @_;
        is_deeply([previews($r)], ['Kale, of course.'], '... its answer');
        like($r->{sent}[-1]{body}, qr/Transformers are models/,
            '... of what is in the collection');
    } },
    'Color Boost Video' => { needs => ['ffmpeg'], check => sub {
        my ($r) = @_;
        like($json->encode([previews($r)]), qr{"type":"video"},
            '... its video');
    } },
    'Conditional Logic Engine' => {
        check => has(decision_result => qr/MEDIUM_VALUE/) },
    'Data Generator' => { script => [{ text =>
            "| name | color |\n|---|---|\n| kale | green |" }], check => sub {
        my ($r) = @_;
        my ($done) = grep { $_->{type} eq 'node_update' && $_->{status} eq
            'completed' && $_->{node_type} =~ /DataGenerator/ }
            @{ $r->{events} };
        is_deeply($done->{result}{dataframe}{data}, [['kale', 'green']],
            '... its data');
        like((grep { $_->{type} eq 'log_update' } @{ $r->{events} })[0]{content},
            qr/has no output "output"/, '... whose preview leads nowhere');
    } },
    'Data Validation Pipeline' => { script => \@words,
        check => has(validation_report => qr/Kale, of course/) },
    'Image Enhance' => { params => { image => media('image/png', $image) },
        check => has(enhanced => qr{"type":"image"}) },
    'Image To Audio Story' => { script => \@words, check => sub {
        my ($r) = @_;
        like($json->encode([previews($r)]), qr{"content_type":"audio"}, '... its voice');
        like($r->{sent}[0]{body}, qr{data:image/png}, '... of the image');
    } },
    'Meeting Transcript Summarizer' => { needs => ['ffmpeg'],
        script => [{ json => { text => 'We met.' } }, { text => 'They met.' }],
        check => has(summary => qr/^They met\.$/) },
    'Movie Posters' => { script => \@answer,
        check => has(output => qr{"type":"image"}) },
    'Music Video Visualizer' => { needs => ['ffmpeg'], script => \@answer,
        params => { audio_track => media('audio/wav', $sound) },
        check => has(music_video => qr{"type":"video"}) },
    'Product Mockup Generator' => { script => \@answer,
        params => { product_image => media('image/png', $image) },
        check => has(product_mockups => qr{"type":"image"}) },
    'Reddit Scraper' => { script => [research(summary => 'They cook.',
            posts_analyzed => 3, key_issues => ['Slugs'],
            recommendations => ['Soup'])],
        check => has(reddit_research_report => qr/They cook\..*Slugs.*Soup/s) },
    'Research Paper Summarizer' => { script => \@words,
        check => has(paper_summary => qr/Kale, of course/) },
    'Search - Amazon Product Detail' => claude([amazon_product_detail =>
        { product_id => 'B0D5CQDG3C' }]),
    'Search - Google Finance' => claude([google_finance =>
        { query => 'AAPL' }]),
    'Search - Google Flights' => claude([google_flights => { departure_id =>
        'JFK', arrival_id => 'LHR', outbound_date => '2026-05-01',
        return_date => '2026-05-08' }]),
    'Search - Google Hotels' => claude([google_hotels => { query => 'Paris',
        check_in_date => '2026-06-15', check_out_date => '2026-06-20' }]),
    'Search - Google Images' => claude([google_images =>
        { keyword => 'city' }]),
    'Search - Google Lens' => claude([google_lens =>
        { image_url => 'https://images.example/ant.jpg' }]),
    'Search - Google Scholar' => claude([scholar_search =>
        { query => 'transformers' }]),
    'Search - Walmart Products' => claude([walmart_search =>
        { query => 'tv' }], [walmart_product_detail => { product_id => '1' }]),
    'Social Media Calendar Filler' => { script => \@answer,
        check => has(captions_and_hashtags => qr/Kale in sun/) },
    'Summarize Newsletters' => { needs => ['python3'],
        script => [{ text => 'Kale again.' }], check => sub {
        my ($r) = @_;
        is($r->{results}{text}, 'Kale again.', '... its summary');
        like($r->{sent}[0]{body}, qr/Kale is in season/, '... of the mail');
    } },
    'Wikipedia Agent' => { script => [research(article_markdown => '# Kale')],
        check => has(wikipedia_style_article => qr/^# Kale$/) },
    'YouTube Thumbnail Pipeline' => { script => \@answer,
        check => has(thumbnail_variations => qr{"type":"image"}) },
);

# Those that this server cannot run, and the node types that it lacks; the
# README says why.  Who brings one of these types takes its line out.
my %not = ('Audio To Image' =>
        'huggingface.automatic_speech_recognition.Whisper',
    'Realtime Agent' => 'openai.agents.RealtimeAgent');

for my $path (sort glob "\Q$folder\E/*.json") {
    my ($name) = $path =~ m{([^/]+)\.json$};
    if ($not{$name}) {
        my $r = run_example($name, {});
        like($r->{err} . ($r->{error} // ''),
            qr/\Q$not{$name}\E is not available on this server/,
            "$name lacks what the README says");
        next;
    }
    my $example = $examples{$name};
    ok($example, "$name is known here") or next;
    SKIP: {
        my @lacks = grep { !have($_) } @{ $example->{needs} || [] };
        skip "$name: @lacks not installed", 1 if @lacks;
        my $before = $example->{before} && $example->{before}->();
        diag("$name: $before->{err}") if $before && $before->{exit};
        my $r = run_example($name, $example->{params} || {},
            @{ $example->{script} || [] });
        is($r->{status} // $r->{err}, 'completed', $name)
            or diag(explain([@$r{qw(error err)}]));
        is($r->{exit}, 0, '... and the command ends well') or diag($r->{err});
        $example->{check}->($r);
    }
}

# --- one with its bounds -----------------------------------------------------

my $logic = $json->decode($t->read_file("$folder/Conditional Logic Engine.json"));
my $g = NodeTool::Graph->new;

my $low = "\x{1F535} LOW VALUE: %s is less than 50. Standard processing "
    . 'applied.';
my $medium = "\x{1F7E1} MEDIUM VALUE: %s is between 50 and 100. Balanced "
    . 'processing selected.';

for my $case ([75, 'False', 'False', 'False', 'MEDIUM_VALUE', $medium],
              [20, 'False', 'True', 'True', 'EXTREME_VALUE', $low],
              [100, 'False', 'False', 'False', 'MEDIUM_VALUE', $medium]) {
    my ($value, $gt, $lt, $or, $route, $path) = @$case;
    my $r = $g->run($logic->{graph}, params => { value => $value });
    is($r->{status}, 'completed', "it completes with $value")
        or diag(explain($r->{failure}));
    my $text = $r->{results}{decision_result} || '';
    $path = sprintf $path, $value;
    like($text, qr/^\*\*Input Value:\*\* $value$/m, "$value: the value");
    like($text, qr/^- Greater than 100\? $gt$/m, "$value: greater than 100");
    like($text, qr/^- Less than 50\? $lt$/m, "$value: less than 50");
    like($text, qr/^- Combined \(OR\): $or$/m, "$value: combined");
    like($text, qr/^- Route Decision: $route$/m, "$value: route");
    like($text, qr/^\Q$path\E$/m, "$value: path");
    is(scalar(grep { $_->{type} eq 'output_update' } @{ $r->{events} }), 1,
        "$value: one result");
    is(scalar(grep { $_->{type} eq 'node_update'
                     && $_->{status} eq 'completed' } @{ $r->{events} }), 12,
        "$value: each node has run once");
}
like($g->run($logic->{graph}, params => { value => 101 })->{params_error},
    qr/^Parameter "value" expects int from 0 to 100, got 101 \(int\)$/,
    'its bounds are kept');
is($g->run($logic->{graph})->{status}, 'completed', 'it has a default');

$g->done;
$t->done;
