# SPDX-License-Identifier: BSD-2-Clause

package Test::Thrift::Backend;

# A Thrift server of which a test decides how it misbehaves.
#
# It runs in a process of its own, serves any number of connections, one call
# at a time on each, and notes what it did in a file that the test reads with
# calls().  It answers every call, in the protocol and the transport of the
# call, with the struct { 0: string id }, so that a test can see who answered;
# script() changes that per method:
#
#     $backend->script(get => { delay => 0.2 },
#                      put => [ { close => 'request' }, {} ],
#                      '*' => { exception => [ 6, 'no' ] });
#
# An action is a reference to a hash; a list of actions is used up one per
# call, and the last one stays.  The keys, in the order in which they act:
#
#     stall      never answer, and read no further call of this connection
#     close      'request': close without an answer
#                'mid': after half of the answer's bytes
#                'after': after the answer
#     delay      seconds to wait before the answer
#     hold       the answer waits for release()
#     body       the answer's struct: bytes, or a list of fields
#     echo       the answer's struct is the one of the call
#     exception  [ type, text ]: answer with a TApplicationException
#     name, seqid, type, protocol, transport
#                instead of those that the call asks for
#     sequence, headers, persistent, packed, transforms, id
#                of its THeader: see theader() in Bytes.pm
#     raw        these bytes are the answer; "garbage" has some ready
#     replies    so are these: [ [ ago, name, text, options ], ... ], replies of
#                one string to the call that was so many calls before this one
#                on its connection
#     garbage
#     twice      the answer comes two times
#     cut        only this part of it comes, 0.5 is half, and nothing after it
#     pieces     so many bytes of it at a time, 2 ms apart
#     half_close shut down the sending side after the answer
#     reset      what closes, closes with a reset
#     answer     answer also a oneway
#
# Under '!accept' stands what happens to a new connection: { close => 1 },
# { reset => 1 }, { raw => bytes } sent before any call, at once or after
# "delay" seconds, { ignore => 1 }: accepted and never read.
#
# Under '!speaks' stands what it expects: "framed compact"; it closes connections
# on which anything else comes.
#
# With the option proxy_protocol each connection has to begin with such a line;
# proxied() has them.  With the option ssl, of IO::Socket::SSL, it speaks TLS; handshakes() tells of
# each.  Under '!tls' stands what happens when one begins: { close => 1 },
# { reset => 1 }, { ignore => 1 }, and under '!tls-done' when it is over.

use strict;
use warnings;

use IO::Poll qw(POLLIN POLLOUT POLLERR POLLHUP);
use IO::Socket::INET;
use IO::Socket::IP;
use IO::Socket::UNIX;
use Fcntl qw(F_SETFD);
use File::Basename qw(dirname);
use POSIX ();
use Socket qw(IPPROTO_TCP TCP_NODELAY SOL_SOCKET SO_LINGER AF_UNIX
              SOCK_STREAM PF_UNSPEC);
use Storable qw(freeze thaw);
use Time::HiRes qw(time);

use Test::Thrift::Bytes;

use constant GARBAGE => "\x13\x37\xff\x00 this is not Thrift \xde\xad\xbe\xef";


# --- in the test's process --------------------------------------------------

# new(address => '127.0.0.1:port' or '/path', id => text, script => {},
#     log => file)

sub new {
    my ($class, %o) = @_;

    my $self = bless { id => 'backend', script => {}, %o }, $class;

    return $self->start();
}


sub start {
    my ($self) = @_;

    my $listen = listen_socket($self->{address});

    socketpair(my $ours, my $theirs, AF_UNIX, SOCK_STREAM, PF_UNSPEC)
        or die "socketpair: $!";

    my $pid = fork();
    die "fork: $!" unless defined $pid;

    # a program of its own: of what the test has open it inherits two sockets

    if ($pid == 0) {
        $SIG{INT} = $SIG{TERM} = 'DEFAULT';
        fcntl($_, F_SETFD, 0) for $listen, $theirs;
        no warnings 'exec';
        exec($^X, '-I' . dirname(__FILE__) . '/../..', '-M' . __PACKAGE__,
             '-e', __PACKAGE__ . '::Server->serve(@ARGV)', $self->{id},
             $self->{log}, fileno($listen), fileno($theirs),
             unpack('H*', freeze($self->{ssl} || {})),
             $self->{proxy_protocol} ? 1 : 0, $self->{bodies} ? 1 : 0);
        POSIX::_exit(127);
    }

    CORE::close($theirs);
    CORE::close($listen);

    $self->{pid} = $pid;
    $self->{control} = $ours;

    return $self->script(%{$self->{script}});
}


