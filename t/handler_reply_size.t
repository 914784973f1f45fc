#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# A handler's reply is limited as an upstream's: the client gets an exception in
# place of one that it might refuse.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(undef, log => 'info');

$t->handler('large', idl => <<'EOF', source => <<'EOF');
service Large {
    binary typed(1: i32 n),

    /** Replies with a whole message, as an adapter does. */
    binary bytes(1: i32 n)
}
EOF
#include "large.h"


static uint8_t  zeros[17 * 1024 * 1024];


static void
typed(nthrift_call_t *call, const Large_typed_args_t *args)
{
    Large_typed_reply(call, nthrift_str_of(zeros, (size_t) args->n));
}


static void
bytes(nthrift_call_t *call, const Large_bytes_args_t *args)
{
    uint32_t        n;
    static uint8_t  message[sizeof(zeros)];

    static const uint8_t  head[] = {
        0x80, 1, 0, 2, 0, 0, 0, 5, 'b', 'y', 't', 'e', 's', 0, 0, 0, 0,
        11, 0, 0
    };

    n = (uint32_t) args->n;

    memcpy(message, head, sizeof(head));
    message[20] = (uint8_t) (n >> 24);
    message[21] = (uint8_t) (n >> 16);
    message[22] = (uint8_t) (n >> 8);
    message[23] = (uint8_t) n;

    (void) nthrift_call_reply_raw(call, message, 25 + n);
}


Large_HANDLER(.typed = typed, .bytes = bytes)
EOF

$t->write_conf(<<'EOF');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_idl           %%TESTDIR%%/gen-large/large.thrift;
    thrift_handler_slow  0;

    server {
        listen  127.0.0.1:%%PORT_default%%;

        thrift_service Large { thrift_handler %%TESTDIR%%/large.so; }
    }

    server {
        listen  127.0.0.1:%%PORT_small%%;

        thrift_max_message_size  1000;

        thrift_service Large { thrift_handler %%TESTDIR%%/large.so; }
    }
}

EOF

$t->run();

# what stands around the value, with the length in front of the frame: both
# names have five letters

my $around = 4 + 4 + 4 + 5 + 4 + 3 + 4 + 1;

for my $method (qw(typed bytes)) {
    my $c = $t->client('small');
    my $u = $t->client('small', transport => 'unframed');

    limited($c, $method, 1000 - $around, 1000, 'framed');
    limited($u, $method, 1004 - $around, 1000, 'unframed');

    limited($t->client('default'), $method, 16384004 - $around, 16384004,
            'by default');
    $u = $t->client('default', transport => 'unframed');
    is(length answer(fill($u, $method, 16384005 - $around)),
       16384005 - $around, "$method: unframed by default");
}

$t->expect_log(qr/\[error\].*handler's reply is too large: 1001 bytes.*call:/);

$t->done();


sub fill {
    my ($c, $method, $n) = @_;

    return $c->call($method, [ [ 1, i32 => $n ] ]);
}


# The value may have $n bytes, and not one more.

sub limited {
    my ($c, $method, $n, $limit, $name) = @_;

    is(length answer(fill($c, $method, $n)), $n, "$method, $name: the largest");
    is(answer(fill($c, $method, $n + 1)),
       "6 handler's reply is too large: @{[ $limit + 1 ]} bytes, "
       . qq("thrift_max_message_size" allows $limit),
       "$method, $name: larger");
    is(length answer(fill($c, $method, 1)), 1, "$method, $name: goes on");
}
