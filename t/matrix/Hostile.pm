# SPDX-License-Identifier: BSD-2-Clause

package Hostile;

# A client that means no good, or does not know better: what the kinds of
# Kinds.pm are written with.  It speaks the dialect of its stage unless told.

use strict;
use warnings;

use Exporter qw(import);
use Time::HiRes qw(time);

use Test::Thrift;

our @EXPORT = qw(field list_of hidden value types);

# name, type in binary and compact, an element in binary and compact; a field of
# type bool has no value in compact

my @TYPES = (
    [ bool   =>  2,  1, "\1", "\1" ],
    [ byte   =>  3,  3, "\5", "\5" ],
    [ double =>  4,  7, "\0" x 8, "\0" x 8 ],
    [ i16    =>  6,  4, "\0\7", "\x0e" ],
    [ i32    =>  8,  5, "\0\0\0\7", "\x0e" ],
    [ i64    => 10,  6, "\0" x 7 . "\7", "\x0e" ],
    [ string => 11,  8, "\0\0\0\1x", "\1x" ],
    [ struct => 12, 12, "\0", "\0" ],
    [ map    => 13, 11, "\x0b\x08\0\0\0\1\0\0\0\1a\0\0\0\1",
                        "\1\x85\1a\2" ],
    [ set    => 14, 10, "\x0a\0\0\0\1" . "\0" x 8, "\x16\2" ],
    [ list   => 15,  9, "\x08\0\0\0\1\0\0\0\1", "\x15\2" ],
    [ uuid   => 16, 13, "u" x 16, "u" x 16 ],
);


# new(address, transport, protocol, tag, from), the last if it shall have an
# address of its own

sub new {
    my ($class, %o) = @_;

    return bless { round => 0, rest => [], %o }, $class;
}


# round(kind): one of it.  What comes back need not make sense to it.

my $EXPECTED = qr/^(?:cannot\ connect|more|unknown\ type|varint|negative\ size
                     |bad\ |message\ is|\d+\ bytes)/x;

sub round {
    my ($self, $kind) = @_;

    eval { $kind->{run}->($self); 1 } or $@ =~ /$EXPECTED/ or warn $@;
}


# --- connections ----------------------------------------------------------

sub open {
    my ($self, %o) = @_;

    return Test::Thrift::Client->new(
        address   => $self->{address},
        transport => $self->{transport},
        protocol  => $self->{protocol},
        from      => $self->{from},
        timeout   => 0.5,
        %o);
}


# message(type, name, body, options): in its dialect, but for the options, which
# are those of encode_message() and seqid.

sub message {
    my ($self, $type, $name, $body, %o) = @_;

    return encode_message($type, $name, defined $o{seqid} ? $o{seqid} : 7,
                          $body, protocol => $self->{protocol},
                          transport => $self->{transport}, %o);
}


# talk(bytes, wait): over a connection of its own; returns the first message
# that comes back in time.

sub talk {
    my ($self, $bytes, $wait) = @_;

    my $c = $self->open();

    $c->send($bytes);
    my $m = eval { $c->read_message($wait || 0.3) };
    $c->close();

    return $m;
}


# call(name, body, options), oneway(...): talk with a message; the option wait
# is the time to wait for an answer, to a oneway that nginx closes.

sub call {
    my ($self, $name, $body, %o) = @_;

    my $wait = delete $o{wait};
    my $type = delete $o{type};

    return $self->talk($self->message(defined $type ? $type : CALL, $name,
                                      $body, %o), $wait);
}


sub oneway {
    my ($self, $name, $body, %o) = @_;

    return $self->call($name, $body, type => ONEWAY, wait => 0.02, %o);
}


# keep(client): it stays connected beside the next ones; n of them at most.

sub keep {
    my ($self, $c, $n) = @_;

    push @{$self->{rest}}, $c;
    (shift @{$self->{rest}})->close() while @{$self->{rest}} > $n;
}


sub close {
    my ($self) = @_;

    $_->close() for splice @{$self->{rest}};
}


sub compact {
    my ($self) = @_;

    return $self->{protocol} eq 'compact';
}


# --- bodies that encode_struct() does not write ----------------------------

sub types {
    return map { $_->[0] } @TYPES;
}


sub type_of {
    my ($name) = @_;

    my ($type) = grep { $_->[0] eq $name } @TYPES;

    return @$type;
}


# field(id, type, value, protocol): a field with any bytes for its value.  The
# type is a name or a number; without a value it is one of the type.

sub field {
    my ($id, $type, $value, $protocol) = @_;

    my $compact = $protocol eq 'compact';
    my $code = $type;

    if ($type !~ /^\d+$/) {
        my (undef, $b, $c) = type_of($type);
        $code = $compact ? $c : $b;
        $value = $compact && $type eq 'bool' ? '' : value($type, $protocol)
            unless defined $value;
    }

    return pack('C s> a*', $code, $id, $value) unless $compact;

    return chr($code) . Test::Thrift::Bytes::varint(
                            Test::Thrift::Bytes::zigzag($id)) . $value;
}


sub value {
    my ($type, $protocol) = @_;

    return (type_of($type))[$protocol eq 'compact' ? 4 : 3];
}


# list_of(type, n, bytes, protocol): the value of a list or set.

sub list_of {
    my ($type, $n, $bytes, $protocol) = @_;

    my $code = $type;
    my $compact = $protocol eq 'compact';

    $code = (type_of($type))[$compact ? 2 : 1] if $type !~ /^\d+$/;

    return pack('C N a*', $code, $n, $bytes) unless $compact;

    return ($n < 15 ? chr($n << 4 | $code)
                    : chr(0xf0 | $code) . Test::Thrift::Bytes::varint($n))
           . $bytes;
}


# hidden(text, protocol): a call that a server executes where it reads what was
# sent for less than it is.

sub hidden {
    my ($text, $protocol) = @_;

    return encode_message(CALL, 'echoString', 3, [ [ 1, string => $text ] ],
                          protocol => $protocol, transport => 'unframed');
}


1;
