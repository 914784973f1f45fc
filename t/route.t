#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Who answers a call: "Service:method" and bare names, service, method and
# server, and what they inherit.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOF', log => 'info');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_service|$thrift_method|$thrift_status|$status';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_timeout  900ms;

    # services, and an answer of the server's own

    server {
        listen         127.0.0.1:%%PORT_several%%;
        thrift_return  INTERNAL_ERROR  "server";

        thrift_service A {
            thrift_pass  127.0.0.1:%%PORT_backend%%;

            thrift_method special {
                thrift_return  INTERNAL_ERROR  "A special";
            }
        }

        thrift_service B {
            thrift_return  INTERNAL_ERROR  "B";

            thrift_method special {
                thrift_return  INTERNAL_ERROR  "B special";
            }

            thrift_method only {
                thrift_pass  127.0.0.1:%%PORT_backend%%;
            }
        }
    }

    # services alone

    server {
        listen  127.0.0.1:%%PORT_only%%;

        thrift_service A {
            thrift_return  INTERNAL_ERROR  "A";
        }
    }

    # no services

    server {
        listen       127.0.0.1:%%PORT_server%%;
        thrift_pass  127.0.0.1:%%PORT_backend%%;
    }

    # what a variable of the name says

    map $thrift_method $mapped {
        denied   nobody;
        default  127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen       127.0.0.1:%%PORT_mapped%%;
        thrift_pass  $mapped;
    }

    # inheritance, with a time that is over

    server {
        listen       127.0.0.1:%%PORT_inherit%%;
        thrift_pass  127.0.0.1:%%PORT_backend%%;

        thrift_service A {
            thrift_pass  127.0.0.1:%%PORT_backend%%;

            thrift_method quick {
                thrift_timeout  100ms;
            }
        }

        thrift_service B {
            thrift_timeout  400ms;
            thrift_pass     127.0.0.1:%%PORT_backend%%;

            thrift_method quick {
                thrift_timeout  100ms;
            }

            thrift_method other {
                thrift_next_upstream  off;
            }
        }
    }

    server {
        listen          127.0.0.1:%%PORT_times%%;
        thrift_timeout  1700ms;
        thrift_pass     127.0.0.1:%%PORT_backend%%;

        thrift_service A {
            thrift_pass  127.0.0.1:%%PORT_backend%%;

            thrift_method m {
                thrift_connect_timeout  1s;
            }
        }
    }
}

EOF

$t->backend('backend', script => { stall => { stall => 1 },
                                   quick => { stall => 1 },
                                   other => { stall => 1 },
                                   m     => { stall => 1 } });
$t->run();

my $c;

# Service:method

$c = $t->client('several');

is(answer($c->call('A:get')), 'backend', 'service');
is(answer($c->call('A:special')), '6 A special', 'method of service');
is(answer($c->call('B:get')), '6 B', 'other service');
is(answer($c->call('B:special')), '6 B special', 'method of other service');
is(answer($c->call('B:only')), 'backend', 'method passes');
is(answer($c->call('A:only')), 'backend', 'method of another service');
is(answer($c->call('C:special')), '6 server', 'unknown service');
is(answer($c->call('a:get')), '6 server', 'case matters');
is(answer($c->call('AA:get')), '6 server', 'longer service');

# bare names

is(answer($c->call('special')), '6 A special', 'first method');
is(answer($c->call('only')), 'backend', 'method named once');
is(answer($c->call('get')), 'backend', 'first service');
is(answer($c->call('A')), 'backend', 'method like service');

# odd names

is(answer($c->call('A:')), '1 method name is empty', 'empty method');
is(answer($c->call(':')), '1 method name is empty', 'colon');
is(answer($c->call('A:"a b"\\\x80')), 'backend', 'odd bytes');

my $m = $c->call('A:x y', [], seqid => 31);
is("$m->{name} $m->{seqid}", 'x y 31', 'bare name');
$m = $c->call('B:x y', [], seqid => 32);
is("$m->{name} $m->{seqid}", 'x y 32', 'bare name in exception');

# names that a server may read in another way, and what goes back

for (
    [ 'A:special:x', 'special:x', 'two colons' ],
    [ 'A::special', ':special', 'two colons in a row' ],
    [ 'A:special:', 'special:', 'colon at the end' ],
    [ '::special', ':special', 'two colons at the beginning' ],
    [ 'C:A:special', 'A:special', 'unknown before colons' ],
    [ ':get', 'get', 'empty service' ],
    [ ':special', 'special', 'empty service, known method' ],
    [ "A:special\0", "special\0", 'zero byte at the end' ],
    [ "special\0x", "special\0x", 'zero byte, bare' ],
    [ "A\0:special", 'special', 'zero byte in service' ],
    [ "A:\nspecial", "\nspecial", 'control character' ],
    [ "A:special\x7f", "special\x7f", 'delete' ],
    [ 'A:Special', 'Special', 'capital letter' ],
    [ 'B:ONLY', 'ONLY', 'capital letters' ],
    [ 'SPECIAL', 'SPECIAL', 'capital letters, bare' ],
    [ 'special:x', 'x', 'method in place of a service' ],
    [ 'Special:x', 'x', 'the same, with a capital letter' ],
) {
    my ($name, $bare, $what) = @$_;
    my $m = $c->call($name, [], seqid => 33);

    is(answer($m), "1 unknown method \"$name\", the name may be read in "
                   . 'several ways', $what);
    is("$m->{name} $m->{seqid}", "$bare 33", "$what, its name");

    $c->oneway($name);
}

