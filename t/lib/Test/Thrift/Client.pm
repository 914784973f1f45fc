# SPDX-License-Identifier: BSD-2-Clause

package Test::Thrift::Client;

# One client connection: bytes in, bytes out, and Thrift messages on top.
# Nothing here waits longer than a timeout, and nothing sleeps.

use strict;
use warnings;

use IO::Socket::INET;
use IO::Socket::IP;
use IO::Socket::UNIX;
use Socket qw(IPPROTO_TCP TCP_NODELAY SOL_SOCKET SO_LINGER SO_RCVBUF);
use Time::HiRes qw(time);

use Test::Thrift::Bytes;


# new(address => 'host:port' or '/path', options)
#
# protocol   binary (default), compact, lax: how call() writes
# transport  framed (default), unframed
# timeout    seconds for connect, read and write, default 5
# from       the client's own address, say 127.0.0.2, or path
# rcvbuf     size of the socket's receive buffer, set before connecting
# ssl        reference to options of IO::Socket::SSL

sub new {
    my ($class, %o) = @_;

    my $self = bless {
        protocol  => 'binary',
        transport => 'framed',
        timeout   => 5,
        seqid     => 0,
        in        => '',
        eof       => 0,
        %o,
    }, $class;

    my $address = $self->{address};

    if ($address =~ m{^/}) {
        $self->{socket} = IO::Socket::UNIX->new(
            Peer => $address,
            $self->{from} ? (Local => $self->{from}) : ());

    } else {
        my ($host, $port) = $address =~ /^\[?(.*?)\]?:(\d+)$/
            or die "cannot connect to \"$address\": not an address";

        $self->{socket} = IO::Socket::IP->new(
            PeerHost => $host,
            PeerPort => $port,
            Timeout  => $self->{timeout},
            $self->{from} ? (LocalHost => $self->{from}) : (),
            $self->{rcvbuf}
                ? (Sockopts => [ [ SOL_SOCKET, SO_RCVBUF,
                                   $self->{rcvbuf} ] ]) : (),
        );
    }

    die "cannot connect to $address: $!" unless $self->{socket};

    setsockopt($self->{socket}, IPPROTO_TCP, TCP_NODELAY, 1)
        unless $address =~ m{^/};

    $self->_start_ssl() if $self->{ssl};

    $self->{socket}->blocking(0);

    return $self;
}


sub _start_ssl {
    my ($self) = @_;

    require IO::Socket::SSL;

    IO::Socket::SSL->start_SSL($self->{socket},
                               SSL_verify_mode => 0,
                               %{$self->{ssl}})
        or die 'TLS handshake: ' . IO::Socket::SSL::errstr();
}


sub socket {
    my ($self) = @_;

    return $self->{socket};
}


# Wait until the socket is readable or writable; false when time is over.

sub _wait {
    my ($self, $what, $deadline) = @_;

    return 1 if $what eq 'read' && $self->{ssl} && $self->{socket}->pending();

    my $bits = '';
    vec($bits, fileno($self->{socket}), 1) = 1;

    my $left = $deadline - time();
    $left = 0 if $left < 0;

    return $what eq 'read' ? select($bits, undef, undef, $left) > 0
                           : select(undef, $bits, undef, $left) > 0;
}


# send($bytes, timeout): true when all of them were given to the kernel.

sub send {
    my ($self, $bytes, $timeout) = @_;

    my $deadline = time() + ($timeout || $self->{timeout});
    local $SIG{PIPE} = 'IGNORE';

    while (length $bytes) {
        my $n = syswrite($self->{socket}, $bytes);

        if (defined $n) {
            substr($bytes, 0, $n, '');
            next;
        }

        next if $!{EINTR};
        return 0 unless $!{EAGAIN};
        return 0 unless $self->_wait('write', $deadline);
    }

    return 1;
}


# send_pieces($bytes, $size, $pause): $size bytes at a time; $size may be a
# reference to a list of sizes, what is left over goes last.  The pause, 2 ms
# unless told, makes it likely that each piece is read on its own.

sub send_pieces {
    my ($self, $bytes, $size, $pause) = @_;

    my @sizes = ref $size ? @$size : ();

    while (length $bytes) {
        my $n = ref $size ? (@sizes ? shift @sizes : length $bytes) : $size;

        $self->send(substr($bytes, 0, $n, '')) or return 0;
        select(undef, undef, undef, defined $pause ? $pause : 0.002)
            if length $bytes;
    }

    return 1;
}


# Read what is there into the buffer; false at the end of time or of file.

sub _fill {
    my ($self, $deadline) = @_;

    for ( ;; ) {
        return 0 if $self->{eof};
        return 0 unless $self->_wait('read', $deadline);

        my $n = sysread($self->{socket}, $self->{in}, 65536,
                        length $self->{in});

        return 1 if $n;

        if (defined $n) {
            $self->{eof} = 'closed';

        } elsif (!$!{EAGAIN} && !$!{EINTR}) {
            $self->{eof} = "$!";
        }
    }
}


