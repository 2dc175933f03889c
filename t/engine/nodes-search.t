#!/usr/bin/perl

# search.*: what each node asks of SerpApi, and what it makes of the reply.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use NodeTool::Graph qw(graph node);
use NodeTool::MockSerpApi;
use NodeTool::Test;

my $t = NodeTool::Test->new;
my $mock = NodeTool::MockSerpApi->start($t);
local @ENV{qw(SERPAPI_API_KEY SERPAPI_BASE_URL)} = ($mock->key, $mock->url);
my $g = NodeTool::Graph->new;
my %always = (api_key => $mock->key, output => 'json');

# (outputs as a hash, error)
sub search {
    my ($type, $outputs, %data) = @_;

    my $r = $g->run(graph([node(n => "search.$type", %data),
        map { node("o$_" => 'nodetool.output.Output', name => $_) } @$outputs],
        map { "n.$_>o$_.value" } @$outputs));
    return ($r->{results}, $r->{failure}{message}
        // ($r->{errors} && @{ $r->{errors} } ? $r->{errors}[0]{message} : undef));
}

# Type, properties, parameters that are sent, results, a part of the text.
my @lists = (
    ['google.GoogleSearch', { keyword => 'green tea & x', num_results => 1 },
        { engine => 'google_light', q => 'green tea & x', num => 1, hl => 'en',
          gl => 'us' }, 1,
        "[1] Tea\n    https://tea.example/\n    All of tea.\n"],
    ['google.GoogleSearch', { keyword => 'tea' }, { engine => 'google_light',
        q => 'tea', num => 10, hl => 'en', gl => 'us' }, 2,
        "\n[2] Green tea\n    https://green.example/\n    Date: Nov 1, 2026\n"],
    ['google.GoogleNews', { keyword => 'tea', num_results => 1 },
        { engine => 'google_news', q => 'tea', hl => 'en', gl => 'us' }, 1,
        "    Source: Times\n    Date: 11/24/2026"],
    ['google.GoogleJobs', { query => 'taster', location => 'London' },
        { engine => 'google_jobs', q => 'taster', location => 'London',
          hl => 'en', gl => 'us' }, 1,
        "[1] Tea taster\n    Company: Leaf Ltd\n    Location: London\n"
        . "    Via: LinkedIn\n    Details: 3 days ago, Full-time"],
    ['google.GoogleMaps', { query => 'tea' }, { engine => 'google_maps',
        type => 'search', q => 'tea', hl => 'en', gl => 'us' }, 1,
        "    1 Leaf St\n    Rating: 4.5 (120 reviews)\n    Price: \$\$\n"],
    ['google.GoogleShopping', { query => 'kettle' }, { engine =>
        'google_shopping', q => 'kettle', hl => 'en', gl => 'us' }, 1,
        "Price: \$20.00 (was \$25.00)\n    Source: Shop\n    https://g.example/p"],
    ['google.GoogleShopping', { query => 'kettle', country => 'de',
        min_price => 5, max_price => 30, condition => 'used',
        sort_by => 'price_low_to_high' }, { engine => 'google_shopping',
        q => 'kettle', hl => 'en', gl => 'de', tbs =>
        'mr:1,price:1,ppr_min:5,ppr_max:30,p_cond:used,p_ord:p' }, 1, ''],
    ['google_extra.GoogleEvents', { query => 'tea', location => 'Austin' },
        { engine => 'google_events', q => 'tea', location => 'Austin',
          hl => 'en', gl => 'us' }, 1, "    Date: Mon, Nov 30, 7 PM\n"
        . "    Address: Hall, Austin, TX\n"],
    ['google_extra.GoogleFlights', { departure_id => 'JFK', arrival_id => 'LHR',
        outbound_date => '2026-12-01', return_date => '2026-12-09', stops => 1 },
        { engine => 'google_flights', departure_id => 'JFK', arrival_id => 'LHR',
          outbound_date => '2026-12-01', return_date => '2026-12-09', type => 1,
          adults => 1, travel_class => 1, currency => 'USD', stops => 1,
          sort_by => 1, hl => 'en', gl => 'us' }, 2,
        "From: Kennedy (JFK)\n      at 2026-12-01 20:00\n    To: Heathrow (LHR)"],
    ['google_extra.GoogleHotels', { query => 'Paris', check_in_date =>
        '2026-12-01', check_out_date => '2026-12-03', max_price => 1000 },
        { engine => 'google_hotels', q => 'Paris', check_in_date => '2026-12-01',
          check_out_date => '2026-12-03', adults => 2, currency => 'USD',
          max_price => 1000, hl => 'en', gl => 'us' }, 1,
        "    Price: \$900/night\n    Total: \$1,800\n    " . 'y' x 200 . '...'],
    ['google_extra.GooglePatents', { query => 'bag', country => 'US',
        before_date => 'filing:20200101', num_results => 1 }, { engine =>
        'google_patents', q => 'bag', num => 1, country => 'US', before =>
        'filing:20200101' }, 1, "    Patent ID: patent/US1/en\n"],
    ['google_extra.GoogleVideos', { query => 'brew' }, { engine =>
        'google_videos', q => 'brew', hl => 'en', gl => 'us' }, 1,
        "    Duration: 3:12"],
    ['google_extra.GoogleAutocomplete', { query => 'te', language => 'de',
        country => 'at' }, { engine => 'google_autocomplete', q => 'te',
        hl => 'de', gl => 'at' }, 2,
        "[1] tea shop (relevance: 601)\n[2] tea pot"],
    ['google_play.GooglePlaySearch', { query => 'tea' }, { engine =>
        'google_play', q => 'tea', store => 'apps', hl => 'en', gl => 'us' }, 2,
        "[2] Second\n    Rating: 0"],
    ['google_trends_extra.GoogleTrendingNow', {}, { engine =>
        'google_trends_trending_now', geo => 'US', hours => 24, hl => 'en' }, 1,
        "[1] tea day\n    Traffic: 5000+ searches\n    Increase: 300%\n"
        . "    Category: Food and Drink\n    Related: tea, day"],
    ['scholar.GoogleScholar', { query => 'tea', num_results => 100 }, { engine =>
        'google_scholar', q => 'tea', num => 20, hl => 'en' }, 1,
        "[0] On tea\n    A Leaf - 2020\n    Tea.\n    Cited by: 41\n"],
    ['more_engines.GoogleMapsReviews', { data_id => '0x1:0x2', sort_by =>
        'newestFirst', num_results => 1 }, { engine => 'google_maps_reviews',
        data_id => '0x1:0x2', sort_by => 'newestFirst', hl => 'en' }, 1,
        "Place: Tea House | Rating: 4.5\nTotal reviews: 120\n\n[1] Bob - 5/5\n"
        . "    Date: 2026-11-01T00:00:00Z\n"],
    ['amazon.AmazonSearch', { query => 'kettle' }, { engine => 'amazon',
        k => 'kettle', amazon_domain => 'amazon.com' }, 1,
        "    ASIN: B01\n    Price: \$20.00\n    Rating: 4.6 (1000 reviews)\n"
        . '    https://www.amazon.com/dp/B01'],
    ['ebay.EbaySearch', { query => 'pot', condition => 'used', min_price => 1.5,
        max_price => 9 }, { engine => 'ebay', _nkw => 'pot', ebay_domain =>
        'ebay.com', LH_ItemCondition => 3000, _udlo => '1.5', _udhi => '9.0' },
        1, "    Price: \$5.00\n    Condition: Pre-Owned\n"],
    ['walmart.WalmartSearch', { query => 'tea' }, { engine => 'walmart',
        query => 'tea' }, 1, "    Price: \$3.5\n"],
    ['walmart.WalmartSearch', { query => 'tea', sort_by => 'price_low' },
        { engine => 'walmart', query => 'tea', sort => 'price_low' }, 1, ''],
    ['retail.HomeDepotSearch', { query => 'shelf', num_results => 99 },
        { engine => 'home_depot', q => 'shelf', ps => 48 }, 1,
        "    Price: 29.98\n"],
    ['retail.AppleAppStore', { query => 'tea' }, { engine => 'apple_app_store',
        term => 'tea', country => 'us', num => 10 }, 1,
        "    Developer: Leaf\n    Price: Free\n"],
    ['bing.BingSearch', { query => 'tea' }, { engine => 'bing', q => 'tea',
        count => 10 }, 1, "    URL: b.example\n"],
    ['bing.BingNews', { query => 'tea' }, { engine => 'bing_news', q => 'tea',
        count => 10 }, 1, "    Source: BBC\n"],
    ['bing.BingImages', { query => 'tea' }, { engine => 'bing_images',
        q => 'tea', count => 20 }, 1, "    Size: 800x600"],
    ['more_engines.BingVideos', { query => 'tea' }, { engine => 'bing_videos',
        q => 'tea', count => 10 }, 1, "    Duration: 2:00\n"],
    ['more_engines.BingShopping', { query => 'pot' }, { engine =>
        'bing_shopping', q => 'pot' }, 1, "    Seller: S\n"],
    ['duckduckgo.DuckDuckGoSearch', { query => 'tea' }, { engine => 'duckduckgo',
        q => 'tea' }, 1, "    Duck tea.\n"],
    ['extended.DuckDuckGoNews', { query => 'tea' }, { engine =>
        'duckduckgo_news', q => 'tea' }, 1, "    Date: 2 hours ago\n"],
    ['international.BaiduSearch', { query => 'tea', num_results => 60 },
        { engine => 'baidu', q => 'tea', rn => 50 }, 1, '[1] Cha'],
    ['international.NaverSearch', { query => 'tea' }, { engine => 'naver',
        query => 'tea', num => 10 }, 1, '[1] Cha'],
    ['international.YahooSearch', { query => 'tea', num_results => 1 },
        { engine => 'yahoo', p => 'tea' }, 1, '    URL: y.example'],
    ['yelp.YelpSearch', { query => 'tea', location => 'SF' }, { engine => 'yelp',
        find_desc => 'tea', find_loc => 'SF' }, 1, '    Category: Tea Rooms'],
    ['extended.YelpReviews', { place_id => 'x' }, { engine => 'yelp_reviews',
        place_id => 'x' }, 1, "[1] Review by Al\n    Rating: 3/5\n"],
    ['youtube.YouTubeSearch', { query => 'tea' }, { engine => 'youtube',
        search_query => 'tea', hl => 'en', gl => 'us' }, 1,
        "    Channel: Leaf\n    Views: 1234567\n"],
);
for (@lists) {
    my ($type, $data, $sent, $count, $text) = @$_;
    my ($r, $error) = search($type, ['results', 'text'], %$data);
    is($error, undef, $type);
    is_deeply($mock->params, { %$sent, %always }, ' what is asked')
        or diag explain $mock->params;
    is(scalar @{ $r->{results} || [] }, $count, ' results');
    like($r->{text} // '', qr/\Q$text/, ' text') or diag $r->{text};
}

# Type, properties, parameters that are sent, a path into the output, its value.
my @dicts = (
    ['google.GoogleFinance', { query => 'GOOGL:NASDAQ', window => '1M' },
        { engine => 'google_finance', q => 'GOOGL:NASDAQ', window => '1M',
          hl => 'en', gl => 'us' }, [qw(summary stock)], 'GOOGL'],
    ['trends.GoogleTrends', { query => 'tea', geo => 'GB' }, { engine =>
        'google_trends', q => 'tea', geo => 'GB' },
        [qw(search_metadata status)], 'Success'],
    ['extended.GoogleScholarAuthor', { author_id => 'x' }, { engine =>
        'google_scholar_author', author_id => 'x', hl => 'en' },
        [qw(author name)], 'A Leaf'],
    ['amazon.AmazonProduct', { product_id => 'B01' }, { engine =>
        'amazon_product', asin => 'B01', amazon_domain => 'amazon.com' },
        ['title'], 'Kettle'],
    ['ebay.EbayProduct', { product_id => '77' }, { engine => 'ebay_product',
        product_id => '77', ebay_domain => 'ebay.com' }, ['title'], 'Old pot'],
    ['walmart.WalmartProduct', { product_id => '55' }, { engine =>
        'walmart_product', product_id => '55' }, ['title'], 'Tea'],
    ['retail.HomeDepotProduct', { product_id => '1' }, { engine =>
        'home_depot_product', product_id => '1' }, ['title'], 'Shelf'],
    ['extended.YouTubeVideo', { video_id => 'abc' }, { engine => 'youtube_video',
        v => 'abc', hl => 'en', gl => 'us' }, ['related_video_count'], 2],
);
for (@dicts) {
    my ($type, $data, $sent, $path, $want) = @$_;
    my ($r, $error) = search($type, ['output'], %$data);
    is($error, undef, $type);
    is_deeply($mock->params, { %$sent, %always }, ' what is asked')
        or diag explain $mock->params;
    my $value = $r->{output};
    $value = $value->{$_} for @$path;
    is($value, $want, ' output');
}

my ($r) = search('google.GoogleImages', ['output'], keyword => 'cup');
is_deeply([map { $_->{uri} } @{ $r->{output} }], ['https://cups.example/1.jpg',
    'https://cups.example/3.jpg'], 'images as refs');
is($r->{output}[0]{type}, 'image', 'of that type');
($r) = search('google.GoogleImages', ['output'], image_url => 'http://x/y');
is($mock->params->{engine}, 'google_reverse_image', 'by an image');
is($r->{output}[0]{uri}, 'https://t.example/seen', 'what is like it');
($r) = search('google.GoogleLens', ['results', 'images'],
    image_url => 'http://x/y');
is_deeply([map { $_->{uri} } @{ $r->{images} }], ['https://c.example/c.jpg',
    'https://t.example/m'], 'what a lens sees');
($r) = search('bing.BingImages', ['images'], query => 'cup');
is($r->{images}[0]{uri}, 'https://b.example/c.jpg', 'images of Bing');
($r) = search('more_engines.YouTubeTranscript', ['text', 'segments'],
    video_id => 'v');
is($r->{text}, 'Tea is good', 'a transcript');
is(scalar @{ $r->{segments} }, 2, 'and its parts');
($r) = search('google.GoogleSearch', ['results'], keyword => 'tea');
is($r->{results}[1]{thumbnail}, undef, 'inline images are left out');

($r) = search('google.GoogleSearch', ['results', 'text'], keyword => 'nothing');
is_deeply($r, { results => [], text => '' }, 'nothing found');
for (['amazon.AmazonProduct', { product_id => 'nothing' },
        qr/hasn't returned any results/],
     ['google.GoogleSearch', {}, qr/'keyword' must not be empty/],
     ['google.GoogleImages', {}, qr/'keyword' or 'image_url'/],
     ['yelp.YelpSearch', { query => 'x' }, qr/'location' must not be empty/],
     ['google_extra.GoogleFlights', { departure_id => 'A', arrival_id => 'B',
        outbound_date => 'x' }, qr/round trip needs a 'return_date'/],
     ['google.GoogleSearch', { keyword => 'spent' },
        qr/status 429: Your account has run out of searches\.$/],
     ['google.GoogleSearch', { keyword => 'broken' }, qr/failed with status 500$/])
{
    my ($type, $data, $re) = @$_;
    my ($none, $error) = search($type, [], %$data);
    like($error, $re, "$type: $re");
    unlike($error, qr/\Q@{[$mock->key]}/, ' without the key');
}
$g->done;

{
    local $ENV{SERPAPI_API_KEY} = 'wrong';
    $g = NodeTool::Graph->new;
    my ($none, $error) = search('bing.BingSearch', [], query => 'x');
    like($error, qr/status 401: Invalid API key/, 'a wrong key');
    $g->done;
    delete $ENV{SERPAPI_API_KEY};
    $g = NodeTool::Graph->new;
    ($none, $error) = search('bing.BingSearch', [], query => 'x');
    like($error, qr/needs SERPAPI_API_KEY/, 'no key');
    $g->done;
}
$t->done;
