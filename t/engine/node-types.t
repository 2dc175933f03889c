#!/usr/bin/perl

# Each node type has the properties, defaults, bounds, outputs and flags that
# NodeTool's has; skipped where the list of these is not at hand.

use strict;
use warnings;

use lib 't/lib';

use JSON::PP;
use Test::More;

use NodeTool::Graph;

my $facts = "$NodeTool::Graph::ROOT/../shared/nodes/node-types.jsonl";
plan skip_all => 'no list of NodeTool\'s node types here' if !-r $facts;

my $g = NodeTool::Graph->new;
my %have = map { $_->{node_type} => $_ }
    grep { $_->{node_type} !~ /^test\./ }
    @{ $g->ask({ metadata => 1 })->{metadata} };
$g->done;

my $json = JSON::PP->new->utf8->canonical->allow_nonref;
my %want;
open my $fh, '<', $facts or die $!;
while (my $line = <$fh>) {
    my $type = $json->decode($line);
    $want{$type->{node_type}} = $type;
}

# What a type's metadata says of itself, in one form.
sub type_text {
    my ($type) = @_;

    my $text = $type->{type};
    my @args = @{ $type->{type_args} || [] };
    $text .= '[' . join(',', map { type_text($_) } @args) . ']' if @args;
    $text .= '(' . join(',', @{ $type->{values} }) . ')' if $type->{values};
    return $text;
}

sub number { return defined $_[0] ? $_[0] + 0 : 'none' }

# NodeTool's description calls lists required whose default is an empty one.
my $lists = qr/^apify\.|^messaging\.discord\./;

sub description {
    my ($type) = @_;

    return {
        title => $type->{title},
        properties => [map { {
            name => $_->{name}, type => type_text($_->{type}),
            default => $json->encode($_->{default}),
            min => number($_->{min}), max => number($_->{max}),
            required => $_->{required} && $type->{node_type} !~ $lists
                ? 1 : 0,
        } } @{ $type->{properties} }],
        outputs => [map { "$_->{name}: " . type_text($_->{type}) }
                    @{ $type->{outputs} }],
        map { $_ => $type->{$_} ? 1 : 0 }
            qw(is_dynamic is_streaming_output supports_dynamic_outputs),
    };
}

for my $name (sort keys %have) {
    if (!$want{$name}) {
        like($name, qr/^nodetool\.workflows\.(base|workflow)_node\./,
            "$name is the editor's");
        next;
    }
    is_deeply(description($have{$name}), description($want{$name}), $name);
}

# The namespaces that are complete, but for these.
my %later;

# An abstract type that always fails.
$later{'lib.numpy.utils.BinaryOperation'} = 1;
my $image_pack = -e "$NodeTool::Graph::BUILD/packs/image.so";
if (!$image_pack) {
    $later{"lib.numpy.conversion.$_"} = 1 for qw(ConvertToArray ConvertToImage);
}
my @image = !$image_pack ? ()
    : qw(nodetool.image lib.pillow.__init__ lib.pillow.color_grading
         lib.pillow.draw lib.pillow.enhance lib.pillow.filter lib.grid lib.svg);

# These drive a browser.
$later{"lib.browser.$_"} = 1 for qw(Browser BrowserNavigation BrowserUse
    Screenshot SpiderCrawl);

# The embedding models that there are take texts only.
$later{"vector.chroma.$_"} = 1 for qw(IndexImage QueryImage);

# A trigger waits for events as long as a job lasts, and a worker's ends.
$later{$_} = 1 for qw(messaging.discord.DiscordBotTrigger
                      messaging.telegram.TelegramBotTrigger);

my @search = map { "search.$_" } qw(amazon bing duckduckgo ebay extended google
    google_extra google_play google_trends_extra international more_engines
    retail scholar trends walmart yelp youtube);

for my $namespace (@image, @search, qw(kie.audio kie.image kie.video
                      openai.text openai.audio openai.image gemini.text
                      gemini.audio gemini.image gemini.video mistral.text
                      mistral.vision mistral.embeddings
                      nodetool.agents nodetool.generators anthropic.agents
                      apify.scraping lib.http lib.mail messaging.discord messaging.telegram lib.rss lib.supabase lib.sqlite nodetool.document lib.markdown
                      lib.beautifulsoup
                      nodetool.input nodetool.output nodetool.constant
                      nodetool.control nodetool.boolean nodetool.text
                      nodetool.list nodetool.dictionary nodetool.numbers
                      lib.math lib.secret lib.json lib.uuid lib.date nodetool.data
                      nodetool.code nodetool.audio
                      nodetool.video lib.pandoc nodetool.workspace lib.os nodetool.compare
                      lib.numpy.arithmetic lib.numpy.conversion lib.numpy.io
                      lib.numpy.manipulation lib.numpy.math
                      lib.numpy.reshaping lib.numpy.statistics
                      lib.numpy.utils vector.faiss vector.chroma lib.pymupdf
                      lib.pdfplumber lib.excel lib.docx lib.browser)) {
    my @missing = grep { /^\Q$namespace\E\.\w+$/ && !$have{$_}
                         && !$later{$_} } sort keys %want;
    is_deeply(\@missing, [], "$namespace.* is complete");
}

done_testing();
