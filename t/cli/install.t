#!/usr/bin/perl

# make install and uninstall, into a folder of our own.

use strict;
use warnings;

use File::Find;
use Test::More;

use lib 't/lib';

use NodeTool::Test;

my $t = NodeTool::Test->new;
my $root = $t->dir . '/root';
my $build = $NodeTool::Test::BUILD;

# what was built is installed as it is: a test must not build
sub make {
    my ($target) = @_;

    local $ENV{MAKEFLAGS} = '';
    return system("cd '$NodeTool::Test::ROOT' && make -s $target BUILD='$build'"
        . " SAN=@{[ $ENV{NODETOOL_SAN} ? 1 : '' ]}"
        . " DESTDIR='$root' PREFIX=/opt/nodetool > '$t->{dir}/make.log' 2>&1");
}

is(make('install'), 0, 'make install') or diag($t->read_file('make.log'));

my @files;
find({ no_chdir => 1, wanted => sub {
    push @files, s/^\Q$root\E//r if -f $_;
} }, $root);

my $modules = '/usr/lib/nginx/modules';
is_deeply([sort @files], [sort
    '/opt/nodetool/bin/nodetool', '/opt/nodetool/bin/nodetool-engine',
    '/opt/nodetool/lib/systemd/system/nodetool.service',
    map({ '/opt/nodetool/lib/nodetool' . s/^\Q$build\E//r }
        glob("$build/packs/*.so")),
    map({ s{^\Q$NodeTool::Test::ROOT\E/}{/opt/nodetool/share/nodetool/}r }
        glob("$NodeTool::Test::ROOT/conf/*.conf"),
        glob("$NodeTool::Test::ROOT/examples/*.json"),
        map({ chomp; $_ } `find '$NodeTool::Test::ROOT/console' -type f 2>/dev/null`)),
    map({ "$modules/ngx_http_nodetool_${_}_module.so" }
        @NodeTool::Test::MODULES),
    '/usr/share/nginx/modules-available/mod-http-nodetool.conf'],
    'the files of an installation');

like($t->read_file("$root/opt/nodetool/lib/systemd/system/nodetool.service"),
     qr{^ExecStart=/opt/nodetool/bin/nodetool worker$}m,
     'the unit starts the installed command');
like(scalar `$root/opt/nodetool/bin/nodetool --version`, qr/^nodetool \d/,
     'the installed command runs');

# the configuration loads all modules, whatever their order
for my $order (0, 1) {
    my @load = split /^/, $t->read_file(
        "$root/usr/share/nginx/modules-available/mod-http-nodetool.conf");
    @load = reverse @load if $order;
    my $conf = $t->write_file('nginx.conf', join '',
        map({ s{modules/}{$root$modules/}r } @load),
        "error_log stderr;\npid $t->{dir}/nginx.pid;\nevents { }\n",
        "http { access_log off; server { listen 127.0.0.1:1; } }\n");
    local %ENV = (%ENV, %{ NodeTool::Test::nginx_env() });
    my $output = `/usr/sbin/nginx -t -c $conf -e stderr 2>&1`;
    is($?, 0, 'nginx loads the modules' . ($order ? ' backwards' : ''))
        or diag($output);
}

is(make('uninstall'), 0, 'make uninstall');
@files = ();
find({ no_chdir => 1, wanted => sub { push @files, $_ if -f $_ } }, $root);
is_deeply(\@files, [], 'leaves nothing');

$t->done;
