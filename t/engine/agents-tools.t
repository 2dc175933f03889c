#!/usr/bin/perl

# Built-in tools of agents: the web, searches, arithmetic; and Claude Code's.

use strict;
use warnings;

use lib 't/lib';

use JSON::PP;
use Test::More;

use NodeTool::Agents;
use NodeTool::Graph qw(graph node);
use NodeTool::MockOpenAI;
use NodeTool::Test;

my $t = NodeTool::Test->new;
my $workspace = "$t->{dir}/workspace";
mkdir $workspace or die $!;

# --- a web, and SerpApi ------------------------------------------------------

my $page = <<'HTML';
<html><head><title>Kale &amp; co</title>
<meta name="description" content="On kale">
<meta property="og:image" content="/kale.png"></head>
<body><script>alert(1)</script><h1>Kale</h1><p>A <a href="/b">cabbage</a> of
the N&ouml;rth.</p></body></html>
HTML

my $web = NodeTool::MockOpenAI->start($t, 'web', sub {
    my ($c, $req) = @_;

    my ($path, $query) = split /\?/, $req->{path};
    return $c->body(200, 'text/html', $page) if $path eq '/page';
    return $c->body(200, 'text/plain; charset=iso-8859-1', "N\xF6rth")
        if $path eq '/latin';
    return $c->body(200, 'application/json', '{"a": 1}') if $path eq '/json';
    return $c->body(200, 'image/png', "\x89PNG\0") if $path eq '/image';
    return $c->body(200, 'text/html', '<p>' . 'word ' x 30000)
        if $path eq '/long';
    return $c->json(404, {}) if $path ne '/search.json';

    my %query = map { /(.*)=(.*)/ } split /&/, $query;
    return $c->json(401, { error => 'Invalid API key.' })
        if $query{api_key} ne 'serp%2Fkey';
    return $c->json(200, { error => 'Google has no results for this.',
        search_metadata => { status => 'Success' } })
        if $query{q} && $query{q} eq 'nothing';
    return $c->json(200, { error => 'Broken.',
        search_metadata => { status => 'Error' } })
        if $query{q} && $query{q} eq 'broken';
    return $c->json(200, { search_metadata => { status => 'Success' },
        search_parameters => \%query,
        organic_results => [map { { position => $_, title => "Result $_",
            thumbnail => 'data:image/png;base64,' . 'A' x 1000 } } 1 .. 20] });
});
my $base = "http://127.0.0.1:$web->{port}";

my %env = (SERPAPI_API_KEY => 'serp/key', SERPAPI_BASE_URL => $base);
my $a = NodeTool::Agents->new($t, env => \%env, allow => 'private');

# Has an agent call tools, each [name, arguments]; their results.
sub call {
    my ($agent, $names, @calls) = @_;

    my $r = $agent->ask('openai', 'nodetool.agents.Agent', { prompt => 'x',
        tools => $names }, run => { workspace => $workspace }, script => [
        { tool_calls => [map { { name => $_->[0], arguments => $_->[1] } }
            @calls] }, { text => 'Done.' }]);
    is($r->{status}, 'completed', "$calls[0][0]: the agent goes on")
        or diag(explain($r->{failure}));
    return map { $_->{result} }
        NodeTool::Agents::events($r, 'tool_result_update');
}

# --- browser -----------------------------------------------------------------

my @r = call($a, ['browser'], map { [browser => { url => "$base/$_" }] }
    qw(page latin json image none));
