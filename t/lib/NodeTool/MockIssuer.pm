package NodeTool::MockIssuer;

# An issuer of tokens, with the wire formats of Supabase's auth server and of
# OpenID Connect's discovery, that can be told to misbehave.
#
#   my $issuer = NodeTool::MockIssuer->start($t, 'issuer');
#   $issuer->set(keys => [$key->jwk], users => { $token => { id => ... } });
#   $issuer->set(jwks => 'slow', delay => 3);
#   $issuer->count('jwks');        # requests for keys so far
#
# Answers of jwks, discovery and user: 'ok', a status, 'slow' (after {delay}
# seconds), 'hang' (until the other side closes), 'garbage', 'huge',
# 'truncated', 'chunked', 'dribble' (a byte a second), 'close' (no answer), or
# a hash { status, type, body, headers }.

use strict;
use warnings;

use JSON::PP ();
use Time::HiRes qw(sleep);

use NodeTool::MockOpenAI;

my $JSON = JSON::PP->new->utf8->canonical->allow_nonref;

my %DEFAULT = (jwks => 'ok', discovery => 'ok', user => 'ok', delay => 1,
    keys => [], users => {}, apikey => undef);

sub start {
    my ($class, $t, $name) = @_;

    my $self = bless { test => $t, name => $name,
        file => "$t->{dir}/$name-state.json", state => { %DEFAULT } }, $class;
    $self->set;
    $self->up;
    return $self;
}

# The listening process; after down() connections are refused.
sub up {
    my ($self) = @_;

    my $file = $self->{file};
    my $port = $self->{test}->port($self->{name});
    $self->{mock} = NodeTool::MockOpenAI->start($self->{test}, $self->{name},
        sub {
            my ($c, $req) = @_;
            my $state = $JSON->decode($self->{test}->read_file($file));
            answer($c, $req, $state, "http://127.0.0.1:$port");
        });
    $self->{port} = $self->{mock}{port};
    return;
}

sub down {
    my ($self) = @_;

    # the mock is a copy of what the harness stops
    my ($child) = grep { $_->{pid} == $self->{mock}{pid} }
        @{ $self->{test}{children} };
    $self->{test}->stop($child) if $child;
    return;
}

sub set {
    my ($self, %state) = @_;

    $self->{state} = { %{ $self->{state} }, %state };
    # whole at any time
    $self->{test}->write_file("$self->{file}.new", $JSON->encode($self->{state}));
    rename "$self->{file}.new", $self->{file} or die "$self->{file}: $!";
    return;
}

sub url { my ($self) = @_; return "http://127.0.0.1:$self->{port}" }

my %PATHS = (jwks => qr{jwks}, discovery => qr{openid-configuration},
    user => qr{/user});

sub requests {
    my ($self, $what) = @_;

    return grep { $_->{path} =~ $PATHS{$what} } $self->{mock}->requests;
}

sub count { my ($self, $what) = @_; return scalar $self->requests($what) }

sub answer {
    my ($c, $req, $state, $url) = @_;

    my ($what) = grep { $req->{path} =~ $PATHS{$_} } sort keys %PATHS;
    return $c->json(404, { message => 'no Route matched with those values' })
        if !$what;

    my $reply = $what eq 'jwks' ? { keys => $state->{keys} }
        : $what eq 'discovery' ? discovery($state, $url) : undef;
    my $status = 200;
    ($status, $reply) = user($req, $state) if $what eq 'user';
    return behave($c, $state->{$what}, $status, $reply, $state->{delay});
}

sub discovery {
    my ($state, $url) = @_;

    return { issuer => $state->{issuer} // $url,
        authorization_endpoint => "$url/authorize",
        token_endpoint => "$url/token", jwks_uri => "$url/oauth/jwks",
        userinfo_endpoint => "$url/oauth/userinfo",
        response_types_supported => ['code'], subject_types_supported => ['public'],
        id_token_signing_alg_values_supported => ['RS256', 'ES256'],
        %{ $state->{configuration} || {} } };
}

# As Supabase's /auth/v1/user and a userinfo_endpoint tell of a user.
sub user {
    my ($req, $state) = @_;

    my $headers = $req->{headers};
    return (401, { message => 'No API key found in request' })
        if defined $state->{apikey} && ($headers->{apikey} // '') ne $state->{apikey};
    my ($token) = ($headers->{authorization} // '') =~ /^Bearer (.+)$/;
    my $user = defined $token ? $state->{users}{$token} : undef;
    return (403, { code => 403, error_code => 'bad_jwt', msg => 'invalid JWT' })
        if !$user;
    return (200, { aud => 'authenticated', role => 'authenticated',
        email => 'a@example.com', app_metadata => { provider => 'email' },
        user_metadata => {}, created_at => '2026-01-01T00:00:00Z', %$user });
}

sub behave {
    my ($c, $how, $status, $reply, $delay) = @_;

    my $body = $JSON->encode($reply);
    return $c->body($how->{status} || 200, $how->{type} || 'application/json',
        $how->{body} // $body, %{ $how->{headers} || {} }) if ref $how;
    return $c->json($how, { error => 'told to' }) if $how =~ /^\d+$/;
    return $c->close if $how eq 'close';
    if ($how eq 'hang') {
        $c->wait_closed(60);
        return $c->close;
    }
    sleep $delay if $how eq 'slow';
    return $c->body(200, 'text/html', '<html>not what you want') if $how eq 'garbage';
    return $c->body(200, 'application/json', '{"keys":["' . 'x' x 1_000_000 . '"]}')
        if $how eq 'huge';
    if ($how eq 'truncated') {
        $c->head(200, 'Content-Length' => 10 + length $body);
        $c->write($body);
        return $c->close;
    }
    if ($how eq 'chunked') {
        $c->stream;
        $c->chunk($_) for $body =~ /(.{1,100})/gs;
        return $c->write("0\r\n\r\n");
    }
    if ($how eq 'dribble') {
        $c->head(200, 'Content-Length' => length $body);
        for my $byte (split //, $body) {
            $c->write($byte) or return;
            sleep 0.5;
        }
        return;
    }
    return $c->body($status, 'application/json', $body);
}

1;
