#!/usr/bin/perl

# /workflows/{id}/run of a three-node text workflow beside proxy_pass to a
# server that does nothing (bench/trivial.c), both on a Unix socket with kept
# connections. One nginx worker.
#
#   NODETOOL_BUILD=build perl bench/workflow.pl

use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/lib", "$Bin/../t/lib";
use Bench;
use NodeTool::Test;
use NodeTool::Workflows;

my $t = NodeTool::Test->new;
my $dir = $t->dir;
my $cc = $ENV{CC} || 'cc';

system($cc, '-O2', '-D_GNU_SOURCE', '-o', "$dir/trivial",
    "$Bin/trivial.c") == 0 or die "cannot compile trivial.c\n";
my $trivial = $t->spawn('trivial', ["$dir/trivial", "$dir/trivial.sock"]);
$t->wait_socket("$dir/trivial.sock", $trivial);

my %engine = map {
    ($_ => $t->engine(name => "engine-$_", store => $_, home => "$dir/home",
        args => ['--log-level', 'warn']))
} 'memory', 'redis';
NodeTool::Workflows::store($t, $engine{memory}, 'greet',
    NodeTool::Workflows::greet());

my $ng = $t->nginx(<<'CONF', modules => [qw(base auth workflow)], http => <<'HTTP');
    location /proxy/ { proxy_pass http://trivial; }
    location /memory/ { rewrite ^/memory(.*) $1 break;
                        nodetool_engine memory; nodetool_workflow; }
    location /redis/ { rewrite ^/redis(.*) $1 break;
                       nodetool_engine redis; nodetool_workflow; }
CONF
    access_log         off;
    keepalive_requests 1000000;
    proxy_http_version 1.1;
    proxy_set_header   Connection "";
    upstream trivial { server unix:%%DIR%%/trivial.sock; keepalive 64;
                       keepalive_requests 1000000; }
    upstream memory { server unix:%%DIR%%/engine-memory.sock; keepalive 64;
                      keepalive_requests 1000000; }
    upstream redis { server unix:%%DIR%%/engine-redis.sock; keepalive 64;
                     keepalive_requests 1000000; }
HTTP

my $script = <<'LUA';
wrk.method = "POST"
wrk.body = '{"params":{"name":"Ada"}}'
wrk.headers["Content-Type"] = "application/json"
LUA

my %target = map {
    ($_ => { url => "http://127.0.0.1:$ng->{port}/$_/workflows/greet/run",
             script => $script })
} 'proxy', 'memory', 'redis';
my @pids = ($ng->{pid}, $trivial->{pid}, $t->{redis}{pid},
    map { $_->{pid} } values %engine);

my $r = Bench::measure(\%target, pids => \@pids);
Bench::compare('run, memory', $r, 'memory', 'proxy', 0.5);
Bench::compare('run, Redis', $r, 'redis', 'proxy', 0.25);

$t->stop_all;

