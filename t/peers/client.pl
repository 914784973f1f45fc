#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Apache's Perl client: TRANSPORT PORT [multi]
#
# TRANSPORT is framed or buffered; the protocol is binary, there is no other.

use strict;
use warnings;
use utf8;

use Thrift;
use Thrift::BinaryProtocol;
use Thrift::BufferedTransport;
use Thrift::FramedTransport;
use Thrift::MultiplexedProtocol;
use Thrift::Socket;

use Newer;
use Other;
use Types;

my ($framing, $port, $mode) = @ARGV;

my $socket = Thrift::Socket->new('127.0.0.1', $port);
$socket->setSendTimeout(30000);
$socket->setRecvTimeout(30000);

my $transport = $framing eq 'framed' ? Thrift::FramedTransport->new($socket)
                                     : Thrift::BufferedTransport->new($socket);
my $protocol = Thrift::BinaryProtocol->new($transport);

$transport->open();

my $peer = NewerClient->new(named('Peer'));

$peer->nothing();
print "nothing: ok\n";

same("echoString " . length, $peer->echoString($_), $_)
    for '', 'x', 'x' x 100000;

my $all = All->new({
    yes => 1, tiny => -128, small => -32768, middle => -2147483648,
    large => -(2 ** 40), real => -0.25, text => 'text', bytes => "\1\2\3",
    color => Color::GREEN, inner => Inner->new({ id => -1, name => 'in' }),
    numbers => [ 0, 1, -1 ], words => [ '', 'x' ], members => [ 5, 7 ],
    counts => { a => 1, b => -2 }, flags => [ 1, 0, 1 ], far => 0,
    nested => { 7 => [ Inner->new({ id => 300 }) ] },
});

my $got = $peer->echoAll($all);

# a set is written from a list and read as a hash

$got->{members} = [ sort keys %{$got->{members}} ];

same("echoAll $_", flat($got->{$_}), flat($all->{$_}))
    for sort grep { defined $all->{$_} } keys %$all;

same('echoList', "@{$peer->echoList([ -5 .. 500 ])}", "@{[ -5 .. 500 ]}");
same('refuse 0', $peer->refuse(0), 0);
exception('refuse 7', sub { $peer->refuse(7) });
exception('fail', sub { $peer->fail() });
same('after fail', $peer->echoString('x'), 'x');
exception('fresh', sub { $peer->fresh(3) });
same('after fresh', $peer->echoString('y'), 'y');

my $news = "Perl told $$";

same('told before', $peer->told($news) ? 1 : 0, 0);
$peer->tell($news);
same('told', told(), 1);
same('sleep', $peer->sleep(20), 20);

if ($mode) {
    my $other = OtherClient->new(named('Other'));

    same('twice', $other->twice(21), 42);
    same('name', $other->name(), 'other');
}

$transport->close();


sub named {
    my ($name) = @_;

    return $mode ? Thrift::MultiplexedProtocol->new($protocol, $name)
                 : $protocol;
}


sub same {
    my ($name, $got, $want) = @_;

    print "$name: ", $got eq $want ? 'ok' : "got $got", "\n";
}


sub exception {
    my ($name, $call) = @_;

    my $value = eval { $call->() };
    my $e = $@;

    print "$name: ", !$e ? 'returned'
                     : !ref $e ? "died: $e"
                     : $e->isa('Refused') ? "Refused $e->{code} $e->{reason}"
                     : ref($e) . " $e->{code} $e->{message}", "\n";
}


sub told {
    for (1 .. 1000) {
        return 1 if $peer->told($news);
        $peer->sleep(10);
    }

    return 0;
}


sub flat {
    my ($v) = @_;

    return join(',', map { "$_=" . flat($v->{$_}) }
                         sort grep { defined $v->{$_} } keys %$v)
        if ref $v && ref $v ne 'ARRAY';

    return '[' . join(',', map { flat($_) } @$v) . ']' if ref $v;

    return $v || 0;
}
