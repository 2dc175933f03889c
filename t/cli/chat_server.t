#!/usr/bin/perl

# nodetool chat-server: the chat rows of the API, and nothing of the others.

use strict;
use warnings;

use Test::More;

use lib 't/lib';

use NodeTool::Test;
use NodeTool::Worker;

delete @ENV{qw(AUTH_PROVIDER WORKER_AUTH_TOKEN PORT NODETOOL_HOME)};

# What the other surfaces have.
my @others = map { [split ' '] } split /\n/, <<'ROWS';
GET    /
GET    /ping
GET    /health/ready
GET    /console
GET    /console/
GET    /workflows
GET    /workflows/x
PUT    /workflows/x
DELETE /workflows/x
POST   /workflows/x/run
POST   /workflows/x/run/stream
GET    /jobs
GET    /jobs/x
GET    /jobs/x/events
POST   /jobs/x/cancel
HEAD   /admin/storage/assets/a/b
GET    /admin/storage/assets/a/b
PUT    /admin/storage/temp/a
DELETE /admin/storage/temp/a
HEAD   /storage/assets/a/b
GET    /storage/temp/a
GET    /api/workflows
POST   /api/workflows
GET    /api/workflows/public
GET    /api/workflows/x
PUT    /api/workflows/x
DELETE /api/workflows/x
POST   /api/workflows/x/run
GET    /api/jobs
GET    /api/jobs/x
GET    /api/nodes/metadata
GET    /api/assets
POST   /api/assets
GET    /api/settings
GET    /api/settings/secrets
GET    /api/threads
GET    /api/messages
GET    /api/storage/a
PUT    /api/storage/a
GET    /ws
GET    /predict
GET    /ws/predict
GET    /chat
GET    /ws/chat
GET    /updates
GET    /ws/updates
GET    /terminal
GET    /ws/terminal
ROWS

# The same rows as the API's own table has them: it may have more.
sub rows_of {
    my ($text) = @_;

    my @rows;
    for my $line ($text =~ /^\| (?:worker|editor).*$/mg) {
        my (undef, undef, $paths, $methods) = split / *\| */, $line;
        my @methods = $methods =~ /[A-Z]{3,}/g;
        for my $path ($paths =~ m{`(/[^`]+)`}g) {
            $path =~ s/\{(?:id|key)\}/x/g;
            for my $one ($path =~ /^(.*)\{assets,temp\}(.*)$/
                         ? ("$1assets$2", "$1temp$2") : $path) {
                push @rows, [$_, $one] for @methods ? @methods : 'GET';
            }
        }
    }
    return @rows;
}

my $t = NodeTool::Test->new;
my $api = $t->read_file("$NodeTool::Test::ROOT/../shared/API.md");
SKIP: {
    skip '../shared/API.md is not there', 1 if $api eq '';
    my @rows = rows_of($api);
    cmp_ok(scalar @rows, '>', 25, 'the rows of the API');
    my %known = map { ("@$_" => 1) } @others;
    push @others, grep { !$known{"@$_"}++ } @rows;
}

my $c = start_server($t, 'chat-server', env => { WORKER_AUTH_TOKEN => 'secret' });
my @auth = (Authorization => 'Bearer secret');
my @upgrade = (Upgrade => 'websocket', Connection => 'Upgrade',
    'Sec-WebSocket-Version' => 13,
    'Sec-WebSocket-Key' => 'dGhlIHNhbXBsZSBub25jZQ==');

for my $row (@others) {
    my ($method, $path) = @$row;
    my %body = $method =~ /^(?:PUT|POST)$/ ? (json => {}) : ();

    my $r = $t->request($c, $method, $path, %body, headers => \@auth);
    is($r->{status}, 404, "$method $path");
    is($r->{json}{error}{type}, 'not_found', 'in JSON') if $method ne 'HEAD';
    $r = $t->request($c, $method, $path, %body);
    is($r->{status}, 401, 'after the token was asked for');
    next if $method ne 'GET';
    $r = $t->get($c, $path, headers => [@auth, @upgrade]);
    is($r->{status}, 404, 'also for a WebSocket');
}

# --- the chat rows ---

is($t->get($c, '/health')->{json}{status}, 'healthy', '/health');
for my $row (['GET', '/v1/models'], ['GET', '/v1/models/echo'],
             ['POST', '/v1/chat/completions']) {
    my ($method, $path) = @$row;
    my %body = $method eq 'GET' ? () : (json => { model => 'echo',
        messages => [{ role => 'user', content => 'Hello!' }] });
    is($t->request($c, $method, $path, %body)->{status}, 401,
        "$method $path needs the token");
    is($t->request($c, $method, $path, %body, headers => \@auth)->{status},
        200, 'and answers');
}
is($t->get($c, '/v1/nothing', headers => \@auth)->{status}, 404, '/v1/nothing');

my %kids = children($c);
is_deeply([sort keys %kids], ['nginx'], 'there is nginx, and nothing else');
is($t->stop($c), 0, 'stops');

$t->done;
