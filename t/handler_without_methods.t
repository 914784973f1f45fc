#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# A handler may be left without methods: its service has none, others answer
# all of them, or they are inherited.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(undef, log => 'info');

$t->handler('rare');
$t->handler('heir');
my $conf = <<'EOF';

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_idl  %%TOP%%/t/data/handler/rare.thrift;
    thrift_idl  %%TOP%%/t/data/handler/heir.thrift;

    server {
        listen  127.0.0.1:%%PORT_handler%%;

        thrift_service Empty {
            thrift_handler  %%TESTDIR%%/rare.so;
        }

        thrift_service Heir {
            thrift_handler  %%TESTDIR%%/heir.so;
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

$t->write_conf($conf);
$t->run();

my $c = $t->client('handler');

is($c->call('Empty:any')->{message}, 'unknown method "Empty:any"',
   'service without methods');
is($c->call('Rare:seen')->{message}, 'not here', 'method of another');
is($c->call('Rare:none')->{message}, 'unknown method "Rare:none"',
   'method that is not there');

# what the handler does not implement of an inherited service is unknown, what
# it does not of its own is an error

like($c->call('Heir:own')->{bytes}, qr/own/, 'own method');
like($c->call('Heir:version')->{bytes}, qr/1\.0/, 'inherited method');
is($c->call('Heir:status')->{message}, 'unknown method "Heir:status"',
   'inherited method that is left out');
is($c->call('status')->{message}, 'unknown method "status"',
   'inherited method that is left out, without service');

$t->handler('heir', cflags => ['-DWITHOUT_OWN']);
is($t->config_error($conf), 'handler "heir.so" cannot be used: it does not '
   . 'implement method "own" of service "Heir" in test.conf:21' . "\n",
   'own method that is left out');

$t->done();
