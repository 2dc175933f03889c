package NodeTool::Test;

# The test harness: starts nginx, the engine, Redis and mock providers on free
# ports and sockets under a temporary folder, and stops them.
#
#   use lib 't/lib';
#   use NodeTool::Test;
#
#   my $t  = NodeTool::Test->new;
#   my $ng = $t->nginx('location = /ping { nodetool_health; }');
#   my $r  = $t->get($ng, '/ping');
#   is($r->{status}, 200);
#   $t->done;              # checks the error logs, then done_testing
#
# In configurations %%DIR%% is the temporary folder, %%PORT%% the server's
# port, %%PORT_x%% a free port of that name, %%ENGINE%% the engine's socket.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(make_path);
use File::Temp;
use IO::Socket::INET;
use IO::Socket::UNIX;
use JSON::PP ();
use POSIX qw(:sys_wait_h);
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use Test::More ();
use Time::HiRes qw(sleep time);

use NodeTool::Files;
use NodeTool::HTTP;

our $ROOT = abs_path(dirname(__FILE__) . '/../../..');
our $BUILD = $ENV{NODETOOL_BUILD} || "$ROOT/build";
our @MODULES = qw(base auth chat workflow storage);

# An nginx that has the modules in it is tested in place of Debian's.
our $NGINX = $ENV{NODETOOL_NGINX} || '/usr/sbin/nginx';

# What the leak sanitizer need not say of libraries.
$ENV{LSAN_OPTIONS} = join ':', $ENV{LSAN_OPTIONS} || (),
    "suppressions=$ROOT/t/lib/lsan.supp", 'print_suppressions=0';

my $JSON = JSON::PP->new->utf8->canonical->allow_nonref;

sub new {
    my ($class) = @_;

    my $dir = File::Temp->newdir('nodetool-test-XXXXXX', TMPDIR => 1);
    chmod 0755, "$dir";
    return bless { tmp => $dir, dir => "$dir", children => [], ports => {},
                   logs => [], expected => [], owner => $$ }, $class;
}

sub dir { return $_[0]{dir} }

sub encode { return $JSON->encode($_[1]) }

sub decode { return $JSON->decode($_[1]) }

# --- files and ports ---------------------------------------------------------

sub write_file {
    my ($t, $name, $content) = @_;

    my $path = $name =~ m{^/} ? $name : "$t->{dir}/$name";
    make_path(dirname($path));
    spew($path, $content);
    return $path;
}

sub read_file {
    my ($t, $name) = @_;

    my $content = slurp($name =~ m{^/} ? $name : "$t->{dir}/$name");
    return defined $content ? $content : '';
}

sub port {
    my ($t, $name) = @_;

    return $t->{ports}{$name} if defined $name && $t->{ports}{$name};
    my $sock = IO::Socket::INET->new(
        Listen => 1, LocalAddr => '127.0.0.1', LocalPort => 0)
        or die "no free port: $!";
    my $port = $sock->sockport;
    $t->{ports}{$name} = $port if defined $name;
    return $port;
}

sub expand {
    my ($t, $text) = @_;

    $text =~ s/%%DIR%%/$t->{dir}/g;
    $text =~ s/%%ROOT%%/$ROOT/g;
    $text =~ s/%%ENGINE%%/$t->{engine}{socket}/g if $t->{engine};
    $text =~ s/%%PORT_(\w+)%%/$t->port($1)/ge;
    $text =~ s/^load_module .*//mg if $ENV{NODETOOL_NGINX};
    return $text;
}

# --- processes ---------------------------------------------------------------

# Starts a program; stdout and stderr go to DIR/NAME.log. Returns
# { name, pid, log }.
sub spawn {
    my ($t, $name, $argv, %opt) = @_;

    my $log = "$t->{dir}/$name.log";
    my $pid = fork;
    die "fork: $!" if !defined $pid;

    if ($pid == 0) {
        setpgrp(0, 0) if $opt{group};
        open STDIN, '<', '/dev/null';
        open STDOUT, '>>', $log;
        open STDERR, '>&', \*STDOUT;
        $ENV{$_} = $opt{env}{$_} for keys %{ $opt{env} || {} };
        exec { $argv->[0] } @$argv or POSIX::_exit(127);
    }

    my $child = { name => $name, pid => $pid, log => $log, group => $opt{group} };
    push @{ $t->{children} }, $child;
    push @{ $t->{logs} }, $log;
    return $child;
}

