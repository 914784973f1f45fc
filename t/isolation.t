#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Clients that share servers do not reach each other's calls: what one sends is
# never read as another's, and connections that it may have spoiled are its own.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Time::HiRes qw(time);
use Test::Thrift;


my $top = Test::Thrift->top();
my $idl = "$top/t/peers/peers.thrift";
my $venv = "$top/build/peers/venv/bin/python3";

ok(system('make', '-s', '-C', $top, '-f', 't/peers/peers.mk', 'peers') == 0,
   'build');

my $t = Test::Thrift->new(<<"EOC", log => 'info');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    # nothing is known of the calls

    server {
        listen       127.0.0.1:%%PORT_unknown%%;
        thrift_pass  127.0.0.1:%%PORT_to_unknown%%;
    }

    # definitions, and what is checked with them is the default

    server {
        listen       127.0.0.1:%%PORT_checked%%;
        thrift_idl   $idl;
        thrift_pass  127.0.0.1:%%PORT_to_checked%%;
    }

    server {
        listen                127.0.0.1:%%PORT_enums%%;
        thrift_idl            $idl;
        thrift_validate_enum  off;
        thrift_validate_utf8  off;
        thrift_pass           127.0.0.1:%%PORT_to_enums%%;
    }

    server {
        listen           127.0.0.1:%%PORT_structure%%;
        thrift_idl       $idl;
        thrift_validate  structure;
        thrift_pass      127.0.0.1:%%PORT_to_structure%%;
    }

    server {
        listen          127.0.0.1:%%PORT_trusted%%;
        thrift_trusted  on;
        thrift_pass     127.0.0.1:%%PORT_to_trusted%%;
    }

    # real servers

    server {
        listen       127.0.0.1:%%PORT_unknown_cpp%%;
        thrift_pass  127.0.0.1:%%PORT_cpp%%;
    }

    server {
        listen       127.0.0.1:%%PORT_checked_cpp%%;
        thrift_idl   $idl;
        thrift_pass  127.0.0.1:%%PORT_cpp%%;
    }

    server {
        listen       127.0.0.1:%%PORT_unknown_py%%;
        thrift_pass  127.0.0.1:%%PORT_py%%;
    }

    server {
        listen       127.0.0.1:%%PORT_checked_py%%;
        thrift_idl   $idl;
        thrift_pass  127.0.0.1:%%PORT_py%%;
    }
}

EOC

my ($unknown, $checked, $enums, $structure, $trusted)
    = map { $t->backend("to_$_", id => 'backend',
                        script => { hold => { hold => 1 } }) }
          qw(unknown checked enums structure trusted);

# thriftpy2 where it could be installed, else what Debian has of thriftpy

my @python = -x $venv ? ($venv, '-B', "$top/t/peers/server_thriftpy.py",
                         'thriftpy2')
                      : ('/usr/bin/python3', '-B',
                         "$top/t/peers/server_thriftpy.py", 'thriftpy');

$t->run_daemon([ @python, $idl, 'framed', $t->port('py') ]);
$t->run_daemon([ "$top/build/peers/server",
                 'threaded:framed:binary:' . $t->port('cpp') ]);

for my $port (map { $t->port($_) } qw(py cpp)) {
    die "no server on port $port"
        unless wait_for(sub { Test::Thrift::listens("127.0.0.1:$port") }, 20);
}

$t->run();

own_connections();
own_limit();
odd_values();
oneways();
exceptions();
seqids();
smuggled_list();
smuggled_uuid();

$t->done();


# Does a connection stay with the client whose unchecked calls it carried.

sub own_connections {
    for ([ unknown => $unknown ], [ structure => $structure ]) {
        my ($name, $backend) = @$_;
        my ($first, $second) = map { $t->client($name) } 1 .. 2;

        is(scalar(grep { answered($first) } 1 .. 5), 5, "$name, first client");
        is($backend->accepted(), 1, "$name, its connection");
        ok(answered($second), "$name, second client");
        is($backend->accepted(), 2, "$name, another connection");
        ok(answered($_), "$name, once more") for $first, $second;
        is($backend->accepted(), 2, "$name, the same connections");

        $first->close();
        ok(wait_for(sub { $backend->closed() == 1 }), "$name, closed with it");
        ok(answered($second), "$name, the other stays");
        is($backend->accepted(), 2, "$name, none opened");
    }

    for ([ checked => $checked ], [ trusted => $trusted ]) {
        my ($name, $backend) = @$_;

        is(scalar(grep { answered($t->client($name)) } 1 .. 5), 5,
           "$name, five clients");
        is($backend->accepted(), 1, "$name, one connection");
    }
}


