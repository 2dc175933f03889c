package NodeTool::Worker;

# `nodetool worker` and its like, started by the command itself.

use strict;
use warnings;

use Exporter qw(import);
use Time::HiRes qw(time);

use NodeTool::Test;

our @EXPORT = qw(start_server nodetool children curl_lines);

# A PATH with an nginx that can load modules built with the sanitizers, so that
# leaks are still looked for in our own programs.
sub sanitized_nginx {
    my ($t) = @_;

    my $env = NodeTool::Test::nginx_env();
    return if !%$env;
    my $path = $t->write_file('bin/nginx', join '', "#!/bin/sh\n",
        map({ "export $_='$env->{$_}'\n" } sort keys %$env),
        "exec /usr/sbin/nginx \"\$@\"\n");
    chmod 0755, $path;
    return (PATH => $t->dir . "/bin:$ENV{PATH}");
}

# Starts `nodetool COMMAND` on a free port and waits until it says that it is
# ready. Options: home, args, env, host. { port, pid, log, home, output }
sub start_server {
    my ($t, $command, %opt) = @_;

    my $name = $opt{name} || $command;
    my $home = $opt{home} || "$t->{dir}/$name-home";
    my $port = $t->port($name);
    my $log = "$t->{dir}/$name.log";
    unlink $log;

    my $server = $t->spawn($name, ["$NodeTool::Test::BUILD/nodetool",
        $command, '--home', $home, '--port', $port,
        $opt{host} ? ('--host', $opt{host}) : (), @{ $opt{args} || [] }],
        env => { sanitized_nginx($t), %{ $opt{env} || {} } });
    $t->wait_for("$name to be ready", sub {
        die "$name ended:\n" . $t->read_file($log)
            if defined $t->wait_exit($server, 0);
        return $t->read_file($log) =~ /^Ctrl-C stops it/m;
    }, 30);

    $server->{port} = $port;
    $server->{home} = $home;
    $server->{output} = $t->read_file($log);
    push @{ $t->{logs} }, glob "$home/logs/*.log";
    return $server;
}

# Runs `nodetool ARGS` to its end. (status, stdout, stderr)
sub nodetool {
    my ($t, $args, %opt) = @_;

    my ($out, $err) = map { "$t->{dir}/nodetool.$_" } qw(out err);
    $t->write_file('nodetool.in', defined $opt{stdin} ? $opt{stdin} : '');
    my $pid = fork;
    die "fork: $!" if !defined $pid;
    if ($pid == 0) {
        open STDIN, '<', "$t->{dir}/nodetool.in";
        open STDOUT, '>', $out;
        open STDERR, '>', $err;
        $ENV{$_} = $opt{env}{$_} for keys %{ $opt{env} || {} };
        exec "$NodeTool::Test::BUILD/nodetool", @$args
            or POSIX::_exit(127);
    }
    waitpid $pid, 0;
    return ($? & 127 ? "signal $?" : $? >> 8, $t->read_file($out),
            $t->read_file($err));
}

# Processes that a server has started: name => pid.
sub children {
    my ($server) = @_;

    return map { /^\s*(\d+) (\S+)/ ? ($2 => $1) : () }
        `ps -o pid=,comm= --ppid $server->{pid}`;
}

# What the curl lines of the banner answer.
sub curl_lines {
    my ($server, %env) = @_;

    local %ENV = (%ENV, %env);
    return map { scalar `$_` } $server->{output} =~ /^  (curl .*)$/mg;
}

1;