sub listen_socket {
    my ($address) = @_;

    if ($address =~ m{^/}) {
        unlink $address;
        my $s = IO::Socket::UNIX->new(Local => $address, Listen => 511)
            or die "cannot listen on $address: $!";
        return $s;
    }

    my ($host, $port) = $address =~ /^\[?(.*?)\]?:(\d+)$/
        or die "cannot listen on \"$address\": not an address";

    return IO::Socket::IP->new(LocalHost => $host, LocalPort => $port,
                               Listen => 511, ReuseAddr => 1)
           || die "cannot listen on $address: $!";
}


# script(method => action, ...): from the next call on, instead of what was
# said before.  Returns when the backend knows.

sub script {
    my ($self, %script) = @_;

    $self->{script} = \%script;

    return $self->_tell(\%script);
}


# release(method, ...): answer the calls that are held, in this order; all of
# them, as they came, when no method is named.

sub release {
    my ($self, @methods) = @_;

    return $self->_tell({ '!release' => \@methods });
}


sub _tell {
    my ($self, $what) = @_;

    my $script = freeze($what);
    my $bytes = pack('N', length $script) . $script;
    my $fh = $self->{control};

    # a test that is stopped meanwhile has written a part of it

    for (my $sent = 0; $sent < length $bytes; ) {
        $sent += syswrite($fh, $bytes, length($bytes) - $sent, $sent)
                 || die "backend $self->{id} is gone";
    }

    sysread($fh, my $ack, 1)
        or die "backend $self->{id} is gone";

    return $self;
}


sub _events {
    my ($self, $event) = @_;

    CORE::open(my $fh, '<', $self->{log}) or return;

    my @events;

    while (my $line = <$fh>) {
        next unless $line =~ /\n\z/;
        chomp $line;

        my %e;
        @e{qw(time event connection method type seqid protocol transport
              length theader body)} = split /\t/, $line;

        ($e{sequence}, $e{flags}, $e{packed}, @{$e{headers}})
            = split(/\0/, pack('H*', $e{theader}), -1) if $e{theader};
        $e{body} = pack('H*', $e{body}) if defined $e{body};
        push @events, \%e if $e{event} eq $event;
    }

    return @events;
}


# calls(method): every call that arrived whole, in order, as hashes of time,
# connection (a number), method, type, seqid, protocol, transport, length; of a
# THeader sequence, flags, packed, and headers: [ name, value, ... ]; with the
# option "bodies" also of body.

sub calls {
    my ($self, $method) = @_;

    return grep { !defined $method || $_->{method} eq $method }
                $self->_events('call');
}


# How many connections were ever accepted, and how many the peer has closed.

sub accepted {
    my ($self) = @_;

    return scalar(my @e = $self->_events('accept'));
}


# From where, address and port, in the order in which they came.

sub peers {
    my ($self) = @_;

    return map { $_->{method} } $self->_events('accept');
}


sub closed {
    my ($self) = @_;

    return scalar(my @e = $self->_events('close'));
}


# handshakes(): those that were completed, as hashes of connection, version,
# reused (0 or 1), name (that the client has asked for) and client (the name in
# its certificate); failed_handshakes(): the others, with an error.