# One for each call in flight, and only one some seconds later.

sub own_limit {
    my $client = $t->client('unknown');
    my $accepted = $unknown->accepted();
    my $closed = $unknown->closed();

    $client->send(join('', map { call_bytes('hold', $_) } 1 .. 8));
    ok(wait_for(sub { $unknown->calls('hold') == 8 }), 'eight at once');
    is($unknown->accepted(), $accepted + 8, 'eight connections');

    $unknown->release();
    is(scalar(grep { $_->{type} == REPLY } $client->exchange('', 8)), 8,
       'eight replies');

    is($unknown->closed(), $closed, 'kept');
    ok(wait_for(sub { $unknown->closed() == $closed + 7 }, 10), 'for a while');

    ok(answered($client), 'the last one');
    is($unknown->accepted(), $accepted + 8, 'is kept');
}


# A number that its enum does not have makes servers of Ruby (and of Java, where
# the field is required) read on behind an error, other text than UTF-8 those of
# Rust.

sub odd_values {
    my ($first, $second) = map { $t->client('enums') } 1 .. 2;

    $enums->script(echoAll => { body => [ [ 0, struct => [ ] ] ] });

    ok(echoed_color($first, 5), 'declared number');
    ok(answered($second), 'beside it');
    is($enums->accepted(), 1, 'declared number, one connection');

    ok(echoed_color($first, 7), 'undeclared number');
    ok(answered($second), 'beside an undeclared number');
    is($enums->accepted(), 2, 'undeclared number, a connection of its own');

    $second->close();
    ($first, $second) = map { $t->client('enums') } 1 .. 2;

    my $accepted = $enums->accepted();

    ok(answered($_), 'shared') for $first, $second;
    is($enums->accepted(), $accepted, 'shared, no connection');
    is($first->call('echoString', [ [ 1, string => "\xff" ] ])->{type}, REPLY,
       'not UTF-8');
    ok(answered($second), 'beside what is not UTF-8');
    is($enums->accepted(), $accepted + 1,
       'not UTF-8, a connection of its own');

    $first = $t->client('checked');
    is($first->call('echoAll',
           [ [ 1, struct => [ [ 9, i32 => 7 ] ] ] ])->{message},
       'arguments do not fit their definition: number that its enum does not '
       . 'have at all.color', 'undeclared number, by default');
    is($first->call('echoString', [ [ 1, string => "\xff" ] ])->{message},
       'arguments do not fit their definition: string is not UTF-8 at text',
       'not UTF-8, by default');
}


sub echoed_color {
    my ($c, $color) = @_;

    my $m = $c->call('echoAll', [ [ 1, struct => [ [ 9, i32 => $color ] ] ] ]);

    return $m && $m->{type} == REPLY;
}


# Nobody waits behind another client's oneway, or meets what it has left.

sub oneways {
    for ([ checked => $checked ], [ trusted => $trusted ]) {
        my ($name, $backend) = @$_;
        my ($first, $second) = map { $t->client($name) } 1 .. 2;
        my $accepted = $backend->accepted();

        $first->oneway('tell', [ [ 1, string => 'x' ] ]);
        ok(wait_for(sub { $backend->calls('tell') }), "$name oneway");

        ok(answered($second), "$name beside it");
        is($backend->accepted(), $accepted + 1, "$name, not behind it");
        ok(answered($first), "$name after it");
        is($backend->accepted(), $accepted + 1, "$name, its own connection");

        # two connections, both proven

        $first->close();
        ok(wait_for(sub { $t->client($name); answered($second) }),
           "$name, shared again");
        is($backend->closed(), 0, "$name, none closed");
    }
}


# What a server has done with the rest of a call that it did not understand is
# not known, nor if it closes now.

