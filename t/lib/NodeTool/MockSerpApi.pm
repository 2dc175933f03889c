package NodeTool::MockSerpApi;

# SerpApi as its documentation has it (serpapi.com/search-api and the page of
# each engine): GET /search.json, the parameters that an engine knows, and
# replies in its shape.
#
#   my $mock = NodeTool::MockSerpApi->start($t);
#   $ENV{SERPAPI_API_KEY} = $mock->key;
#   $ENV{SERPAPI_BASE_URL} = $mock->url;
#   $mock->params;      # of the last search, as a hash

use strict;
use warnings;

use NodeTool::MockOpenAI;

use parent -norequire, 'NodeTool::MockOpenAI';

my $KEY = 'serpapi-test-key';

sub key { return $KEY }
sub url { return "http://127.0.0.1:$_[0]{port}" }

sub start {
    my ($class, $t) = @_;

    my $self = $class->SUPER::start($t, 'serpapi', \&answer);
    return bless $self, $class;
}

sub params {
    my ($self) = @_;

    return parse(($self->requests)[-1]{path});
}

sub parse {
    my ($path) = @_;

    my ($query) = $path =~ /\?(.*)/;
    return { map { my ($name, $value) = split /=/, $_, 2;
        s/%([0-9A-F]{2})/chr hex $1/ge for $name, $value;
        ($name => $value) } split /&/, $query // '' };
}

# By engine: [parameters that must be there], [others], reply.
my %ENGINES = (
    google_light => [['q'], [qw(num gl hl start location)], {
        search_information => { query_displayed => 'tea' },
        organic_results => [
            { position => 1, title => 'Tea', link => 'https://tea.example/',
              displayed_link => 'https://tea.example', snippet => 'All of tea.' },
            { position => 2, title => 'Green tea', date => 'Nov 1, 2026',
              link => 'https://green.example/', snippet => 'Green.',
              thumbnail => 'data:image/png;base64,AAAA' }],
        related_searches => [{ query => 'coffee' }] }],
    google_news => [['q'], [qw(gl hl)], { news_results => [
        { position => 1, title => 'Tea is up', link => 'https://n.example/1',
          source => { name => 'Times', icon => 'https://n.example/i.png' },
          date => '11/24/2026, 07:00 AM, +0000 UTC' },
        { position => 2, title => 'Tea is down',
          link => 'https://n.example/2' }] }],
    google_images => [['q'], [qw(gl hl ijn)], { images_results => [
        { position => 1, title => 'A cup', source => 'Cups',
          link => 'https://cups.example/', original =>
          'https://cups.example/1.jpg', thumbnail => 'https://t.example/1' },
        { position => 2, title => 'No image' },
        { position => 3, title => 'Another',
          original => 'https://cups.example/3.jpg' }] }],
    google_reverse_image => [['image_url'], [qw(gl hl)], {
        image_results => [{ position => 1, title => 'Seen', link =>
            'https://s.example', thumbnail => 'https://t.example/seen' }] }],
    google_finance => [['q'], [qw(window hl gl)], {
        summary => { title => 'Alphabet Inc Class A', stock => 'GOOGL',
            exchange => 'NASDAQ', price => '$180.00', extracted_price => 180 },
        graph => [{ price => 179.5, currency => 'USD' }] }],
    google_jobs => [['q'], [qw(location gl hl)], { jobs_results => [
        { title => 'Tea taster', company_name => 'Leaf Ltd',
          location => 'London', via => 'LinkedIn',
          extensions => ['3 days ago', 'Full-time'] }] }],
    google_lens => [['url'], ['hl'], { visual_matches => [
        { position => 1, title => 'Cup', link => 'https://c.example',
          source => 'C', thumbnail => 'https://t.example/c',
          image => 'https://c.example/c.jpg' },
        { position => 2, title => 'Mug', thumbnail => 'https://t.example/m' }] }],
    google_maps => [['q'], [qw(type ll gl hl)], { local_results => [
        { position => 1, title => 'Tea House', address => '1 Leaf St',
          rating => 4.5, reviews => 120, price => '$$',
          open_state => 'Open', data_id => '0x1:0x2' }] }],
    google_shopping => [['q'], [qw(gl hl tbs)], { shopping_results => [
        { position => 1, title => 'Kettle', price => '$20.00',
          old_price => '$25.00', source => 'Shop', product_link =>
          'https://g.example/p', rating => 4.1, reviews => 7 }] }],
    google_events => [['q'], [qw(location gl hl htichips)], { events_results => [
        { title => 'Tea fair', date => { start_date => 'Nov 30',
          when => 'Mon, Nov 30, 7 PM' }, address => ['Hall', 'Austin, TX'],
          link => 'https://e.example', description => 'Teas.',
          venue => { name => 'Hall', rating => 4.2 } }] }],
    google_flights => [[qw(departure_id arrival_id outbound_date)],
        [qw(return_date type adults travel_class currency stops sort_by gl hl)], {
        best_flights => [{ price => 500, type => 'Round trip',
            total_duration => 440, carbon_emissions => { this_flight => 300000 },
            flights => [{ departure_airport => { name => 'Kennedy', id => 'JFK',
                time => '2026-12-01 20:00' }, arrival_airport => { name =>
                'Heathrow', id => 'LHR', time => '2026-12-02 08:20' },
                duration => 440, airline => 'BA', flight_number => 'BA 178',
                travel_class => 'Economy' }] }],
        other_flights => [{ price => 400, type => 'Round trip',
            layovers => [{ name => 'Reykjavik', id => 'KEF', duration => 90 }],
            flights => [] }],
        price_insights => { lowest_price => 400,
            typical_price_range => [450, 700] } }],
    google_hotels => [[qw(q check_in_date check_out_date)],
        [qw(adults children currency sort_by min_price max_price hotel_class
            gl hl)], { properties => [
        { type => 'hotel', name => 'Ritz', hotel_class => '5-star hotel',
          overall_rating => 4.8, reviews => 900, description => 'y' x 300,
          rate_per_night => { lowest => '$900' }, total_rate => { lowest =>
          '$1,800' }, check_in_time => '3:00 PM' }] }],
    google_patents => [['q'], [qw(num sort inventor assignee country status
        language before after)], { organic_results => [
        { position => 1, title => 'Tea bag', patent_id => 'patent/US1/en',
          inventor => 'A. Leaf', assignee => 'Leaf', filing_date =>
          '2001-01-01', snippet => 'A bag.',
          patent_link => 'https://p.example/US1' }] }],
    google_videos => [['q'], [qw(location gl hl)], { video_results => [
        { position => 1, title => 'How to brew', link => 'https://v.example',
          displayed_link => 'v.example', duration => '3:12' }] }],
    google_autocomplete => [['q'], [qw(gl hl)], { suggestions => [
        { value => 'tea shop', relevance => 601 }, { value => 'tea pot' }] }],
    google_play => [['q'], [qw(store gl hl)], { organic_results => [
        { title => 'Apps', items => [{ title => 'Tea Timer', product_id =>
          'com.tea', rating => 4.5, author => 'Leaf', link =>
          'https://play.example/tea', description => 'd' x 200 }] },
        { title => 'More', items => [{ title => 'Second', rating => 0 }] }] }],
    google_trends_trending_now => [['geo'], [qw(hours category_id hl)], {
        trending_searches => [{ query => 'tea day', search_volume => 5000,
          increase_percentage => 300, active => JSON::PP::true, categories =>
          [{ id => 5, name => 'Food and Drink' }],
          trend_breakdown => ['tea', 'day'] }] }],
    google_trends => [['q'], [qw(date geo)], { interest_over_time => {
        timeline_data => [{ date => 'Nov 2026', values => [{ query => 'tea',
        value => '90', extracted_value => 90 }] }] } }],
    google_scholar => [['q'], [qw(num hl)], { organic_results => [
        { position => 0, title => 'On tea', link => 'https://s.example/1',
          publication_info => { summary => 'A Leaf - 2020' }, snippet => 'Tea.',
          inline_links => { cited_by => { total => 41 } } }] }],
    google_scholar_author => [['author_id'], ['hl'], {
        author => { name => 'A Leaf' }, articles => [{ title => 'On tea' }],
        cited_by => { table => [] }, other => 1 }],
    google_maps_reviews => [['data_id'], [qw(sort_by hl)], {
        place_info => { title => 'Tea House', rating => 4.5, reviews => 120 },
        reviews => [{ user => { name => 'Bob' }, rating => 5,
          iso_date => '2026-11-01T00:00:00Z', snippet => 'Good.',
          source => 'Google' }, { user => { name => 'Eve' }, rating => 1 }] }],
    amazon => [['k'], [qw(amazon_domain s)], { organic_results => [
        { position => 1, asin => 'B01', title => 'Kettle', price => '$20.00',
          rating => 4.6, reviews => 1000, link_clean =>
          'https://www.amazon.com/dp/B01', link => 'https://www.amazon.com/x' }] }],
    amazon_product => [['asin'], ['amazon_domain'], { product_results => {
        asin => 'B01', title => 'Kettle' }, reviews_information => {} }],
    ebay => [['_nkw'], [qw(ebay_domain LH_ItemCondition _udlo _udhi)], {
        organic_results => [{ title => 'Old pot', product_id => '77', price =>
          { raw => '$5.00', extracted => 5 }, condition => 'Pre-Owned',
          shipping => '+$3.00 shipping', link => 'https://ebay.example/77' }] }],
    ebay_product => [['product_id'], ['ebay_domain'], { product_results => {
        product_id => '77', title => 'Old pot' } }],
    walmart => [['query'], [qw(sort min_price max_price)], { organic_results => [
        { us_item_id => '55', title => 'Tea', rating => 4.2, reviews => 3,
          seller_name => 'Walmart', primary_offer => { offer_price => 3.5 },
          product_page_url => 'https://walmart.example/55' }] }],
    walmart_product => [['product_id'], [], { product_result => {
        us_item_id => '55', title => 'Tea' } }],
    home_depot => [['q'], ['ps'], { products => [{ position => 1, title =>
        'Shelf', brand => 'HDX', price => 29.98, rating => 4.4,
        model_number => 'M1', link => 'https://hd.example/1' }] }],
    home_depot_product => [['product_id'], [], { product_results => {
        product_id => '1', title => 'Shelf' } }],
    apple_app_store => [['term'], [qw(country num)], { organic_results => [
        { position => 1, title => 'Tea', developer => { name => 'Leaf' },
          price => { type => 'Free' }, description => 'Timer.',
          link => 'https://apps.example/1' }] }],
    bing => [['q'], ['count'], { organic_results => [{ position => 1,
        title => 'Tea', link => 'https://b.example', displayed_link =>
        'b.example', snippet => 'Bing tea.' }] }],
    bing_news => [['q'], ['count'], { organic_results => [{ title => 'News',
        link => 'https://b.example/n', source => 'BBC', date => '1h',
        snippet => 'New.' }] }],
    bing_images => [['q'], ['count'], { images_results => [{ position => 1,
        title => 'Cup', original => 'https://b.example/c.jpg', size =>
        '800x600', source => 'https://b.example' }] }],
    bing_videos => [['q'], ['count'], { video_results => [{ position => 1,
        title => 'Brew', link => 'https://b.example/v', channel => 'Ch',
        views => '1K', length => '2:00' }] }],
    bing_shopping => [['q'], [], { shopping_results => [{ title => 'Pot',
        price => '$9', seller => 'S', link => 'https://b.example/s' }] }],
    duckduckgo => [['q'], ['kl'], { organic_results => [{ position => 1,
        title => 'Tea', link => 'https://d.example', displayed_link =>
        'd.example', snippet => 'Duck tea.' }] }],
    duckduckgo_news => [['q'], ['kl'], { news_results => [{ position => 1,
        title => 'Tea news', link => 'https://d.example/n', source => 'D',
        date => '2 hours ago', snippet => 'New.' }] }],
    baidu => [['q'], ['rn'], { organic_results => [{ position => 1, title =>
        'Cha', link => 'https://baidu.example', snippet => 'Tea.' }] }],
    naver => [['query'], ['num'], { web_results => [{ position => 1, title =>
        'Cha', link => 'https://naver.example', snippet => 'Tea.' }] }],
    yahoo => [['p'], [], { organic_results => [{ position => 1, title => 'Tea',
        link => 'https://y.example', displayed_link => 'y.example' },
        { position => 2, title => 'Two' }] }],
    yelp => [[qw(find_desc find_loc)], [], { organic_results => [
        { position => 1, title => 'Tea Bar', rating => 4, reviews => 10,
          price => '$', categories => [{ title => 'Tea Rooms', link => 'x' }],
          link => 'https://yelp.example/1' }] }],
    yelp_reviews => [['place_id'], [], { reviews => [{ position => 1, user =>
        { name => 'Al' }, rating => 3, date => '2026-01-01', comment => { text =>
        'z' x 250, language => 'en' }, tags => ['1 photo'],
        owner_replies => [{ comment => 'Thanks' }] }] }],
    youtube => [['search_query'], [qw(gl hl)], { video_results => [
        { position_on_page => 1, title => 'Tea', link => 'https://yt.example',
          channel => { name => 'Leaf' }, views => 1234567, length => '4:00',
          published_date => '1 year ago' }] }],
    youtube_video => [['v'], [qw(gl hl)], { title => 'Tea', views => '1 view',
        channel => { name => 'Leaf' }, chapters => [], related_videos =>
        [{ title => 'a' }, { title => 'b' }], search_parameters => {} }],
    youtube_video_transcript => [['v'], [qw(language_code)], { transcript => [
        { start_ms => 0, end_ms => 1000, snippet => ' Tea is ' },
        { start_ms => 1000, end_ms => 2000, snippet => "good\n" }] }],
);

sub answer {
    my ($c, $req) = @_;

    my $p = parse($req->{path});
    return $c->json(404, { error => 'Not found.' })
        if $req->{method} ne 'GET' || $req->{path} !~ m{^/search\.json\?};
    return $c->json(401, { error => 'Invalid API key. Your API key should be '
        . 'here: https://serpapi.com/manage-api-key' })
        if ($p->{api_key} // '') ne $KEY;
    my $engine = $ENGINES{$p->{engine} // ''} or return $c->json(400,
        { error => 'Unsupported `' . ($p->{engine} // '') . '` engine.' });

    my ($required, $optional, $reply) = @$engine;
    for my $name (@$required) {
        return $c->json(400, { error => "Missing query `$name` parameter." })
            if !length($p->{$name} // '');
    }
    my %known = map { $_ => 1 } @$required, @$optional, qw(engine api_key output);
    for my $name (sort keys %$p) {
        return $c->json(400, { error => "Unsupported `$name` parameter." })
            if !$known{$name};
    }

    my $query = $p->{$required->[0]};
    my $metadata = { id => '1', status => 'Success', google_url => 'x' };
    return $c->json(200, { search_metadata => $metadata, error =>
        "Google hasn't returned any results for this query." })
        if $query eq 'nothing';
    return $c->json(429, { error => 'Your account has run out of searches.' },
        'Retry-After' => 3600) if $query eq 'spent';
    return $c->body(500, 'text/html', '<h1>Error</h1>', 'Retry-After' => 3600)
        if $query eq 'broken';
    return $c->json(200, { search_metadata => $metadata,
        search_parameters => { engine => $p->{engine} }, %$reply });
}

1;
