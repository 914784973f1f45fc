#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_return: the configuration itself answers, with an exception.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my @types = qw(UNKNOWN UNKNOWN_METHOD INVALID_MESSAGE_TYPE WRONG_METHOD_NAME
               BAD_SEQUENCE_ID MISSING_RESULT INTERNAL_ERROR PROTOCOL_ERROR
               INVALID_TRANSFORM INVALID_PROTOCOL UNSUPPORTED_CLIENT_TYPE);

my $methods = join "\n", map { <<"EOF" } @types;
            thrift_method $_ {
                thrift_return  $_  "type $_";
            }
EOF

my $long = 'x' x 600;

my $t = Test::Thrift->new(conf(<<'EOF', methods => $methods, long => $long));

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method $thrift_status $status '
                      '$thrift_exception';
    access_log  %%TESTDIR%%/access.log  test;

    map $thrift_method $why {
        get      'not today';
        default  'unknown, as always';
    }

    # a server, a service and a method

    server {
        listen         127.0.0.1:%%PORT_levels%%;
        thrift_return  INTERNAL_ERROR  "of server";

        thrift_service S {
            thrift_return  PROTOCOL_ERROR  "of service";

            thrift_method m {
                thrift_return  UNKNOWN  "of method";
            }

            thrift_method passed {
                thrift_pass  127.0.0.1:%%PORT_backend%%;
            }

            thrift_method inherited {
            }
        }

        thrift_service P {
            thrift_pass  127.0.0.1:%%PORT_backend%%;

            thrift_method refused {
                thrift_return  UNKNOWN_METHOD  "";
            }
        }
    }

    # types and texts

    server {
        listen  127.0.0.1:%%PORT_types%%;

        thrift_service S {
            #methods
            thrift_method variables {
                thrift_return  UNKNOWN  "$thrift_method of $remote_addr: $why";
            }

            thrift_method get {
                thrift_return  UNKNOWN  $why;
            }

            thrift_method long {
                thrift_return  UNKNOWN  "#long";
            }
        }
    }

    # to whoever calls

    server {
        listen         127.0.0.1:%%PORT_all%%;
        thrift_return  INTERNAL_ERROR  "closed for the night";
    }
}

EOF

my $backend = $t->backend('backend');

$t->run();

# where it stands

for (
    [ 'N:any', '6 of server' ],
    [ 'S:any', '7 of service' ], [ 'any', '7 of service' ],
    [ 'S:m', '0 of method' ], [ 'm', '0 of method' ],
    [ 'S:inherited', '7 of service' ], [ 'inherited', '7 of service' ],
    [ 'P:refused', '1 ' ], [ 'refused', '1 ' ],
) {
    my ($method, $want) = @$_;
    my $m = $t->client('levels')->call($method, undef, seqid => 12);

    (my $bare = $method) =~ s/.*://;

    is("$m->{type} $m->{name} $m->{seqid} $m->{exception} $m->{message}",
       EXCEPTION . " $bare 12 $want", $method);
}

is($t->client('levels')->call($_)->{type}, REPLY, $_)
    for qw(S:passed passed P:any);
is(scalar $backend->calls(), 3, 'the others are not passed');

# types, in every protocol and transport

for my $protocol (qw(binary compact)) {
    for my $transport (qw(framed unframed)) {
        my $c = $t->client('types', protocol => $protocol,
                           transport => $transport);

        for my $n (0 .. $#types) {
            my $m = $c->call($types[$n], [ [ 1, i32 => 5 ] ],
                             seqid => -$n);

            is("$m->{name} $m->{seqid} $m->{exception} $m->{message}"
               . " $m->{protocol} $m->{transport}",
               "$types[$n] -$n $n type $types[$n] $protocol $transport" =~
               s/ -0 / 0 /r, "$types[$n], $transport $protocol");
        }

        # texts

        is($c->call('variables')->{message},
           'variables of 127.0.0.1: unknown, as always',
           "variables, $transport $protocol");
        is($c->call('get')->{message}, 'not today',
           "map, $transport $protocol");
        is($c->call('long')->{message}, 'x' x 512,
           "long text, $transport $protocol");

        # oneway: nothing

        $c->oneway('UNKNOWN');
        is($c->call('get', undef, seqid => 5)->{seqid}, 5,
           "oneway, $transport $protocol");
    }
}

# many at once

my $c = $t->client('all');
$c->send(join '', map { call_bytes("m$_", $_) } 1 .. 500);
is(join(' ', map { my $m = $c->read_message(); $m ? $m->{seqid} : 'none' }
                 1 .. 500),
   join(' ', 1 .. 500), 'pipelined');

# the access log

is(join("\n", $t->wait_log(qr/^(m|refused|UNKNOWN) /, 'access.log', undef, 12)),
   join("\n", ('m exception 503 UNKNOWN: of method') x 2,
              ('refused exception 503 UNKNOWN_METHOD: ') x 2,
              ('UNKNOWN exception 503 UNKNOWN: type UNKNOWN',
               'UNKNOWN failed 503 UNKNOWN: type UNKNOWN') x 4), 'access log');
is(join("\n", $t->grep_log(qr/\[(?!info|debug|notice)\w+\]/)), '',
   'nothing above info');

$t->done();