# Ends a child; returns its wait status, undef when it had to be killed.
sub stop {
    my ($t, $child, $signal, $timeout) = @_;

    return $child->{status} if !$child->{pid};
    kill $signal || 'TERM', $child->{pid};
    my $status = $t->wait_exit($child, $timeout || 15);
    if (!defined $status) {
        Test::More::diag("$child->{name} did not stop, killed");
        kill 'KILL', $child->{group} ? -$child->{pid} : $child->{pid};
        waitpid $child->{pid}, 0;
        $child->{pid} = 0;
    }
    return $status;
}

sub wait_exit {
    my ($t, $child, $timeout) = @_;

    my $until = time + $timeout;
    while ($child->{pid}) {
        if (waitpid($child->{pid}, WNOHANG) == $child->{pid}) {
            $child->{status} = $?;
            $child->{pid} = 0;
            last;
        }
        return if time >= $until;
        sleep 0.01;
    }
    return $child->{status};
}

# Calls $code until it is true; dies with $what after $timeout seconds.
sub wait_for {
    my ($t, $what, $code, $timeout) = @_;

    my $until = time + ($timeout || 15);
    while (1) {
        my $result = $code->();
        return $result if $result;
        last if time > $until;
        sleep 0.01;
    }
    die "timed out waiting for $what\n";
}

sub wait_port {
    my ($t, $port, $child) = @_;

    $t->wait_for("port $port", sub {
        die "$child->{name} ended:\n" . $t->read_file($child->{log})
            if $child && defined $t->wait_exit($child, 0);
        return IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port");
    });
    return;
}

sub wait_socket {
    my ($t, $path, $child) = @_;

    $t->wait_for("socket $path", sub {
        die "$child->{name} ended:\n" . $t->read_file($child->{log})
            if $child && defined $t->wait_exit($child, 0);
        return IO::Socket::UNIX->new(Peer => $path);
    });
    return;
}

# --- servers -----------------------------------------------------------------

# A private Redis. { socket, url, pid, args }
sub redis {
    my ($t, %opt) = @_;

    my $name = $opt{name} || 'redis';
    my $socket = "$t->{dir}/$name.sock";
    my $redis = $t->spawn($name, ['/usr/bin/redis-server', '--port', '0',
        '--unixsocket', $socket, '--dir', $t->{dir}, '--appendonly',
        $opt{appendonly} || 'no', '--save', '', @{ $opt{args} || [] }]);
    $t->wait_socket($socket, $redis);
    $redis->{socket} = $socket;
    $redis->{url} = "unix://$socket";
    return $t->{redis} = $redis;
}

# An engine; options: store ('memory' by default; 'redis' starts or uses
# $t->redis), home, name, args. { socket, home, pid }
sub engine {
    my ($t, %opt) = @_;

    my $name = $opt{name} || 'engine';
    my $home = $opt{home} || "$t->{dir}/home";
    my $socket = "$t->{dir}/$name.sock";
    make_path("$home/workflows");

    my @store = ('--store', 'memory');
    if (($opt{store} || 'memory') eq 'redis') {
        @store = ('--redis', ($t->{redis} || $t->redis)->{url});
    }
    my $engine = $t->spawn($name, ["$BUILD/nodetool-engine", '--socket',
        $socket, '--home', $home, @store, @{ $opt{args} || [] }],
        env => $opt{env});
    $t->wait_socket($socket, $engine);
    $engine->{socket} = $socket;
    $engine->{home} = $home;
    $t->{engine} ||= $engine;
    return $engine;
}

# One request on the engine's socket: the head as a hash (length is set), the
# body as bytes. Returns the reply's head, with {body} for a whole reply or
# one in chunks, and {events} => [[seq, object], ...] for a stream read to its end.
sub wire {
    my ($t, $engine, $head, $body) = @_;

    my $sock = IO::Socket::UNIX->new(Peer => $engine->{socket})
        or die "engine: $!";
    my %head = (user => '1', %$head);
    $head{length} = length $body if defined $body;
    print {$sock} $JSON->encode(\%head), "\n", defined $body ? $body : '';
    $sock->flush;

    my $line = readline $sock;
    die "engine closed the connection\n" if !defined $line;
    my $reply = $JSON->decode($line);
    if ($reply->{events}) {
        my @events;
        while (defined(my $event = readline $sock)) {
            last if $event eq "\n";
            my ($seq, $json) = $event =~ /^(\d+) (.*)\n\z/s
                or die "bad event line: $event";
            push @events, [$seq, $JSON->decode($json)];
        }
        $reply->{events} = \@events;
    } elsif ($reply->{chunked}) {
        $reply->{body} = read_chunks($sock);
    } elsif ($reply->{length}) {
        read $sock, $reply->{body}, $reply->{length};
        $reply->{json} = eval { $JSON->decode($reply->{body}) };
    }
    return $reply;
}

