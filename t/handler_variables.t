#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# What a handler learns of a client by nginx's variables: its certificate, the
# name that it has asked for, headers that it has sent, its address.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;

eval { require IO::Socket::SSL; require Test::Thrift::Authority; 1 }
    or plan(skip_all => 'IO::Socket::SSL is needed');


my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

thread_pool  few  threads=2;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_idl  %%TESTDIR%%/gen-who/who.thrift;

    map $thrift_header_user_id $role {
        default  guest;
        7        admin;
    }

    ssl_certificate         server.pem;
    ssl_certificate_key     server.key;
    ssl_client_certificate  ca.pem;
    ssl_verify_client       optional;

    server {
        listen  127.0.0.1:%%PORT_tls%%  ssl;

        thrift_service Who {
            thrift_handler  %%TESTDIR%%/who.so;
        }
    }

    server {
        listen                  127.0.0.1:%%PORT_plain%%;
        thrift_transport        header;
        thrift_max_header_size  262140;
        thrift_handler_memory   64k;

        thrift_service Who {
            thrift_handler  %%TESTDIR%%/who.so;
        }
    }

    server {
        listen  127.0.0.1:%%PORT_threads%%;

        thrift_service Who {
            thrift_handler  %%TESTDIR%%/who.so  threads=few;
        }
    }
}

EOC

my $ca = Test::Thrift::Authority->new($t->dir(), 'ca');

$ca->issue('server', names => [ 'a.test' ]);

$t->handler('who', idl => <<'EOF', source => <<'EOF');
service Who {
    /** The value of a variable, "(none)" if it has none. */
    string value(1: string name),

    /** The same in the log, after the call has been replied to. */
    string late(1: string name)
}
EOF
#include "who.h"


static nthrift_str_t
variable(nthrift_call_t *call, nthrift_str_t name)
{
    nthrift_str_t  value;

    name = nthrift_call_copy(call, name);
    value = nthrift_call_variable(call, (const char *) name.data);

    if (value.data == NULL) {
        return NTHRIFT_STR("(none)");
    }

    return nthrift_call_format(call, "%s", (const char *) value.data);
}


static void
value(nthrift_call_t *call, const Who_value_args_t *args)
{
    Who_value_reply(call, variable(call, args->name));
}


static void
late(nthrift_call_t *call, const Who_late_args_t *args)
{
    nthrift_str_t  name;

    name = nthrift_call_copy(call, args->name);

    Who_late_reply(call, NTHRIFT_STR("replied"));

    nthrift_call_log(call, NTHRIFT_LOG_NOTICE, "late: %d",
                     nthrift_call_variable(call, (const char *) name.data).data
                     != NULL);
}


Who_HANDLER(.value = value, .late = late)
EOF

$t->run();

sub value {
    my ($c, $name, %o) = @_;

    my $m = $c->call('value', [ [ 1, string => $name ] ], %o);

    return $m && exists $m->{fields}{0} ? $m->{fields}{0} : answer($m);
}

# TLS

my $c = $t->client('tls', ssl => { %{$ca->issue('alice')},
                                   SSL_hostname => 'a.test' });

is(value($c, 'ssl_client_verify'), 'SUCCESS', 'a certificate');
is(value($c, 'ssl_client_s_dn'), 'CN=alice', 'its subject');
is(value($c, 'ssl_server_name'), 'a.test', 'the name that it has asked for');
like(value($c, 'ssl_client_fingerprint'), qr/^[0-9a-f]{40}$/, 'a fingerprint');

$c = $t->client('tls', ssl => {});
is(value($c, 'ssl_client_verify'), 'NONE', 'none');
is(value($c, 'ssl_client_s_dn'), '(none)', 'no subject');
is(value($c, 'ssl_server_name'), '(none)', 'no name');

# headers

$c = $t->client('plain', transport => 'header');

is(value($c, 'thrift_header_user_id', headers => [ 'user-id' => 7 ]), 7,
   'a header');
is(value($c, 'role', headers => [ 'User-Id' => 7 ]), 'admin',
   'a variable of a map');
is(value($c, 'role'), 'guest', 'without the header');
is(value($c, 'thrift_header_user_id'), '(none)', 'a header that was not sent');
is(value($c, 'Remote_Addr'), '127.0.0.1', 'in another case');
is(value($c, 'no_such_variable'), '(none)', 'no such variable');
is(value($c, ''), '(none)', 'no name');
like(value($c, 'thrift_header_x', headers => [ x => 'y' x 100_000 ]),
     qr/thrift_handler_memory/, 'memory is limited');

# not after the reply, nor in a thread

is($c->call('late', [ [ 1, string => 'remote_addr' ] ])->{fields}{0},
   'replied', 'a reply');
ok($t->wait_log(qr/late: 0/), 'no variable after the reply');

is(value($t->client('threads'), 'remote_addr'), '(none)', 'in a thread');
$t->expect_log(qr/\[error\].*nthrift_call_variable\(\) called in a thread/);

$t->done();
