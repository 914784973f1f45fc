# SPDX-License-Identifier: BSD-2-Clause

package Test::Thrift::Authority;

# Certificates for tests: an authority, and what it has signed.
#
#     my $ca = Test::Thrift::Authority->new($t->dir(), 'ca');
#     my $files = $ca->issue('server', names => [ 'a.test' ]);
#
# writes ca.pem, server.pem and server.key; $files are options for
# IO::Socket::SSL, and for a backend of Test::Thrift.

use strict;
use warnings;

use IO::Socket::SSL::Utils;


sub new {
    my ($class, $dir, $name) = @_;

    my ($cert, $key) = CERT_create(
        CA      => 1,
        purpose => [ qw(ca crlsign) ],
        subject => { commonName => "authority $name" },
        key     => KEY_create_ec('prime256v1'));

    PEM_cert2file($cert, "$dir/$name.pem");
    PEM_key2file($key, "$dir/$name.key");

    return bless { dir => $dir, name => $name, cert => $cert, key => $key,
                   serial => 1 }, $class;
}


# issue($name, names => [], expired => 1): $name is the subject's, too.

sub issue {
    my ($self, $name, %o) = @_;

    my $now = time();

    my ($cert, $key) = CERT_create(
        subject => { commonName => $o{subject} || $name },
        $o{names} ? (subjectAltNames => [ map { [ DNS => $_ ] }
                                              @{$o{names}} ]) : (),
        issuer_cert => $self->{cert},
        issuer_key  => $self->{key},
        serial      => ++$self->{serial},
        not_before  => $now - 7200,
        not_after   => $o{expired} ? $now - 3600 : $now + 86400,
        key         => KEY_create_ec('prime256v1'));

    my $file = "$self->{dir}/$name";

    PEM_cert2file($cert, "$file.pem");
    PEM_key2file($key, "$file.key");

    $self->{serials}{$name} = $self->{serial};

    return { SSL_cert_file => "$file.pem", SSL_key_file => "$file.key" };
}


# revoke($name): writes a list of revoked certificates, ca.crl, with that one.

sub revoke {
    my ($self, $name) = @_;

    my ($dir, $ca) = @{$self}{qw(dir name)};

    _write("$dir/$ca.conf", <<"EOF");
[ca]
default_ca = ca_default
[ca_default]
database = $dir/$ca.index
default_md = sha256
default_crl_days = 1
EOF
    _write("$dir/$ca.index",
           sprintf("R\t491231235959Z\t200101000000Z\t%02X\tunknown\t/CN=%s\n",
                   $self->{serials}{$name}, $name));

    return system("openssl ca -gencrl -config $dir/$ca.conf"
                  . " -cert $dir/$ca.pem -keyfile $dir/$ca.key"
                  . " -out $dir/$ca.crl >$dir/openssl.out 2>&1") == 0;
}


sub _write {
    my ($file, $text) = @_;

    open(my $fh, '>', $file) or die "$file: $!";
    print $fh $text;
    close($fh) or die "$file: $!";
}


1;
