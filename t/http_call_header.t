#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_call_header: what a handler, a log and a server learn of a client that
# calls by HTTPS: its certificate, and headers that the configuration names.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;

eval { require IO::Socket::SSL; require Test::Thrift::Authority; 1 }
    or plan(skip_all => 'IO::Socket::SSL is needed');


my $conf = <<'EOC';

%%TEST_GLOBALS%%

events {
}

http {
    %%TEST_GLOBALS_HTTP%%

    ssl_certificate         server.pem;
    ssl_certificate_key     server.key;
    ssl_client_certificate  ca.pem;
    ssl_verify_client       optional;

    thrift_call_header  client  $ssl_client_s_dn;
    thrift_call_header  tenant  $http_x_tenant;

    server {
        listen  127.0.0.1:%%PORT_web%%  ssl;

        location = /door {
            thrift_door  who;
        }

        location /api {
            thrift_gateway  who;
        }

        location = /other {
            thrift_door         who;
            thrift_call_header  traceparent  $http_x_trace;
            thrift_call_header  path         $uri;
        }

        location = /server {
            thrift_door  passed;
        }

        location = /large {
            thrift_door         who;
            thrift_call_header  large  %%LARGE%%;
        }
    }
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_idl  %%TESTDIR%%/gen-who/who.thrift;

    log_format  calls  '$thrift_method [$thrift_header_client] '
                       '[$thrift_header_tenant] [$thrift_header_evil]';

    server {
        listen       127.0.0.1:%%PORT_who%%;
        thrift_name  who;
        access_log   %%TESTDIR%%/access.log  calls;

        thrift_service Who {
            thrift_handler  %%TESTDIR%%/who.so;
        }
    }

    upstream backend {
        server                     127.0.0.1:%%PORT_backend%%;
        thrift_upstream_transport  header;
    }

    server {
        listen       127.0.0.1:%%PORT_passed%%;
        thrift_name  passed;
        thrift_pass  backend;
    }
}

EOC

$conf =~ s/%%LARGE%%/'$http_x_large' x 50/e;

my $t = Test::Thrift->new($conf, http => 1, log => 'info');
my $ca = Test::Thrift::Authority->new($t->dir(), 'ca');

$ca->issue('server', names => [ 'a.test' ]);

$t->handler('who', idl => <<'EOF', source => <<'EOF');
service Who {
    /** The value of a variable, "(none)" if it has none. */
    string value(1: string name)
}
EOF
#include "who.h"


static void
value(nthrift_call_t *call, const Who_value_args_t *args)
{
    nthrift_str_t  name, value;

    name = nthrift_call_copy(call, args->name);
    value = nthrift_call_variable(call, (const char *) name.data);

    Who_value_reply(call, value.data ? value : NTHRIFT_STR("(none)"));
}


Who_HANDLER(.value = value)
EOF

my $backend = $t->backend('backend');

wrong_configurations();

$t->run();

my $alice = $t->http('web', ssl => { %{$ca->issue('alice')},
                                     SSL_hostname => 'a.test' });

is(value($alice, '/door', 'client'), 'CN=alice', 'a certificate');
is(value($alice, '/door', 'tenant', 'X-Tenant' => 'acme'), 'acme', 'a header');
is(value($alice, '/door', 'tenant'), '(none)', 'that was not sent');
is(value($alice, '/door', 'evil', Evil => 'x', 'Client' => 'CN=root'),
   '(none)', 'one that nobody has named');
is(value($alice, '/door', 'client', 'Client' => 'CN=root'), 'CN=alice',
   'none that a client has made');

is($alice->post('/api/Who/value', '{"name": "thrift_header_client"}',
                'Content-Type' => 'application/json')->{body},
   '"CN=alice"', 'the gateway');

my $line = ($t->wait_log(qr/^value \[CN=alice\] \[acme\]/, 'access.log'))[-1];

like($line || '', qr/^value \[CN=alice\] \[acme\] \[-\]$/, 'the access log');

is(value($t->http('web', ssl => {}), '/door', 'client'), '(none)',
   'a client without a certificate');

is(value($alice, '/other', 'path'), '/other', 'another location');
is(value($alice, '/other', 'client'), '(none)', 'inherits none');
is(value($alice, '/other', 'traceparent', traceparent => 'x'), '(none)',
   'a trace that is not the client\'s');
is(value($alice, '/other', 'traceparent', traceparent => 'x', 'X-Trace' => 'y'),
   'y', 'but another one');

$alice->post('/server', call_bytes('value', 1, [ [ 1, string => 'x' ] ],
                                  transport => 'unframed'),
             'X-Tenant' => 'acme');
is_deeply({ @{($backend->calls())[-1]{headers}} },
          { client => 'CN=alice', tenant => 'acme' }, 'a server with THeader');

is(value($alice, '/large', 'client', 'X-Large' => 'x' x 6000),
   'status 500', 'too much of them');
$t->expect_log(qr/headers of a call by http are too large/);

$t->done();


# What the handler says of a header of the call.

sub value {
    my ($web, $path, $header, %headers) = @_;

    my $r = $web->post($path, call_bytes('value', 7,
        [ [ 1, string => "thrift_header_$header" ] ],
        transport => 'unframed'), %headers);

    return "status $r->{status}" unless $r->{status} == 200;

    return parse_message($r->{body}, transport => 'unframed')->{fields}{0};
}


sub wrong_configurations {
    for (
        [ 'thrift_call_header client', 'thrift_call_header ""',
          qr/"thrift_call_header" directive has an empty name/ ],
        [ 'thrift_call_header client', 'thrift_call_header client:',
          qr/"thrift_call_header" directive has a name that ends with ":"/ ],
        [ 'thrift_call_header tenant', 'thrift_call_header Client',
          qr/"thrift_call_header" directive has the same name twice/ ],
        [ 'tenant $http_x_tenant', 'tenant',
          qr/invalid number of arguments in "thrift_call_header"/ ],
    ) {
        my ($from, $to, $error) = @$_;

        (my $text = $conf) =~ s/  +/ /g;
        $text =~ s/\Q$from\E/$to/ or die $from;

        like($t->config_error($text), $error, $to);
    }
}