# read($n, timeout): $n bytes, or fewer at the end of file or of time.

sub read {
    my ($self, $n, $timeout) = @_;

    my $deadline = time() + ($timeout || $self->{timeout});

    1 while length $self->{in} < $n && $self->_fill($deadline);

    return substr($self->{in}, 0, $n, '');
}


# read_all(timeout): everything until the peer closes, or time is over.

sub read_all {
    my ($self, $timeout) = @_;

    my $deadline = time() + ($timeout || $self->{timeout});

    1 while $self->_fill($deadline);

    my $bytes = $self->{in};
    $self->{in} = '';

    return $bytes;
}


# read_some(timeout): what is there, once there is something; '' at the end of
# file or of time.

sub read_some {
    my ($self, $timeout) = @_;

    $self->_fill(time() + ($timeout || $self->{timeout}))
        unless length $self->{in};

    my $bytes = $self->{in};
    $self->{in} = '';

    return $bytes;
}


# read_message(timeout): the next message as parse_message() returns it, or
# undef when the peer closed or time is over.  Dies when it is malformed.

sub read_message {
    my ($self, $timeout) = @_;

    my $deadline = time() + ($timeout || $self->{timeout});

    for ( ;; ) {
        my $m = parse_message($self->{in}, transport => $self->{transport});

        if ($m) {
            $m->{bytes} = substr($self->{in}, 0, $m->{length}, '');
            return $m;
        }

        my $whole = length($self->{in}) + missing_bytes();

        while (length $self->{in} < $whole) {
            return undef unless $self->_fill($deadline);
        }
    }
}


# exchange($bytes, $count, timeout): send and read at the same time, until
# $count messages came.  Returns those that came in time.

sub exchange {
    my ($self, $bytes, $count, $timeout) = @_;

    my $deadline = time() + ($timeout || $self->{timeout});
    my @messages;
    local $SIG{PIPE} = 'IGNORE';

    while (@messages < $count) {
        my ($r, $w) = ('', '');
        my $fd = fileno($self->{socket});

        vec($r, $fd, 1) = 1;
        vec($w, $fd, 1) = 1 if length $bytes;

        my $left = $deadline - time();
        last if $left <= 0 || select($r, $w, undef, $left) <= 0;

        if (vec($w, $fd, 1)) {
            my $n = syswrite($self->{socket}, $bytes, 65536);
            substr($bytes, 0, $n, '') if $n;
        }

        next unless vec($r, $fd, 1);
        last unless $self->_fill($deadline);

        while (my $m = parse_message($self->{in},
                                     transport => $self->{transport}))
        {
            substr($self->{in}, 0, $m->{length}, '');
            push @messages, $m;
        }
    }

    return @messages;
}


# start($method, $body, %options): send a call and return its seqid.
# Options: seqid, type, protocol, transport, and those of theader().

sub start {
    my ($self, $method, $body, %o) = @_;

    my $seqid = defined $o{seqid} ? $o{seqid} : ++$self->{seqid};

    $self->send(encode_message(
        $o{type} || CALL, $method, $seqid, $body, %o,
        protocol  => $o{protocol}  || $self->{protocol},
        transport => $o{transport} || $self->{transport}));

    return $seqid;
}


# call($method, $body, %options): send a call and return its reply, undef
# when none came.  Options: those of start(), and timeout.

sub call {
    my ($self, $method, $body, %o) = @_;

    $self->start($method, $body, %o);

    return $self->read_message($o{timeout});
}


sub oneway {
    my ($self, $method, $body, %o) = @_;

    return $self->start($method, $body, %o, type => ONEWAY);
}


# Say that no more calls will come, and go on reading.

sub half_close {
    my ($self) = @_;

    shutdown($self->{socket}, 1);
}


# closed(timeout): true when the peer closed in time and said nothing more.

sub closed {
    my ($self, $timeout) = @_;

    my $deadline = time() + ($timeout || $self->{timeout});

    $self->_fill($deadline) unless length $self->{in};

    return $self->{eof} && !length $self->{in} ? 1 : 0;
}


# open(quiet): true when nothing came and nobody closed for this long.

sub open {
    my ($self, $quiet) = @_;

    return 0 if length $self->{in};

    $self->_fill(time() + ($quiet || 0.1));

    return !$self->{eof} && !length $self->{in} ? 1 : 0;
}


sub close {
    my ($self) = @_;

    close($self->{socket}) if $self->{socket};
    $self->{socket} = undef;
    $self->{eof} ||= 'closed';
}


# Close with a reset instead of an end of file.

sub reset {
    my ($self) = @_;

    setsockopt($self->{socket}, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0));
    $self->close();
}


1;
