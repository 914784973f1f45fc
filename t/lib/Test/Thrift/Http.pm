# SPDX-License-Identifier: BSD-2-Clause

package Test::Thrift::Http;

# A client of HTTP/1.1 that says what it is told to say, in pieces if need be.
#
#     my $http = $t->http('web');
#     my $r = $http->post('/thrift', $body, 'Content-Type' => 'x/y');
#     is($r->{status}, 200, 'status');
#
# A response is a reference to a hash: status, headers (names in lower case),
# body; undef when the connection was closed, or time was over, before it.

use strict;
use warnings;

use Test::Thrift::Client;


# new(address => 'host:port', options of Test::Thrift::Client)

sub new {
    my ($class, %o) = @_;

    return bless { c => Test::Thrift::Client->new(%o), in => '' }, $class;
}


sub connection {
    my ($self) = @_;

    return $self->{c};
}


# head($method, $path, %headers): the bytes of a request up to its body.

sub head {
    my ($self, $method, $path, %headers) = @_;

    return "$method $path HTTP/1.1\r\nHost: localhost\r\n"
           . join('', map { "$_: $headers{$_}\r\n" } sort keys %headers)
           . "\r\n";
}


sub post {
    my ($self, $path, $body, %headers) = @_;

    $self->send_post($path, $body, %headers);

    return $self->response();
}


sub send_post {
    my ($self, $path, $body, %headers) = @_;

    $self->{c}->send($self->head('POST', $path,
                                 'Content-Length' => length $body,
                                 'Content-Type' => 'application/x-thrift',
                                 %headers) . $body);
}


sub request {
    my ($self, $method, $path, %headers) = @_;

    $self->{c}->send($self->head($method, $path, %headers));

    return $self->response($method eq 'HEAD');
}


# The parts of a body as chunks.

sub chunks {
    my ($self, @parts) = @_;

    return join('', map { sprintf("%x\r\n%s\r\n", length, $_) } @parts, '');
}


sub response {
    my ($self, $bodyless) = @_;

    my $head = $self->_until("\r\n\r\n");
    return unless defined $head;

    my ($status) = $head =~ m{^HTTP/1\.1 (\d+)} or return;
    my %headers = map { my ($name, $value) = split /:\s*/, $_, 2;
                        (lc $name => $value) }
                      grep { /:/ } split /\r\n/, $head;

    my $body = '';

    if ($bodyless || $status == 100 || $status == 204) {
        # nothing

    } elsif (defined $headers{'content-length'}) {
        $body = $self->_bytes($headers{'content-length'});
        return unless defined $body;

    } else {
        for ( ;; ) {
            my $size = $self->_until("\r\n");
            return unless defined $size;

            $size =~ s/\r\n\z//;

            my $part = $self->_bytes(2 + hex $size);
            return unless defined $part;

            last if length $part == 2;
            $body .= substr($part, 0, -2);
        }
    }

    return { status => $status, headers => \%headers, body => $body };
}


sub _until {
    my ($self, $end) = @_;

    while (index($self->{in}, $end) < 0) {
        return unless $self->_more();
    }

    my $n = index($self->{in}, $end) + length $end;

    return substr($self->{in}, 0, $n, '');
}


sub _bytes {
    my ($self, $n) = @_;

    while (length $self->{in} < $n) {
        return unless $self->_more();
    }

    return substr($self->{in}, 0, $n, '');
}


sub _more {
    my ($self) = @_;

    my $bytes = $self->{c}->read_some();
    return unless length $bytes;

    $self->{in} .= $bytes;

    return 1;
}


1;
