#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# A server that answers calls again and again that were answered: the call that
# waits fails, soon, and neither the log nor the memory grow.  When it does so a
# few times only, the call is answered.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_timeout  5s;

    upstream repeats {
        server  127.0.0.1:%%PORT_repeats%%  max_fails=0;
    }

    server {
        listen       127.0.0.1:%%PORT_pass%%;
        thrift_pass  repeats;
    }

    server {
        listen            127.0.0.1:%%PORT_deep%%;
        thrift_max_depth  255;
        thrift_pass       repeats;
    }

    server {
        listen         127.0.0.1:%%PORT_other%%;
        thrift_return  INTERNAL_ERROR  "no";
    }
}

EOC

$t->server(repeats => \&repeat);
$t->run();

my $other = $t->client('other');

for my $port (qw(pass deep)) {
    my $c = $t->client($port);

    is($c->call('first')->{type}, REPLY, "$port first call");

    my $before = length $t->read_log('error.log');

    for my $n (1 .. 3) {
        my $c = $t->client($port);

        $c->call('first');

        my $m = $c->call('again');

        is($m->{message}, 'upstream sent a malformed reply: '
                          . 'it answers an earlier call',
           "$port $n call fails");
        is($other->call('other')->{type}, EXCEPTION, "$port $n other client");
        is($c->call('first')->{type}, REPLY, "$port $n a new connection");
    }

    my $late = $t->client($port);

    $late->call('first');
    is($late->call('thrice')->{type}, REPLY, "$port a call behind some of them");

    cmp_ok(length($t->read_log('error.log')) - $before, '<', 3000,
           "$port log is short");
}

is(scalar $t->grep_log(qr/upstream sent another reply to an earlier call/), 8,
   'one line for each connection');

$t->done();


# Answers once; "again" is answered with what was answered before, for ever, and
# "thrice" three times with that, and then as it should be.

sub repeat {
    my ($socket) = @_;

    my $answer = '';

    while (sysread($socket, my $bytes, 4096)) {
        my $m = parse_message($bytes);

        if ($m->{name} eq 'again') {
            while (syswrite($socket, $answer x 2000)) { }
            last;
        }

        my $earlier = $m->{name} eq 'thrice' ? $answer x 3 : '';

        $answer = reply_bytes($m->{name}, $m->{seqid});
        syswrite($socket, $earlier . $answer);
    }
}