sub handshakes {
    my ($self) = @_;

    return map { { connection => $_->{connection}, version => $_->{method},
                   reused => $_->{type}, name => $_->{seqid} // '',
                   client => $_->{protocol} // '' } } $self->_events('tls');
}


sub failed_handshakes {
    my ($self) = @_;

    return map { { connection => $_->{connection}, error => $_->{method} } }
               $self->_events('tls-failed');
}


# The lines of the PROXY protocol, in the order in which they came.

sub proxied {
    my ($self) = @_;

    return map { $_->{method} } $self->_events('proxied');
}


# How many the backend itself has closed, whoever was first.

sub ended {
    my ($self) = @_;

    return scalar(my @e = $self->_events('end'));
}


sub address {
    my ($self) = @_;

    return $self->{address};
}


sub id {
    my ($self) = @_;

    return $self->{id};
}


sub pid {
    my ($self) = @_;

    return $self->{pid};
}


# stop(signal): end the process; all its connections close.  start() brings
# it back on the same address.

sub stop {
    my ($self, $signal) = @_;

    my $pid = delete $self->{pid} or return;

    kill($signal || 'TERM', $pid);
    kill('CONT', $pid);
    waitpid($pid, 0);
    CORE::close(delete $self->{control});

    $self->{status} = $?;

    unlink $self->{address} if $self->{address} =~ m{^/};
}


# True when it runs, or was ended by stop().

sub alive {
    my ($self) = @_;

    my $pid = $self->{pid} or return 1;

    return 1 if waitpid($pid, POSIX::WNOHANG()) == 0;

    delete $self->{pid};

    return 0;
}


# --- in its own process -----------------------------------------------------

package Test::Thrift::Backend::Server;

use strict;
use warnings;

use IO::Poll qw(POLLIN POLLOUT POLLERR POLLHUP);
use Errno qw(EAGAIN EINTR);
use Socket qw(IPPROTO_TCP TCP_NODELAY SOL_SOCKET SO_LINGER getnameinfo
              NI_NUMERICHOST NI_NUMERICSERV);
use Storable qw(thaw);
use Time::HiRes qw(time);

use Test::Thrift::Bytes;

# With so few connections they are accepted one by one: calls of tests that
# count how many there are at the most.

use constant FEW => 64;


sub serve {
    my ($class, $id, $log, $listen, $control, $ssl, $proxied, $bodies) = @_;

    my $self = bless {
        ssl    => ssl_context(thaw(pack('H*', $ssl))),
        proxied => $proxied,
        bodies => $bodies,
        id     => $id,
        script => {},
        listen => IO::Socket->new_from_fd($listen, 'r'),
        conns  => {},
        timers => [],
        held   => [],
        number => 0,
    }, $class;

    open($self->{control}, '+<&=', $control) or die "control: $!";
    open($self->{log}, '>>', $log) or die "$log: $!";

    $self->{listen}->blocking(0);
    $self->run();
}


sub ssl_context {
    my ($options) = @_;

    return undef unless %$options;

    require IO::Socket::SSL;

    return IO::Socket::SSL::SSL_Context->new(
               SSL_server => 1, SSL_session_id_context => 'backend',
               %$options) || die IO::Socket::SSL::errstr();
}


sub note {
    my ($self, @fields) = @_;

    syswrite($self->{log}, join("\t", sprintf('%.6f', time()), @fields)
                           . "\n");
}


sub run {
    my ($self) = @_;

    $SIG{PIPE} = 'IGNORE';

    for ( ;; ) {
        my @fds = (fileno($self->{control}), POLLIN);

        for my $c (values %{$self->{conns}}) {
            my $mask = ($c->{ignore} ? 0 : POLLIN)
                       | (length $c->{out} && !$c->{paused} ? POLLOUT : 0);
            push @fds, $c->{fd}, $mask if $mask;
        }

        # the last one: who closes a connection before opening the next one
        # never has both

        push @fds, fileno($self->{listen}), POLLIN;

        my $n = IO::Poll::_poll($self->timeout(), @fds);
        die "poll: $!" if $n < 0 && !$!{EINTR};

        $self->run_timers();

        next if $n <= 0;

        while (my ($fd, $events) = splice(@fds, 0, 2)) {
            next unless $events;

            if ($fd == fileno($self->{control})) {
                $self->read_script() or return;

            } elsif ($fd == fileno($self->{listen})) {
                $self->accept();

            } elsif (my $c = $self->{conns}{$fd}) {
                if ($events & POLLOUT) {
                    $self->write($c);
                    $self->next_call($c);
                }

                $self->read($c)
                    if $self->{conns}{$fd}
                       && $events & (POLLIN | POLLERR | POLLHUP);
            }
        }
    }
}


sub timeout {
    my ($self) = @_;

    return -1 unless @{$self->{timers}};

    my $ms = ($self->{timers}[0][0] - time()) * 1000;

    return $ms > 0 ? int($ms) + 1 : 0;
}


sub after {
    my ($self, $seconds, $code) = @_;

    $self->{timers} = [ sort { $a->[0] <=> $b->[0] }
                             @{$self->{timers}}, [ time() + $seconds, $code ] ];
}


sub run_timers {
    my ($self) = @_;

    while (@{$self->{timers}} && $self->{timers}[0][0] <= time()) {
        my $timer = shift @{$self->{timers}};
        $timer->[1]->();
    }
}


sub read_script {
    my ($self) = @_;

    my $fh = $self->{control};
    my $bytes = '';
    my $want = 4;
    my $head;

    while (length $bytes < $want) {
        sysread($fh, $bytes, $want - length $bytes, length $bytes)
            or return 0;

        if (!defined $head && length $bytes == 4) {
            $head = unpack('N', $bytes);
            $bytes = '';
            $want = $head;
        }
    }

    my $script = thaw($bytes);

    if ($script->{'!release'}) {
        $self->release(@{$script->{'!release'}});

    } else {
        $self->{script} = $script;
    }

    syswrite($fh, '.');

    return 1;
}


sub release {
    my ($self, @methods) = @_;

    my @held = @{$self->{held}};
    my @now = @held;

    if (@methods) {
        @now = ();

        for my $method (@methods) {
            my ($one) = grep { $_->[0] eq $method } @held or next;

            push @now, $one;
            @held = grep { $_ != $one } @held;
        }

    } else {
        @held = ();
    }

    $self->{held} = \@held;
    $_->[1]->() for @now;
}


sub accept {
    my ($self) = @_;

    while (my $socket = $self->{listen}->accept()) {
        $self->add($socket);

        # more of them may have come after others were closed

        last if keys %{$self->{conns}} < FEW;
    }
}


sub add {
    my ($self, $socket) = @_;

    my $c = {
        socket => $socket,
        fd     => fileno($socket),
        number => ++$self->{number},
        in     => '',
        out    => '',
    };

    $socket->blocking(0);
    setsockopt($socket, IPPROTO_TCP, TCP_NODELAY, 1);

    $self->{conns}{$c->{fd}} = $c;
    $self->note('accept', $c->{number}, peer_of($socket));

    my $action = $self->action('!accept') || {};

    if ($action->{close} || $action->{reset}) {
        $self->close($c, $action->{reset});
        return;
    }

    $c->{ignore} = 1 if $action->{ignore};

    $c->{proxied} = '' if $self->{proxied};

    $self->start_tls($c) if $self->{ssl} && !$self->{proxied};

    if (defined $action->{raw}) {
        $self->after($action->{delay} || 0, sub {
            return if $c->{closed};
            $c->{out} .= $action->{raw};
            $self->write($c);
        });
    }
}


sub start_tls {
    my ($self, $c) = @_;

    IO::Socket::SSL->start_SSL($c->{socket}, SSL_server => 1,
                               SSL_startHandshake => 0,
                               SSL_reuse_ctx => $self->{ssl})
        or die IO::Socket::SSL::errstr();

    $c->{handshake} = 1;
}


# True when the line is whole.

sub read_proxied {
    my ($self, $c) = @_;

    while (sysread($c->{socket}, my $byte, 1)) {
        $c->{proxied} .= $byte;
        next if $byte ne "\n";

        $self->note('proxied', $c->{number}, $c->{proxied} =~ s/\r\n//r);
        delete $c->{proxied};
        $self->start_tls($c) if $self->{ssl};

        return 1;
    }

    $self->close($c) unless $!{EAGAIN};

    return 0;
}


# True when it is over, and calls may have come with it.

sub handshake {
    my ($self, $c) = @_;

    return 0 if $self->tls_action($c, '!tls');

    my $socket = $c->{socket};

    if ($socket->accept_SSL()) {
        $c->{handshake} = 0;
        $self->note('tls', $c->{number}, $socket->get_sslversion(),
                    $socket->get_session_reused() ? 1 : 0,
                    $socket->get_servername() || '',
                    $socket->peer_certificate('commonName') || '');

        return !$self->tls_action($c, '!tls-done');
    }

    return 0 if $!{EAGAIN};

    $self->note('tls-failed', $c->{number},
                IO::Socket::SSL::errstr() =~ s/\s+/ /gr);
    $self->close($c);

    return 0;
}


sub tls_action {
    my ($self, $c, $when) = @_;

    my $action = $self->action($when) or return 0;

    if ($action->{close} || $action->{reset}) {
        $self->close($c, $action->{reset});
        return 1;
    }

    return $c->{ignore} = $action->{ignore};
}


sub peer_of {
    my ($socket) = @_;

    my ($err, $host, $port) = getnameinfo(getpeername($socket) || '',
                                          NI_NUMERICHOST | NI_NUMERICSERV);

    return $err ? '' : "$host:$port";
}


sub close {
    my ($self, $c, $reset) = @_;

    setsockopt($c->{socket}, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0))
        if $reset;

    delete $self->{conns}{$c->{fd}};
    CORE::close($c->{socket});
    $c->{closed} = 1;
    $self->note('end', $c->{number});
}


sub read {
    my ($self, $c) = @_;

    return if defined $c->{proxied} && !$self->read_proxied($c);
    return if $c->{handshake} && !$self->handshake($c);

    my $n = sysread($c->{socket}, $c->{in}, 65536, length $c->{in});

    while ($n && $self->{ssl} && $c->{socket}->pending()) {
        sysread($c->{socket}, $c->{in}, 65536, length $c->{in}) or last;
    }

    if (!defined $n) {
        return if $!{EAGAIN} || $!{EINTR};
        $n = 0;
    }

    if ($n == 0) {
        $self->note('close', $c->{number});

        # what is to be answered still goes out to a peer that half-closed

        if ($c->{busy} || length $c->{out}) {
            $c->{ignore} = 1;
            $c->{close_when_done} = 1;

        } else {
            $self->close($c);
        }

        return;
    }

    $self->next_call($c);
}


sub next_call {
    my ($self, $c) = @_;

    while (!$c->{busy} && !$c->{closed} && length $c->{in}) {

        return if length $c->{in} < ($c->{whole} || 0);

        my $m = eval { parse_message($c->{in}) };

        if (!$m) {
            $c->{whole} = length($c->{in}) + missing_bytes();
            return unless $@;

            my $error = $@;
            $error =~ s/\s+/ /g;
            $self->note('malformed', $c->{number}, $error);
            $self->close($c);
            return;
        }

        my $speaks = $self->{script}{'!speaks'};

        if ($speaks && $speaks ne "$m->{transport} $m->{protocol}") {
            $self->close($c);
            return;
        }

        substr($c->{in}, 0, $m->{length}, '');
        $c->{whole} = 0;

        $self->note('call', $c->{number}, @$m{qw(name type seqid protocol
                                                 transport length)},
                    theader_note($m),
                    $self->{bodies} ? unpack('H*', $m->{body}) : ());
        unshift @{$c->{seqids}}, $m->{seqid};
        $self->answer($c, $m);
    }

    $self->close($c)
        if $c->{close_when_done} && !$c->{busy} && !$c->{closed}
           && !length $c->{out};
}


# What a THeader told, in one field of the notes.

sub theader_note {
    my ($m) = @_;

    return '' if $m->{transport} ne 'header';

    return unpack('H*', join("\0", @$m{qw(sequence flags packed)},
                             @{$m->{headers}}));
}


sub action {
    my ($self, $method) = @_;

    my $action = $self->{script}{$method};

    if (!defined $action && $method !~ /^!/) {
        my ($bare) = $method =~ /:(.*)/;
        $action = $self->{script}{$bare} if defined $bare;
        $action = $self->{script}{'*'} unless defined $action;
    }

    if (ref $action eq 'ARRAY') {
        $action = @$action > 1 ? shift @$action : $action->[0];
    }

    return $action;
}


sub answer {
    my ($self, $c, $m) = @_;

    my $action = $self->action($m->{name}) || {};

    $c->{busy} = 1;

    if ($action->{stall}) {
        return;
    }

    if (($action->{close} || '') eq 'request') {
        $self->close($c, $action->{reset});
        return;
    }

    my $later = sub {
        return if $c->{closed};
        $self->send_answer($c, $m, $action);
        $self->next_call($c);
    };

    if ($action->{delay}) {
        $self->after($action->{delay}, $later);
        return;
    }

    if ($action->{hold}) {
        push @{$self->{held}}, [ $m->{name}, $later ];
        return;
    }

    $self->send_answer($c, $m, $action);
}


sub answer_bytes {
    my ($self, $c, $m, $action) = @_;

    my %o = (
        protocol  => $action->{protocol}  || $m->{protocol},
        transport => $action->{transport} || $m->{transport},
        (map { $_ => $action->{$_} }
             grep { defined $action->{$_} }
                  qw(sequence headers persistent packed transforms id)),
    );

    return $action->{raw} if defined $action->{raw};
    return Test::Thrift::Backend::GARBAGE() if $action->{garbage};
    return join('', map { reply_to($c, @$_) } @{$action->{replies}})
        if $action->{replies};

    # a reply to Service:method carries the method alone

    my $name = $m->{name};
    $name =~ s/^[^:]*://;
    $name = $action->{name} if defined $action->{name};

    my $seqid = defined $action->{seqid} ? $action->{seqid} : $m->{seqid};

    return exception_bytes($name, $seqid, @{$action->{exception}}, %o)
        if $action->{exception};

    my $body = $action->{echo} ? $m->{body}
             : defined $action->{body} ? $action->{body}
             : [ [ 0, string => $self->{id} ] ];

    return encode_message($action->{type} || REPLY, $name, $seqid, $body, %o);
}


sub reply_to {
    my ($c, $ago, $name, $text, %o) = @_;

    return reply_bytes($name, $c->{seqids}[$ago], [ [ 0, string => $text ] ],
                       %o);
}


sub send_answer {
    my ($self, $c, $m, $action) = @_;

    if ($m->{type} == ONEWAY && !$action->{answer}) {
        $c->{busy} = 0;
        return;
    }

    my $bytes = $self->answer_bytes($c, $m, $action);
    my $close = $action->{close} || '';

    if ($action->{cut}) {
        $bytes = substr($bytes, 0, length($bytes) * $action->{cut});
        syswrite($c->{socket}, $bytes);
        return;
    }

    $bytes .= $bytes if $action->{twice};
    $bytes = substr($bytes, 0, length($bytes) / 2) if $close eq 'mid';

    $c->{close_after} = $close eq 'mid' || $close eq 'after';
    $c->{reset} = $action->{reset};
    $c->{half_close} = $action->{half_close};
    $c->{pieces} = $action->{pieces};
    $c->{out} .= $bytes;

    $self->write($c);
}


# Write what is there; who calls this calls next_call() after it.

sub write {
    my ($self, $c) = @_;

    while (length $c->{out}) {
        my $size = $c->{pieces} || length $c->{out};
        my $n = syswrite($c->{socket}, $c->{out}, $size);

        if (!defined $n) {
            return if $!{EAGAIN} || $!{EINTR};
            $self->close($c);
            return;
        }

        substr($c->{out}, 0, $n, '');

        if ($c->{pieces} && length $c->{out}) {
            $c->{paused} = 1;
            $self->after(0.002, sub {
                $c->{paused} = 0;
                return if $c->{closed};
                $self->write($c);
                $self->next_call($c);
            });
            return;
        }
    }

    if ($c->{close_after}) {
        $self->close($c, $c->{reset});
        return;
    }

    shutdown($c->{socket}, 1) if $c->{half_close};

    $c->{busy} = 0;
}


1;
