#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Apache's Perl server, a process for each connection: TRANSPORT PORT FILE
#
# What it was told is in FILE, as its processes share no memory.  PEERS_RECORD,
# and what is told: see server.cpp.

use strict;
use warnings;

use Thrift;
use Thrift::BinaryProtocol;
use Thrift::BufferedTransport;
use Thrift::FramedTransport;
use Thrift::MultiplexedProcessor;
use Thrift::Server;
use Thrift::ServerSocket;

use Other;
use Peer;
use Types;

my ($framing, $port, $file) = @ARGV;

my $transport = $framing eq 'framed' ? Thrift::FramedTransportFactory->new()
                                : Thrift::BufferedTransportFactory->new();
my $processor = Thrift::MultiplexedProcessor->new();
my $peer = PeerProcessor->new(PeerHandler->new($file));

$processor->defaultProcessor($peer);
$processor->registerProcessor('Peer', $peer);
$processor->registerProcessor('Other',
                              OtherProcessor->new(OtherHandler->new()));

Thrift::ForkingServer->new(
    $processor, Thrift::ServerSocket->new($port), $transport,
    Thrift::BinaryProtocolFactory->new())->serve();


package PeerHandler;

use Time::HiRes ();

sub new { return bless { heard => $_[1] }, $_[0] }
sub nothing { return }

my $kept;

sub echoString {
    my ($self, $text) = @_;

    add($ENV{PEERS_RECORD}, substr($text, 0, 64));

    return ($kept // '') . $text;
}

sub echoList { return $_[1] }
sub echoMap { return $_[1] }
sub fail { die "not declared\n" }

# a set is read as a hash and written from a list

sub echoAll {
    my ($self, $all) = @_;

    $all->{members} = [ keys %{$all->{members}} ];

    return $all;
}

sub refuse {
    my ($self, $code) = @_;

    die Refused->new({ code => $code, reason => "refused $code" }) if $code;

    return 0;
}

sub tell {
    my ($self, $text) = @_;

    add($ENV{PEERS_RECORD}, $text);
    Time::HiRes::sleep($1 / 1000) if $text =~ /^sleep (\d+)/;
    $kept = $1 if $text =~ /^keep (.*)/s;
    die "told to\n" if $text eq 'raise';
    add($self->{heard}, $text);

    return;
}

sub add {
    my ($file, $text) = @_;

    return unless defined $file;

    open(my $fh, '>>', $file) or die "$file: $!";
    binmode($fh, ':utf8');
    print $fh "$text\n";
    close($fh);
}

sub told {
    my ($self, $text) = @_;

    open(my $fh, '<', $self->{heard}) or return 0;

    return scalar grep { $_ eq "$text\n" } <$fh>;
}

sub sleep {
    my ($self, $ms) = @_;

    Time::HiRes::sleep($ms / 1000);

    return $ms;
}


package OtherHandler;

sub new { return bless {}, shift }
sub twice { return 2 * $_[1] }
sub name { return 'other' }