like($r[0]{content}, qr{^# Kale\n\nA \[cabbage\]\(\Q$base\E/b\) of the N\x{f6}rth},
    'a page as Markdown');
is_deeply($r[0]{metadata}, { title => 'Kale & co', description => 'On kale',
    og => { image => '/kale.png' } }, '... and what it says of itself');
is($r[1]{content}, "N\x{f6}rth", 'a text in its own encoding');
is($r[2]{content}, '{"a": 1}', 'JSON as it is');
like($r[3]{error}, qr{no text to read.*image/png}, 'no picture');
like($r[4]{error}, qr/status 404/, 'no page');
@r = call($a, ['browser'], [browser => {}],
    [browser => { url => 'file:///etc/passwd' }]);
like($r[0]{error}, qr/"url" is required/, 'no URL');
like($r[1]{error}, qr/http/, 'no file');

my $guarded = NodeTool::Agents->new($t, mock => $a->mock);
@r = call($guarded, ['browser'], [browser => { url => "$base/page" }]);
like($r[0]{error}, qr/private network/, 'no address that is not public');
$guarded->done;

# --- download_file -----------------------------------------------------------

@r = call($a, ['download_file'],
    [download_file => { url => "$base/image", output_file => 'a/kale.png' }],
    [download_file => { url => "$base/image", output_file => '../x' }],
    [download_file => { url => "$base/none", output_file => 'none' }]);
is_deeply([@{ $r[0] }{qw(output_file content_type file_size_bytes)}],
    ['a/kale.png', 'image/png', 5], 'a download');
is($t->read_file("$workspace/a/kale.png"), "\x89PNG\0", '... is stored');
like($r[1]{error}, qr/within|relative/, '... within the workspace');
like($r[2]{error}, qr/status 404/, '... if it is there');
ok(!-e "$workspace/none", '... and nothing else is');

# --- searches ----------------------------------------------------------------

@r = call($a, ['google_search'],
    [google_search => { keyword => 'k\x{e4}se & brot', num_results => 3 }],
    [google_search => { keyword => 'nothing' }],
    [google_search => { keyword => 'broken' }], [google_search => {}],
    [google_search => { keyword => 'x', num_results => 1000 }]);
my ($sent) = grep { $_->{path} =~ /search/ } $web->requests;
my %sent = map { /(.*)=(.*)/ } split /&/, (split /\?/, $sent->{path})[1];
is_deeply([@sent{qw(engine q num gl hl)}],
    ['google', 'k%5Cx%7Be4%7Dse%20%26%20brot', 3, 'us', 'en'], 'a search');
is_deeply([map { $_->{title} } @{ $r[0]{results}{organic_results} }],
    ['Result 1', 'Result 2', 'Result 3'], '... with as many results');
ok(!exists $r[0]{results}{organic_results}[0]{thumbnail},
    '... without pictures in base64');
ok(!exists $r[0]{results}{search_metadata}, '... and without the overhead');
is($r[1]{results}{error}, 'Google has no results for this.',
    'a search that finds nothing');
like($r[2]{error}, qr/Broken\./, 'a search that fails');
like($r[3]{error}, qr/"keyword" is required/, 'a search for nothing');
like($r[4]{error}, qr/"num_results" must be an integer from 1 to 100/,
    'too many results');

my %searches = (
    google_news => [{ keyword => 'x' }, 'google_news', q => 'x'],
    google_images => [{ keyword => 'x' }, 'google_images', q => 'x'],
    google_finance => [{ query => 'X:Y', window => '1M' }, 'google_finance',
        q => 'X%3AY', window => '1M'],
    google_jobs => [{ query => 'x', location => 'y' }, 'google_jobs',
        q => 'x', location => 'y'],
    google_lens => [{ image_url => 'u' }, 'google_lens', url => 'u'],
    google_maps => [{ query => 'x' }, 'google_maps', q => 'x',
        type => 'search'],
    google_shopping => [{ query => 'x', country => 'de', min_price => 5 },
        'google_shopping', q => 'x', gl => 'de', min_price => 5]);
for my $tool (sort keys %searches) {
    my ($args, $engine, %want) = @{ $searches{$tool} };
    @r = call($a, [$tool], [$tool => $args]);
    my %got = %{ $r[0]{results} ? {} : {} };
    my ($last) = (grep { $_->{path} =~ /search/ } $web->requests)[-1];
    %got = map { /(.*)=(.*)/ } split /&/, (split /\?/, $last->{path})[1];
    is_deeply({ map { $_ => $got{$_} } 'engine', keys %want },
        { engine => $engine, %want }, "$tool: what SerpApi is asked");
}
@r = call($a, ['google_images'], [google_images => { image_url => 'u' }]);
like((grep { $_->{path} =~ /search/ } $web->requests)[-1]{path},
    qr/engine=google_reverse_image&.*image_url=u/, 'images by an image');

my $wrong = NodeTool::Agents->new($t, mock => $a->mock, allow => 'private',
    env => { %env, SERPAPI_API_KEY => 'wrong' });
@r = call($wrong, ['google_search'], [google_search => { keyword => 'x' }]);
like($r[0]{error}, qr/status 401: Invalid API key\.; check SERPAPI_API_KEY/,
    'a wrong key');
$wrong->done;

# --- arithmetic --------------------------------------------------------------

@r = call($a, [qw(calculator statistics unit_conversion)],
    [calculator => { expression => 'sqrt(2) * 2' }],
    [calculator => { expression => 'x' }],
    [statistics => { data => [4, 1, 1, 10] }],
    [statistics => { data => [5], calculations => ['std_dev', 'max'] }],
    [statistics => { data => [1, 'x'] }], [statistics => { data => [] }],
    [unit_conversion => { value => 10, from_unit => 'Miles',
        to_unit => 'km' }],
    [unit_conversion => { value => -40, from_unit => 'celsius',
        to_unit => 'fahrenheit' }],
    [unit_conversion => { value => 1, from_unit => 'kg', to_unit => 'm' }],
    [unit_conversion => { value => 1, from_unit => 'parsec',
        to_unit => 'm' }]);
cmp_ok(abs($r[0]{result} - 2 * sqrt 2), '<', 1e-12, 'an expression');
like($r[1]{error}, qr/no constant "x"/, '... that is wrong');
is_deeply($r[2]{statistics}, { mean => 4, median => 2.5, mode => 1,
    std_dev => sqrt(18), variance => 18, min => 1, max => 10, sum => 16,
    count => 4 }, 'statistics');
is_deeply($r[3]{statistics}, { std_dev => 0, max => 5 }, '... some of them');
like($r[4]{error}, qr/number 2 is none/, '... of numbers');
like($r[5]{error}, qr/"data" must be a list/, '... at least of one');
is($r[6]{converted_value}, 16.09344, 'miles');
is($r[7]{converted_value}, -40, 'degrees');
like($r[8]{error}, qr/do not measure the same/, 'kilograms are no metres');
like($r[9]{error}, qr/no unit "parsec"/, 'a unit that is not known');

# --- results that are too long -----------------------------------------------

$t->write_file("$workspace/long.txt", "word\n" x 60000);
my $r = $a->ask('openai', 'nodetool.agents.Agent', { prompt => 'x',
    tools => ['read_file'] }, run => { workspace => $workspace }, script => [
    { tool_calls => [{ name => 'read_file', arguments => {
        path => 'long.txt' } }] }, { text => 'Long.' }]);
my ($shown) = NodeTool::Agents::events($r, 'tool_result_update');
is_deeply($shown->{result}, { truncated => JSON::PP::true() },
    'a long result is not in the event');
# 5/6 of its characters take one byte, 1/6 two, in a JSON text in another
is_deeply([map { $_ > 100_000 && $_ < 150_000 } $r->{sent}[1]{length}], [1],
    '... and cut for the model');
$r = $a->ask('openai', 'nodetool.agents.Agent', { prompt => 'x',
    tools => ['browser'] }, script => [{ tool_calls => [{ name => 'browser',
        arguments => { url => "$base/long" } }] }, { text => 'Long.' }]);
is_deeply([map { $_ > 100_000 && $_ < 110_000 } $r->{sent}[1]{length}], [1],
    'a long page is cut, too');

# --- ClaudeAgent -------------------------------------------------------------

sub claude {
    my ($data, @script) = @_;

    return $a->ask('anthropic', 'anthropic.agents.ClaudeAgent', $data,
        outputs => ['text'], collect => ['chunk'],
        run => { workspace => $workspace }, script => \@script);
}

$r = claude({ prompt => 'Work', system_prompt => 'Be Claude.',
    allowed_tools => [qw(Read Write Edit Glob LS)] },
    { text => 'First. ', tool_calls => [
        { name => 'Write', arguments => { file_path => 'src/a.c',
            content => "int a;\nint b;\n" } },
        { name => 'Edit', arguments => { file_path => '/workspace/src/a.c',
            old_string => 'int b', new_string => 'long b' } },
        { name => 'Edit', arguments => { file_path => 'src/a.c',
            old_string => ';', new_string => '' } },
        { name => 'Read', arguments => { file_path => 'src/a.c', offset => 2,
            limit => 1 } },
        { name => 'Glob', arguments => { pattern => '**/*.c' } },
        { name => 'LS', arguments => { path => 'src' } }] },
    { text => 'Second.' });
is($r->{results}{text}, 'First. Second.', 'all that Claude said');
is($t->read_file("$workspace/src/a.c"), "int a;\nlong b;\n",
    'a file is written and edited');
@r = map { $_->{result} } NodeTool::Agents::events($r, 'tool_result_update');
like($r[2]{error}, qr/"src\/a\.c" 2 times/, 'an edit that means two places');
is($r[3]{content}, "long b;\n", 'a line of a file');
is_deeply($r[4]{files}, ['src/a.c'], 'files by their names');
is_deeply($r[5]{contents}{files}, ['src/a.c'], 'files of a folder');

$r = claude({ prompt => 'Work' }, { text => 'Hm.' });
is_deeply([NodeTool::Agents::tools($r->{sent}[0])], ['Read', 'Write'],
    'the tools by default');
like((NodeTool::Agents::events($r, 'log_update', 'n'))[0]{content},
    qr/Bash is left out/, '... are said to lack Bash');
$r = claude({ prompt => 'Work', permission_mode => 'plan' }, { text => 'Hm.' });
is_deeply([NodeTool::Agents::tools($r->{sent}[0])], ['Read'],
    'plan mode changes nothing');
$r = claude({ prompt => 'Work', permission_mode => 'bypassPermissions',
    allowed_tools => [] }, { text => 'Hm.' });
is(scalar(NodeTool::Agents::tools($r->{sent}[0])), 7,
    'all tools without permissions');
$r = claude({ prompt => 'Work', allowed_tools => ['Telepathy'] });
like($r->{failure}{message}, qr/no tool "Telepathy"/,
    'a tool that is not there');
$r = claude({ prompt => ' ' });
like($r->{failure}{message}, qr/'prompt' must say/, 'no prompt');
$r = claude({ prompt => 'Work', max_turns => 2, allowed_tools => ['LS'],
    use_claude_credentials => JSON::PP::true() }, map { { text => 'On. ',
        tool_calls => [{ name => 'LS', arguments => { path => '.' } }] } } 1 .. 3);
is($r->{results}{text}, 'On. On. ', 'max_turns');
is(scalar @{ $r->{sent} }, 2, '... is kept');
is($r->{sent}[0]{headers}{'x-api-key'}, 'key-anthropic',
    "the server's key is used");
like((NodeTool::Agents::events($r, 'log_update', 'n'))[0]{content},
    qr/no login of Claude Code/, '... and that is said');
$r = claude({ prompt => 'x', model => { type => 'language_model', provider =>
    'empty', id => 'claude-x' }, allowed_tools => [] }, { text => 'Hi.' });
is($r->{sent}[0]{dialect}, 'anthropic', 'a model without a provider');

$a->done;
$t->done;
