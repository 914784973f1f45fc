#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Apache's library for Perl as a reader: see t/agree/run.
#
#     read_perl.pl CORPUS OUT

use strict;
use warnings;

use Thrift;
use Thrift::MemoryBuffer;
use Thrift::BinaryProtocol;

use agree::Svc;


my $tail = "\0" x 4096;

package Handler;

our @ISA = ('agree::SvcIf');

sub new { return bless { }, shift }
sub call { return 7 }

package main;

my $processor = agree::SvcProcessor->new(Handler->new());

open(my $corpus, '<', $ARGV[0]) or die "$ARGV[0]: $!\n";
open(my $results, '>', $ARGV[1]) or die "$ARGV[1]: $!\n";

while (my $line = <$corpus>) {
    my ($number, $protocol, $message) = split /\t/, $line;

    next if $protocol ne 'binary';

    my $bytes = pack('H*', $message) . $tail;
    my $in = Thrift::MemoryBuffer->new();

    $in->write($bytes);

    # its servers close after whatever a method or a reader dies of

    my $goes_on = eval {
        local $SIG{ALRM} = sub { die "does not come to an end\n" };
        local $SIG{__WARN__} = sub { };

        alarm 5;
        $processor->process(Thrift::BinaryProtocol->new($in),
            Thrift::BinaryProtocol->new(Thrift::MemoryBuffer->new()));
        alarm 0;
        1;
    };

    my $error = $@;
    alarm 0;

    my $what = $goes_on ? 'on' : 'closes';

    $error = ref $error ? $error->{message} // '' : "$error";
    $what = 'more'
        if !$goes_on && $error =~ /Attempt to readAll|does not come to an end/;

    print $results join("\t", $number, $what,
                        length($bytes) - $in->available()), "\n";
}
