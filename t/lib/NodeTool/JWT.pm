package NodeTool::JWT;

# Keys and tokens for tests: signed by the openssl command, or by hand where
# no library would.
#
#   my $key = NodeTool::JWT->rsa($t, 'kid-1');    # or ec, hs
#   my $token = $key->sign({ sub => 'a' });       # claims over good ones
#   $key->jwk;                                    # for a JWK set

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256);
use JSON::PP ();
use MIME::Base64 qw(encode_base64url decode_base64url);

my $JSON = JSON::PP->new->utf8->canonical->allow_nonref;
my $serial = 0;

# What tokens claim unless they are told otherwise.
our %CLAIMS = (iss => 'https://issuer.test/auth/v1', aud => 'authenticated',
    sub => 'user-a', role => 'authenticated');

sub rsa {
    my ($class, $t, $kid, $bits) = @_;

    return $class->make($t, $kid, 'RS256', 'RSA -pkeyopt rsa_keygen_bits:'
        . ($bits || 2048));
}

sub ec {
    my ($class, $t, $kid, $curve) = @_;

    return $class->make($t, $kid, 'ES256', 'EC -pkeyopt ec_paramgen_curve:'
        . ($curve || 'P-256'));
}

sub hs {
    my ($class, $secret) = @_;

    return bless { alg => 'HS256', secret => $secret }, $class;
}

sub make {
    my ($class, $t, $kid, $alg, $how) = @_;

    my $file = "$t->{dir}/jwt-" . ++$serial;
    system("openssl genpkey -algorithm $how -out $file.pem 2>$file.log &&"
        . " openssl pkey -in $file.pem -pubout -out $file.pub &&"
        . " openssl pkey -in $file.pem -pubout -outform DER -out $file.der") == 0
        or die "openssl: $how";
    return bless { alg => $alg, kid => $kid, file => $file, test => $t }, $class;
}

sub pem { my ($self) = @_; return $self->{test}->read_file("$self->{file}.pub") }

sub der { my ($self) = @_; return $self->{test}->read_file("$self->{file}.der") }

# The public key as a member of a set, with more members.
sub jwk {
    my ($self, %more) = @_;

    my $der = $self->der;
    my %jwk = (kid => $self->{kid}, alg => $self->{alg}, use => 'sig');
    if ($self->{alg} eq 'ES256') {
        # the point is what the key ends with
        my $size = $self->size;
        %jwk = (%jwk, kty => 'EC', crv => $size == 48 ? 'P-384' : 'P-256',
            x => encode_base64url(substr $der, -2 * $size, $size),
            y => encode_base64url(substr $der, -$size));
    } else {
        my $modulus = `openssl rsa -pubin -in $self->{file}.pub -noout -modulus`;
        my ($hex) = $modulus =~ /^Modulus=([0-9A-F]+)/;
        %jwk = (%jwk, kty => 'RSA', n => encode_base64url(pack 'H*', $hex),
            e => 'AQAB');
    }
    return { %jwk, %more };
}

# The signature of a text, as a JWS has it.
sub signature {
    my ($self, $text) = @_;

    return hmac_sha256($text, $self->{secret}) if $self->{secret};

    my $der = $self->der_signature($text);
    return $der if $self->{alg} eq 'RS256';

    # SEQUENCE { INTEGER r, INTEGER s }
    my $size = $self->size;
    return join '', map { substr "\0" x $size . $_, -$size }
        unpack 'x2 x C/a x C/a', $der;
}

# Bytes of a coordinate: those of P-384 make a longer key.
sub size { my ($self) = @_; return length $self->der > 100 ? 48 : 32 }

# The same as OpenSSL has it.
sub der_signature {
    my ($self, $text) = @_;

    my $file = "$self->{file}-text";
    $self->{test}->write_file($file, $text);
    my $out = `openssl dgst -sha256 -sign $self->{file}.pem $file`;
    die 'openssl dgst' if $?;
    return $out;
}

# A token with these claims over the good ones (undef leaves one out), and a
# header over the usual one; claims may be a JSON text, taken as it is.
sub sign {
    my ($self, $claims, $header) = @_;

    my $text = $self->unsigned($claims, $header);
    return "$text." . encode_base64url($self->signature($text));
}

sub unsigned {
    my ($self, $claims, $header) = @_;

    if (ref $claims || !defined $claims) {
        my %all = (%CLAIMS, iat => time, exp => time + 600, %{ $claims || {} });
        delete $all{$_} for grep { !defined $all{$_} } keys %all;
        $claims = $JSON->encode(\%all);
    }
    if (ref $header || !defined $header) {
        my %all = (alg => $self->{alg}, typ => 'JWT',
            defined $self->{kid} ? (kid => $self->{kid}) : (), %{ $header || {} });
        delete $all{$_} for grep { !defined $all{$_} } keys %all;
        $header = $JSON->encode(\%all);
    }
    return encode_base64url($header) . '.' . encode_base64url($claims);
}

1;
