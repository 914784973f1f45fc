# SPDX-License-Identifier: BSD-2-Clause

package Test::Thrift::Names;

# A DNS server at the port "dns" of a test: it answers with the addresses that a
# name's first part has at the moment.
#
#     my $names = Test::Thrift::Names->new($t);
#     $names->set('moving', '127.0.0.1', '127.0.0.2');

use strict;
use warnings;

use IO::Socket::INET;


sub new {
    my ($class, $t) = @_;

    my $self = bless { t => $t }, $class;

    $t->run_daemon(sub { $self->_serve() }, file => 'dns.ready');

    return $self;
}


# The name has these addresses from now on.

sub set {
    my ($self, $name, @addresses) = @_;

    my $file = $self->{t}->dir() . "/$name.dns";

    open(my $fh, '>', "$file.new") or die "$file: $!";
    print $fh "@addresses\n";
    close($fh);
    rename("$file.new", $file);
}


sub _serve {
    my ($self) = @_;

    my $t = $self->{t};
    my $s = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
                                  LocalPort => $t->port('dns'), Proto => 'udp',
                                  ReuseAddr => 1) or die "udp: $!";

    open(my $ready, '>', $t->dir() . '/dns.ready');
    close($ready);

    while (my $from = $s->recv(my $packet, 512)) {
        my ($id) = unpack('n', $packet);
        my ($name) = unpack('C/a', substr($packet, 12));
        my $question = substr($packet, 12, length($name) + 11);
        my @addresses = split ' ', $t->read_log("$name.dns");

        $s->send(pack('n6', $id, 0x8180, 1, scalar(@addresses), 0, 0)
                 . $question
                 . join('', map { pack('n3Nn', 0xc00c, 1, 1, 1, 4)
                                  . pack('C4', split /\./) } @addresses),
                 0, $from);
    }
}


1;