is(answer($c->call('A:get')), 'backend', 'connection stayed');

# without an answer of the server

$c = $t->client('only');

is(answer($c->call('A:get')), '6 A', 'only service');
is(answer($c->call('get')), '6 A', 'only service, bare');
is(answer($c->call('B:get')), '1 unknown method "B:get"', 'unknown method');
is(answer($c->call(':get')), '1 unknown method ":get", the name may be read '
   . 'in several ways', 'unknown, empty service');
is(answer($c->call(':')), '1 method name is empty', 'unknown, colon');
$m = $c->call('B:get', [], seqid => -9);
is("$m->{name} $m->{seqid}", 'get -9', 'unknown bare name');

my $long = 'B:' . 'x' x 200;
is(answer($c->call($long)), "1 unknown method \"$long\"", 'unknown long name');

$c->oneway('B:poke');
is(answer($c->call('A:get')), '6 A', 'unknown oneway');

# the server alone

$c = $t->client('server');

is(answer($c->call('get')), 'backend', 'server');
is(answer($c->call('S:get')), 'backend', 'server, with service');
is(answer($c->call(':get')), 'backend', 'server, empty service');
is(answer($c->call('S::get')), 'backend', 'server, two colons');
is(answer($c->call("get\0x")), 'backend', 'server, zero byte');
is(answer($c->call('S:')), '1 method name is empty', 'server, empty method');

# a variable of the name decides

$c = $t->client('mapped');

is(answer($c->call('get')), 'backend', 'variable');
is(answer($c->call('denied')), '6 no port in upstream', 'other value');
like(answer($c->call('S::denied')), qr/^1 unknown method/,
     'variable, two colons');

# a head that is malformed

$c = $t->client('several');
$c->start('');
ok($c->closed(), 'empty name');

# what is inherited

my @timeouts = (
    [ 'inherit', 'C:stall', 900, 'main to server' ],
    [ 'inherit', 'A:stall', 900, 'main to service' ],
    [ 'inherit', 'A:quick', 100, 'method' ],
    [ 'inherit', 'B:stall', 400, 'service' ],
    [ 'inherit', 'B:quick', 100, 'method over service' ],
    [ 'inherit', 'B:other', 400, 'service to method' ],
    [ 'times', 'C:stall', 1700, 'server' ],
    [ 'times', 'A:stall', 1700, 'server to service' ],
    [ 'times', 'A:m', 1700, 'server to method' ],
);

my %below = (100 => 400, 400 => 900, 900 => 1700, 1700 => 1e9);

for (@timeouts) {
    push @$_, $t->client($_->[0]);
    $_->[4]->start($_->[1]);
}

for (@timeouts) {
    my (undef, undef, $expected, $name, $c) = @$_;

    my $text = $c->read_message()->{message};
    my ($ms) = $text =~ /^timed out after (\d+)ms reading reply from upstream$/;

    ok(defined $ms && $ms >= $expected && $ms < $below{$expected}, $name)
        or diag($text);
}

# what was logged

my @log = $t->wait_log(qr/^[^|]*\|[^|]*\|/, 'access.log', undef, 44);

is((grep { /\|get\|/ } @log)[0], 'A|get|success|200', 'service logged');
is((grep { /\|only\|/ } @log)[2], 'B|only|success|200', 'bare name logged');
is((grep { /^C\|/ } @log)[0], 'C|special|exception|503',
   'unknown service logged');
is((grep { /\|poke\|/ } @log)[0], 'B|poke|failed|404',
   'unknown oneway logged');
is((grep { /^B\|get\|.*\|404$/ } @log)[0], 'B|get|exception|404',
   'unknown method logged');
is((grep { /\|\|/ } @log)[0], 'A||exception|404', 'empty method logged');
is((grep { /^S\|/ } @log)[0], 'S|get|success|200', 'prefix logged');
is(scalar($t->grep_log(qr/\[error\] .*upstream timed out/)), 9,
   'timeouts at error');
is(scalar($t->grep_log(qr/\[error\] (?!.*no port in upstream)/)), 9,
   'no other errors');
is(scalar($t->grep_log(qr/\[info\].*client called an unknown method/)), 4,
   'unknown at info');
is(scalar($t->grep_log(qr/\[info\].*client called a method by a name that/)),
   36, 'unclear names at info');

$t->done();