# A body in chunks (RFC 9112, 7.1); undef when its end is missing.
sub read_chunks {
    my ($sock) = @_;

    my $body = '';
    while (defined(my $size = readline $sock)) {
        my $n = hex $size =~ s/\r\n\z//r;
        (read $sock, my $data, $n + 2) // return;
        return $body if $n == 0;
        $body .= substr $data, 0, $n;
    }
    return;
}

# What nginx needs to load modules that were built with the sanitizers. Leaks
# are not looked for in it: its pools end with the process. Each module has a
# global ngx_module_order of its own.
sub nginx_env {
    return {} if !$ENV{NODETOOL_SAN};
    chomp(my $library = `gcc -print-file-name=libasan.so`);
    return { LD_PRELOAD => abs_path($library),
             ASAN_OPTIONS => join ':', 'detect_leaks=0:detect_odr_violation=0',
                 $ENV{ASAN_OPTIONS} || () };
}

# nginx with our modules. $server is the inside of a server block; options:
# http and main (text for these levels), modules (names), listen, workers,
# connections (a worker's), shutdown (a worker's time-out), args, name.
# { port, pid, conf, errorlog, dir }
sub nginx {
    my ($t, $server, %opt) = @_;

    my $name = $opt{name} || 'nginx';
    my $port = $t->port($name);
    my $listen = $opt{listen} || "127.0.0.1:$port";
    my $workers = $opt{workers} || 1;
    my $user = $> == 0 ? 'user root;' : '';
    my $modules = join '', map {
        "load_module $BUILD/nginx/objs/ngx_http_nodetool_${_}_module.so;\n"
    } @{ $opt{modules} || \@MODULES };

    my $conf = $t->expand(<<"CONF" =~ s/%%PORT%%/$port/gr);
$modules
$user
daemon off;
worker_processes $workers;
error_log $t->{dir}/$name-error.log info;
pid $t->{dir}/$name.pid;
worker_shutdown_timeout @{[ $opt{shutdown} || '10s' ]};
@{[ $opt{main} || '' ]}
events { worker_connections @{[ $opt{connections} || 2048 ]}; }
http {
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    access_log $t->{dir}/$name-access.log;
    client_body_temp_path $t->{dir}/$name-body;
    proxy_temp_path $t->{dir}/$name-proxy;
    fastcgi_temp_path $t->{dir}/$name-fastcgi;
    uwsgi_temp_path $t->{dir}/$name-uwsgi;
    scgi_temp_path $t->{dir}/$name-scgi;
    @{[ $opt{http} || '' ]}
    server {
        listen $listen;
        $server
    }
}
CONF
    return $t->nginx_conf($conf, %opt, name => $name, port => $port);
}

# nginx with a whole configuration text.
sub nginx_conf {
    my ($t, $conf, %opt) = @_;

    my $name = $opt{name} || 'nginx';
    my $path = $t->write_file("$name.conf", $t->expand($conf));
    my $child = $t->spawn($name, [$NGINX, '-c', $path, '-p',
        "$t->{dir}/", '-e', "$t->{dir}/$name-error.log",
        @{ $opt{args} || [] }], env => { %{ nginx_env() }, %{ $opt{env} || {} } });
    @$child{qw(port conf errorlog)} =
        ($opt{port}, $path, "$t->{dir}/$name-error.log");
    push @{ $t->{logs} }, $child->{errorlog};
    $t->wait_port($opt{port}, $child) if $opt{port};
    return $child;
}

# Makes a server read its configuration again; waits until its old workers
# have gone.
sub reload {
    my ($t, $ng) = @_;

    my @old = split ' ', `pgrep -P $ng->{pid}`;
    kill 'HUP', $ng->{pid};
    $t->wait_for('new workers', sub {
        my %new = map { $_ => 1 } split ' ', `pgrep -P $ng->{pid}`;
        return %new && !grep { $new{$_} } @old;
    });
    return;
}

