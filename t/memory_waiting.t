#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# What waits takes the memory that it needs, and not the block that it was
# received in: calls, replies that wait for an earlier one, the beginning of a
# message, and what was sent behind a call.  When it is over nothing is kept.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


plan(skip_all => 'memory is not counted under a sanitizer')
    if $ENV{TEST_NGINX_STATIC};

my $conf = <<'EOC';

%%TEST_GLOBALS%%

worker_rlimit_nofile  4096;

events {
    worker_connections  2048;
}

stream {
    %%TEST_GLOBALS_STREAM%%

    server {
        listen       127.0.0.1:%%PORT_many%%;
        thrift_pass  127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen               127.0.0.1:%%PORT_one%%;
        thrift_max_pipeline  1;
        thrift_pass          127.0.0.1:%%PORT_backend%%;
    }
}

EOC

my (@tests, $t, $backend, @clients);

my $text = [ [ 0, string => 'x' x 100 ] ];
my $larger = [ [ 0, string => 'y' x 6000 ] ];

sub memory {
    my ($worker) = $t->workers();

    open(my $fh, '<', "/proc/$worker/statm") or die "statm: $!";

    return (split ' ', <$fh>)[1] * 4096;
}

sub client {
    push @clients, $t->client(@_);

    return $clients[-1];
}

# somebody else, whose bytes come in between

sub others {
    return length($clients[0]->call('echo', $larger)->{fields}{0}) == 6000;
}

# $scenario->() makes $n of what takes $limit bytes at most; a worker of its own
# has nothing left over from others

sub takes {
    my ($name, $n, $limit, $scenario) = @_;

    $t = Test::Thrift->new($conf, log => 'error');
    push @tests, $t;

    $backend = $t->backend('backend', script => { '*' => { echo => 1 },
                                           hold => { hold => 1 } });
    $t->run();
    client('many');

    ok(others(), "$name: before");

    my $before = memory();
    ok($scenario->(), "$name: is there");

    # some had to wait for a connection, with all their bytes

    my $taken;
    wait_for(sub { ($taken = (memory() - $before) / $n) < $limit });

    cmp_ok($taken, '<', $limit, "$name: bytes of each");
    ok(others(), "$name: after");

    # once all is over it is given back

    $backend->release();
    $_->close() for splice(@clients);

    ok(wait_for(sub { memory() < $before + 300_000 }), "$name: over")
        or diag(memory() - $before);
}

sub held {
    my ($n) = @_;

    return wait_for(sub { $backend->calls('hold') == $n });
}

# each has a connection to the server as well

takes('calls', 400, 9_000, sub {
    for my $n (1 .. 400) {
        client('many')->send(call_bytes('hold', 1, $text));
        others() if $n % 4 == 0;
    }

    return held(400);
});

# of a large one only the head is kept once it was sent

takes('large calls', 200, 9_000, sub {
    my $large = [ [ 0, string => 'z' x 12_000 ] ];

    client('many')->send(call_bytes('hold', 1, $large)) for 1 .. 200;

    return held(200);
});

takes('replies', 400, 7_000, sub {
    my @c = map { client('many') } 1 .. 20;

    for my $c (@c) {
        $c->send(call_bytes('hold', 1)
                 . join('', map { call_bytes('get', $_, $text) } 2 .. 21));
        others();
    }

    return held(20) && wait_for(sub { $backend->calls('get') == 400 })
           && others();
});

takes('beginnings of heads', 400, 8_000, sub {
    for my $n (1 .. 400) {
        client('many')->send(substr(call_bytes('get', 1), 0, 1 + $n % 12));
        others() if $n % 4 == 0;
    }

    return others();
});

takes('beginnings of messages', 400, 8_000, sub {
    my $bytes = call_bytes('get', 1, $text);

    for my $n (1 .. 400) {
        client('many')->send(substr($bytes, 0, 25 + $n % 100));
        others() if $n % 4 == 0;
    }

    return others();
});

takes('calls behind others', 200, 10_000, sub {
    for my $n (1 .. 200) {
        client('one')->send(call_bytes('hold', 1, $text)
                        . join('', map { call_bytes('get', $_) } 2 .. 21));
        others() if $n % 4 == 0;
    }

    return held(200);
});

# one message in many pieces, and all of it comes back

for my $protocol (qw(binary compact)) {
    for my $transport (qw(framed unframed)) {
        my %o = (protocol => $protocol, transport => $transport);

        takes("pieces, $transport $protocol", 1, 400_000, sub {
            my $body = [ [ 1, list => [ string => map { "$_" x 20 }
                                                      1 .. 500 ] ] ];
            my $bytes = call_bytes('get', 1, $body, %o);
            my $last = substr($bytes, -50, 50, '');

            my $c = client('many', %o);

            while (length $bytes) {
                $c->send_pieces(substr($bytes, 0, 400, ''), 100, 0.0005);
                others();
            }

            $c->send($last);
            my $m = $c->read_message();

            return $m && $m->{body} eq encode_struct($protocol, @$body);
        });
    }
}

$_->done() for @tests;
