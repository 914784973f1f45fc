#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# A client that is pinned to a connection has a place of its server, without a
# call: other clients of its worker have their turn all the same while calls of
# another worker wait.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;

use constant CALLS => 200;

my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

worker_processes  2;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$pid $thrift_method $thrift_status';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_trusted       on;
    thrift_max_pipeline  1000;

    upstream two {
        zone              two  64k;
        server            127.0.0.1:%%PORT_first%%   max_conns=1;
        server            127.0.0.1:%%PORT_second%%  max_conns=1;
        thrift_keepalive  10  queue=1000;
    }

    server {
        listen       127.0.0.1:%%PORT_two%%  reuseport;
        thrift_pass  two;

        thrift_service Store {
            thrift_method login {
                thrift_stateful  on;
            }
        }
    }
}

EOC

my %script = (slow => { delay => 0.03 });
my @backends = map { $t->backend($_, script => \%script) } qw(first second);

$t->run();

my %pinned = $t->clients_of_workers('two', 2);
my $victim = $t->client('two');

$victim->call('victim');

my ($line) = $t->wait_log(qr/^\d+ victim /, 'access.log');
my ($worker) = $line =~ /^(\d+)/;
my ($other) = grep { $_ != $worker } keys %pinned;
my $many = delete $pinned{$other};

like(answer($pinned{$worker}->call('Store:login')), qr/^(?:first|second)$/,
     'a client is pinned');

$many->send(join('', map { call_bytes('slow', $_) } 1 .. CALLS));
ok(wait_for(sub { slow() > 5 }), 'another worker has many calls');

like(answer($victim->call('get')), qr/^(?:first|second)$/,
     'others of its worker are answered');
cmp_ok(slow(), '<', CALLS / 2, 'before those are over');

is(scalar(grep { $_->{type} == REPLY }
               map { $many->read_message() } 1 .. CALLS),
   CALLS, 'all are answered');

$t->done();


sub slow {
    my $n = 0;

    $n += $_->calls('slow') for @backends;

    return $n;
}
