#!/usr/bin/perl

# apify.scraping.* and messaging.*: APIs of others, as they are documented.

use strict;
use warnings;
use utf8;

use lib 't/lib';

use Test::More;

use NodeTool::Graph qw(graph node);
use NodeTool::MockOpenAI;
use NodeTool::Test;

my $t = NodeTool::Test->new;
my $polls = 0;
my $mock = NodeTool::MockOpenAI->start($t, 'apis', sub {
    my ($c, $req) = @_;
    my $path = $req->{path};
    my $auth = $req->{headers}{authorization} // '';

    if ($path =~ m{^/api/v10/channels/(\d+)/messages$}) {
        return $c->json(401, { message => '401: Unauthorized', code => 0 })
            if $auth ne 'Bot good.token';
        return $c->json(404, { message => 'Unknown Channel', code => 10003 })
            if $1 == 404;
        return $c->json(200, { id => '1312345678901234567', channel_id => $1,
            content => $req->{json}{content} });
    }
    if ($path =~ m{^/bot([^/]+)/sendMessage$}) {
        return $c->json(401, { ok => JSON::PP::false, error_code => 401,
            description => 'Unauthorized' }) if $1 ne '12:good';
        return $c->json(400, { ok => JSON::PP::false, error_code => 400,
            description => 'Bad Request: chat not found' })
            if $req->{json}{chat_id} == 404;
        return $c->json(200, { ok => JSON::PP::true, result => { message_id => 7,
            date => 1700000000, chat => { id => $req->{json}{chat_id} } } });
    }

    return $c->json(401, { error => { type => 'token-not-valid',
        message => 'Authentication token is not valid.' } })
        if $auth ne 'Bearer apify key';
    my $run = sub { return { data => { id => $_[0], status => $_[1],
        statusMessage => $_[2], defaultDatasetId => "set-$_[0]" } } };
    return $c->json(201, $run->('slow', 'RUNNING'))
        if $path =~ m{^/v2/acts/apify~web-scraper/runs\?waitForFinish=};
    return $c->json(201, $run->('failed', 'FAILED', 'The page is gone'))
        if $path =~ m{^/v2/acts/apify~linkedin};
    return $c->json(201, $run->('quick', 'SUCCEEDED'))
        if $path =~ m{^/v2/acts/apify~[\w-]+/runs\?waitForFinish=60$};
    return $c->json(200, $run->('slow', $polls++ < 2 ? 'RUNNING' : 'SUCCEEDED'))
        if $path =~ m{^/v2/actor-runs/slow\?waitForFinish=\d+$};
    return $c->json(200, [{ from => $1 }, { n => 2 }])
        if $path =~ m{^/v2/datasets/set-(\w+)/items\?format=json&clean=true$};
    return $c->json(404, { error => { type => 'x', message => 'Not found' } });
});
my $url = "http://127.0.0.1:$mock->{port}";
local @ENV{qw(APIFY_API_TOKEN APIFY_BASE_URL DISCORD_BASE_URL
    TELEGRAM_BASE_URL)} = ('apify key', $url, $url, $url);
my $g = NodeTool::Graph->new;

sub run {
    my ($type, %data) = @_;

    my $r = $g->run(graph([node(n => $type, %data),
        node(o => 'nodetool.output.Output', name => 'o')], 'n.output>o.value'));
    return $r->{failure}{message} // $r->{results}{o};
}

# What was posted last.
sub posted { return (grep { $_->{method} eq 'POST' } $mock->requests)[-1]{json} }

# --- Apify -------------------------------------------------------------------

is_deeply(run('apify.scraping.ApifyWebScraper', start_urls => ['http://a/']),
    [{ from => 'slow' }, { n => 2 }], 'a run that takes its time');
is_deeply(posted(), { startUrls => [{ url => 'http://a/' }], linkSelector =>
    'a[href]', maxPagesPerCrawl => 10, pageFunction => 'async function '
    . 'pageFunction(context) { return context.request.loadedUrl; }' },
    'what it is asked');