sub exceptions {
    for ([ checked => $checked ], [ trusted => $trusted ]) {
        my ($name, $backend) = @$_;
        my ($first, $second) = map { $t->client($name) } 1 .. 2;
        my $used = sub { ($backend->calls())[-1]->{connection} };

        $backend->script(fail => { exception => [ 6, 'no' ] });

        # it is kept for 200 milliseconds; who was slower tries again

        my ($own, $on);
        my $end = time() + 20 * time_factor();

        while (time() < $end) {
            my $start = time();

            is($first->call('fail')->{type}, EXCEPTION, "$name, exception");
            $own = $used->();

            for (1 .. 3) {
                ok(answered($second), "$name beside it");
                isnt($used->(), $own, "$name, not behind it");
            }

            ok(answered($first), "$name after it");
            $on = $used->();

            last if time() - $start < 0.18;
        }

        is($on, $own, "$name, on its own connection");

        ok(answered($second), "$name, shared again");
        is($used->(), $own, "$name, the one that was used last");

        # what is kept for a client goes with it

        my $closed = $backend->closed();

        $second->call('fail');
        $second->close();
        ok(wait_for(sub { $backend->closed() == $closed + 1 }),
           "$name, not shared");

        # nor does it take a server's thread for long

        $first->call('fail');
        ok(wait_for(sub { $backend->closed() == $closed + 2 }, 4),
           "$name, let go");
        ok(answered($first), "$name, goes on");
    }
}


sub seqids {
    my @seqids = map { $_->{seqid} } $checked->calls(), $trusted->calls();
    my %differences;

    $differences{$seqids[$_] - $seqids[$_ - 1]}++ for 1 .. $#seqids;

    is(scalar(grep { $_ < 0 } @seqids), 0, 'no seqid is negative');
    is(scalar(grep { $_ > 1 } values %differences), 0,
       'no seqid follows from another');
}


# Generated code believes the definition, not the element type that is sent:
# where the walk sees a list of i64, it reads half as many bytes, then the end
# of the arguments, then a call of the attacker's choice.

sub smuggled_list {
    my $secret = 'my password is hunter2';
    my $victim = call_bytes('echoString', 8, [ [ 1, string => $secret ] ]);
    my $text = 'chosen by the attacker; the victim sent: ';
    my $call;

    do {
        $call = smuggled($text, length $victim);
        $text .= ' ';
    } while ((1 + length $call) % 4);

    my $hidden = "\0$call";
    my $n = length($hidden) / 4;
    my $body = pack('C n C N', 15, 1, 10, $n) . pack('N', 1) x $n . $hidden
               . "\0";

    attack("${_}_cpp", "C++, list, $_", $secret, echoList => $body)
        for qw(unknown checked);
}


# A field of a type that the library does not know is nothing to it: the bytes
# of the uuid are read as fields, the first one ends the arguments.

sub smuggled_uuid {
    my $secret = 'my password is hunter2';
    my $victim = call_bytes('echoString', 8, [ [ 1, string => $secret ] ]);
    my $hidden = "\0" . smuggled('chosen by the attacker; the victim sent: ',
                                 length $victim);

    my $body = pack('C n N/a', 11, 1, 'innocent')
               . pack('C n', 16, 99) . pack('C n N a9', 11, 101, 16, '.' x 9)
               . pack('C n N/a', 11, 100, $hidden) . "\0";

    attack("${_}_py", "thriftpy, uuid, $_", $secret, echoString => $body)
        for qw(unknown checked);
}


# The beginning of a call whose argument is what comes next, `size` bytes.

sub smuggled {
    my ($text, $size) = @_;

    return pack('N N/a N', 0x80010001, 'echoString', 3)
           . pack('C n N', 11, 1, length($text) + 1 + $size) . $text;
}


sub attack {
    my ($where, $name, $secret, $method, $body) = @_;

    my $attacker = $t->client($where);
    my $seen = 0;

    is(echoed($t->client($where), $secret), $secret, "$name, before");

    for (1 .. 3) {
        $attacker->send(call_bytes($method, $_, $body));
        my $m = $attacker->read_message();

        my $echo = echoed($t->client($where), $secret);
        is($echo, $secret, "$name, attack $_");

        $seen++ if ($m->{bytes} || '') =~ /hunter2/;
        $attacker = $t->client($where) unless $attacker->open(0.05);
    }

    is($seen, 0, "$name, nothing seen");
}


sub echoed {
    my ($c, $text) = @_;

    my $m = $c->call('echoString', [ [ 1, string => $text ] ], seqid => 8);

    return 'nothing' unless $m;
    return $m->{fields}{0} // $m->{message};
}


sub answered {
    my ($c) = @_;

    return (echoed($c, 'x') =~ /^backend/) ? 1 : 0;
}
