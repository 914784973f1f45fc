#!/usr/bin/perl

# A handler may be left without methods: its service has none, or others
# answer all of them.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(undef, log => 'info');

$t->handler('rare');
$t->write_conf(<<'EOF');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_idl  %%TOP%%/t/data/handler/rare.thrift;

    server {
        listen  127.0.0.1:%%PORT_handler%%;

        thrift_service Empty {
            thrift_handler  %%TESTDIR%%/rare.so;
        }

        thrift_service Rare {
            thrift_handler  %%TESTDIR%%/rare.so;

            thrift_method act  { thrift_return INTERNAL_ERROR "not here"; }
            thrift_method wait { thrift_return INTERNAL_ERROR "not here"; }
            thrift_method size { thrift_return INTERNAL_ERROR "not here"; }
            thrift_method seen { thrift_return INTERNAL_ERROR "not here"; }
        }
    }
}

EOF

$t->run();

my $c = $t->client('handler');

is($c->call('Empty:any')->{message}, 'unknown method "Empty:any"',
   'service without methods');
is($c->call('Rare:seen')->{message}, 'not here', 'method of another');
is($c->call('Rare:none')->{message}, 'unknown method "Rare:none"',
   'method that is not there');

$t->done();