# The output and exit status of `nginx -t` on a server block.
sub nginx_check {
    my ($t, $server, %opt) = @_;

    my $modules = join '', map {
        "load_module $BUILD/nginx/objs/ngx_http_nodetool_${_}_module.so;\n"
    } @{ $opt{modules} || \@MODULES };
    my $path = $t->write_file('check.conf', $t->expand(<<"CONF"));
$modules
error_log stderr;
pid $t->{dir}/check.pid;
@{[ $opt{main} || '' ]}
events { }
http {
    access_log off;
    @{[ $opt{http} || '' ]}
    server { listen 127.0.0.1:1; $server }
}
CONF
    local %ENV = (%ENV, %{ nginx_env() });
    my $output = `$NGINX -t -c $path -p $t->{dir}/ -e stderr 2>&1`;
    return ($? >> 8, $output);
}

# A mock written in Perl: $handler->($socket) is called in a process of its
# own for each connection. { port, pid }
sub mock {
    my ($t, $name, $handler) = @_;

    my $listener = IO::Socket::INET->new(Listen => 128, ReuseAddr => 1,
        LocalAddr => '127.0.0.1', LocalPort => $t->port($name))
        or die "mock $name: $!";
    my $pid = fork;
    die "fork: $!" if !defined $pid;
    if ($pid == 0) {
        local $SIG{CHLD} = 'IGNORE';
        local $SIG{TERM} = sub { POSIX::_exit(0) };
        while (1) {
            my $sock = $listener->accept or next;
            my $child = fork;
            if (defined $child && $child == 0) {
                local $SIG{PIPE} = 'IGNORE';
                setsockopt $sock, IPPROTO_TCP, TCP_NODELAY, 1;
                eval { $handler->($sock); 1 }
                    or print STDERR "mock $name: $@";
                close $sock;
                POSIX::_exit(0);
            }
        }
    }
    my $child = { name => $name, pid => $pid, port => $t->port($name),
                  log => "$t->{dir}/$name.log" };
    push @{ $t->{children} }, $child;
    return $child;
}

# --- HTTP --------------------------------------------------------------------

sub get { my ($t, $to, $path, %o) = @_; return $t->request($to, 'GET', $path, %o) }

# One request; $to is a port or a server of this harness. Options: headers
# [name, value, ...], body, json (encoded, with its content type), timeout.
# { status, headers (lower-case names, joined), body, json }
sub request {
    my ($t, $to, $method, $path, %opt) = @_;

    my $stream = $t->open_request($to, $method, $path, %opt);
    return $stream->response;
}

# The same, not read yet: a NodeTool::HTTP, to read as a stream.
sub open_request {
    my ($t, $to, $method, $path, %opt) = @_;

    my $port = ref $to ? $to->{port} : $to;
    my @headers = @{ $opt{headers} || [] };
    my $body = $opt{body};
    if (exists $opt{json}) {
        $body = $JSON->encode($opt{json});
        push @headers, 'Content-Type', 'application/json';
    }
    return NodeTool::HTTP->open($port, $method, $path, headers => \@headers,
        body => $body, timeout => $opt{timeout});
}

# --- the end -----------------------------------------------------------------

# A pattern of error-log lines that this test provokes.
sub expect_log { my ($t, $re) = @_; push @{ $t->{expected} }, $re; return }

sub check_logs {
    my ($t) = @_;

    my %seen;
    for my $log (grep { !$seen{$_}++ } @{ $t->{logs} }) {
        my @bad = grep {
            my $line = $_;
            $line =~ /\[(?:alert|crit|emerg)\]|runtime error:|Sanitizer/
                && !grep { $line =~ $_ } @{ $t->{expected} }
        } split /\n/, $t->read_file($log);
        Test::More::is(join("\n", @bad), '',
            'nothing bad in ' . ($log =~ s{.*/}{}r));
    }
    return;
}

sub stop_all {
    my ($t) = @_;

    return if $t->{owner} != $$;
    for my $child (reverse @{ $t->{children} }) {
        $t->stop($child, $child->{name} =~ /^nginx/ ? 'QUIT' : 'TERM');
    }
    return;
}

sub done {
    my ($t) = @_;

    $t->stop_all;
    $t->check_logs;
    Test::More::done_testing();
    return;
}

sub DESTROY {
    my ($t) = @_;

    local ($@, $?, $!);
    $t->stop_all;
    return;
}

1;
