#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Apache's Perl client: PINGPONG WEATHER MYSERVICE FAULTS ALL
#
# The arguments are ports; on that of ALL services are called by their names,
# through Thrift::MultiplexedProtocol.  The protocol is binary, there is no
# other.

use strict;
use warnings;
use utf8;

use Thrift;
use Thrift::BinaryProtocol;
use Thrift::BufferedTransport;
use Thrift::FramedTransport;
use Thrift::MultiplexedProtocol;
use Thrift::Socket;

use faults::Faults;
use faults_newer::Newer;
use myservice::MyService;
use pingpong::PingPong;
use weather::WeatherService;

my %transports = (buffered => 'Thrift::BufferedTransport',
                  framed   => 'Thrift::FramedTransport');

my $all = pop @ARGV;

for my $transport (sort keys %transports) {
    print "== $transport binary\n";
    my @protocols = map { connect_to($transport, $_) } @ARGV;
    run(@protocols, $protocols[-1]);
    $_->getTransport()->close() for @protocols;

    print "== $transport binary multiplexed\n";
    my $protocol = connect_to($transport, $all);
    my @named = map { Thrift::MultiplexedProtocol->new($protocol, $_) }
                    qw(PingPong WeatherService MyService Faults Faults Nope);
    my $nope = faults::FaultsClient->new(pop @named);

    run(@named);
    say('nope', sub { $nope->refuse(0) });
    $protocol->getTransport()->close();
}


sub connect_to {
    my ($transport, $port) = @_;

    my $socket = Thrift::Socket->new('127.0.0.1', $port);
    $socket->setSendTimeout(60000);
    $socket->setRecvTimeout(60000);

    my $buffer = $transports{$transport}->new($socket);
    $buffer->open();

    return Thrift::BinaryProtocol->new($buffer);
}


sub run {
    my ($pingpong, $weather, $myservice, $faults, $newer) = @_;

    run_pingpong(pingpong::PingPongClient->new($pingpong));
    run_weather(weather::WeatherServiceClient->new($weather));
    run_myservice(myservice::MyServiceClient->new($myservice));
    run_faults(faults::FaultsClient->new($faults),
               faults_newer::NewerClient->new($newer));
}


sub run_pingpong {
    my ($client) = @_;

    say('ping', sub { $client->ping() });
    say('add', sub { $client->add(-7, '9007199254741000') });
}


sub run_weather {
    my ($client) = @_;

    say('weather ping', sub { yes($client->ping()) });
    say('in France', sub {
        $client->getTemperature(weather::Location->new({ city => 'Paris',
                                                         country => 'France' }))
    });
    say('anywhere', sub {
        $client->getTemperature(weather::Location->new({ city => 'Oslo' }))
    });
}


sub run_myservice {
    my ($client) = @_;

    for my $active (1, 0) {
        my $data = myservice::MyData->new({ name => 'Grüße', age => 33,
                                            active => $active });

        say('do', sub { $client->doSomething($data) });
        say('status', sub { yes($client->checkStatus()) });
    }
}


sub run_faults {
    my ($client, $newer) = @_;

    my $light = faults_newer::NewerItem->new({ name => 'light' });
    my $value = everything();
    my $text = "told $$";

    say('refuse 0', sub { $client->refuse(0) });
    say('refuse 7', sub { $client->refuse(7) });
    say('fail', sub { $client->fail('so') });
    say('fresh', sub { $newer->fresh(3) });
    say('changed', sub { $newer->twice('two') });
    say('required', sub { $newer->weigh($light) });
    say('twice', sub { $client->twice(-21) });
    say('describe', sub { $client->describe($value) });
    say('echo', sub { same($client->echo($value), $value) });
    say('tell', sub { $client->tell($text); undef });
    say('told', sub { yes($client->told() eq $text) });
    say('told again', sub { $client->told() });
}


sub everything {
    my $inner = faults::Inner->new({ id => -1, name => 'in' });

    return faults::Everything->new({
        yes => 1, tiny => -128, small => -32768, middle => -2147483648,
        large => '-9007199254740993', real => -0.1, text => 'Grüße',
        octets => "\x00\x01\xfe\xff", color => faults::Color::GREEN,
        inner => $inner, numbers => [ 0, 1, -1, 2147483647 ],
        words => [ '', 'x' ], members => [ -1, 0, 2 ** 40 ],
        counts => { a => -2 },
        nested => { 7 => [ $inner, faults::Inner->new({ id => 300 }) ] },
        flags => [ 1, 0, 1 ], either => faults::Either->new({ word => 'or' }),
        far => 0,
    });
}


# A set is written from a list and read as a hash; text is read as bytes.

sub same {
    my ($got, $want) = @_;

    $got->{members} = [ sort { $a <=> $b } keys %{$got->{members}} ];
    utf8::decode($got->{text});

    return flat($got) eq flat($want) ? 'the same' : flat($got);
}


sub flat {
    my ($v) = @_;

    return '[' . join(',', map { flat($_) } @$v) . ']' if ref $v eq 'ARRAY';

    return '{' . join(',', map { "$_=" . flat($v->{$_}) }
                               grep { defined $v->{$_} } sort keys %$v) . '}'
        if ref $v;

    return $v || 0;
}


sub yes {
    return $_[0] ? 'yes' : 'no';
}


sub say {
    my ($name, $call) = @_;

    my $value = eval { $call->() };
    my $e = $@;

    $value = 'nothing' unless defined $value;
    $value = "died: $e" if $e;
    $value = ref($e) . " $e->{code} " . ($e->{reason} || $e->{message})
        if ref $e && $e->isa('Thrift::TException');

    print "$name: $value\n";
}