my @inputs = (
    [GoogleSearch => { queries => ['tea', 'mate'], results_per_page => 5 },
        { queries => "tea\nmate", countryCode => 'us', languageCode => 'en',
          maxPagesPerQuery => 1, resultsPerPage => 10 }],
    [Instagram => { hashtags => ['tea'], scrape_likes => JSON::PP::true },
        { hashtags => ['tea'], resultsLimit => 50, scrapeComments =>
          JSON::PP::false, scrapeLikes => JSON::PP::true }],
    [Amazon => { search_queries => ['pot'] }, { searchQueries => ['pot'],
        countryCode => 'US', maxItems => 20, scrapeReviews => JSON::PP::false }],
    [YouTube => { search_queries => ['a b'], video_urls => ['https://y/1'] },
        { startUrls => [{ url =>
          'https://www.youtube.com/results?search_query=a%20b' },
          { url => 'https://y/1' }], maxResults => 50,
          scrapeComments => JSON::PP::false }],
    [Twitter => { search_terms => ['#tea'], usernames => ['ada'] },
        { startUrls => ['https://twitter.com/search?q=%23tea',
          'https://twitter.com/ada'], maxItems => 100 }]);
for (@inputs) {
    my ($name, $data, $want) = @$_;
    $name = "Apify${name}Scraper";
    is_deeply(run("apify.scraping.$name", %$data),
        [{ from => 'quick' }, { n => 2 }], $name);
    is_deeply(posted(), $want, ' what it is asked') or diag explain posted();
}
like(run('apify.scraping.ApifyLinkedInScraper', profile_urls => ['x']),
    qr/ended as FAILED: The page is gone/, 'a run that fails');
like(run('apify.scraping.ApifyTwitterScraper'),
    qr/'search_terms' or another list must not be empty/, 'nothing to do');
like(run('apify.scraping.ApifyWebScraper', start_urls => ['x'],
    wait_for_finish => 0), qr/'wait_for_finish' must be from 1/, 'no time');

# --- messages -----------------------------------------------------------------

my $discord = 'messaging.discord.DiscordSendMessage';
is_deeply(run($discord, token => 'good.token', channel_id => '1234', content =>
    'Grüße', embeds => [{ title => 'T' }]),
    { message_id => '1312345678901234567' }, 'Discord');
is_deeply(posted(), { content => 'Grüße', tts => JSON::PP::false,
    embeds => [{ title => 'T' }] }, 'what it gets');
like(run($discord, token => 'bad', channel_id => '1', content => 'x'),
    qr/Discord answered with status 401: 401: Unauthorized/, 'a wrong token');
like(run($discord, token => 'good.token', channel_id => '404', content => 'x'),
    qr/status 404: Unknown Channel/, 'a wrong channel');
like(run($discord, token => 'good.token', channel_id => '../1', content => 'x'),
    qr/'channel_id' must be a number/, 'no channel at all');
like(run($discord, token => "a\r\nX: y", channel_id => '1', content => 'x'),
    qr/'token' must be the token of a bot/, 'no token at all');
like(run($discord, token => 'good.token', channel_id => '1'),
    qr/'content' or 'embeds' must not be empty/, 'nothing to say');

my $telegram = 'messaging.telegram.TelegramSendMessage';
is_deeply(run($telegram, token => '12:good', chat_id => 55, text => 'Hi',
    parse_mode => 'HTML', reply_to_message_id => 3), { message_id => 7,
    date => 1700000000, chat_id => 55 }, 'Telegram');
is_deeply(posted(), { chat_id => 55, text => 'Hi', parse_mode => 'HTML',
    reply_to_message_id => 3, disable_web_page_preview => JSON::PP::false,
    disable_notification => JSON::PP::false }, 'what it gets');
my $error = run($telegram, token => '12:bad', chat_id => 55, text => 'Hi');
like($error, qr/Telegram answered with status 401: Unauthorized/, 'a wrong token');
unlike($error, qr/12:bad/, 'which is not told');
like(run($telegram, token => '12:good', chat_id => 404, text => 'Hi'),
    qr/chat not found/, 'a wrong chat');
like(run($telegram, token => '12:good', chat_id => 55, text => ''),
    qr/'text' must not be empty/, 'nothing to say');
$g->done;

{
    local $ENV{APIFY_API_TOKEN} = '';
    $g = NodeTool::Graph->new;
    like(run('apify.scraping.ApifyWebScraper', start_urls => ['x']),
        qr/has to set APIFY_API_TOKEN/, 'no key');
    $g->done;
}
$t->done;
