#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Clients that leave at any moment while their calls wait, are delayed, copied
# or answered, with servers that fail: no place is lost, nor one too many.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Time::HiRes qw(time);

use constant SECONDS => $ENV{TEST_SECONDS} || 3;
use constant CLIENTS => 30;


my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_limit_zone        $thrift_method  zone=rate:64k  rate=500r/s;
    thrift_limit_calls_zone  $thrift_method  zone=calls:64k;

    upstream backend {
        zone    backend  64k;
        server  127.0.0.1:%%PORT_backend%%  max_fails=0;
    }

    upstream mirror {
        zone    mirror  64k;
        server  127.0.0.1:%%PORT_mirror%%  max_fails=0;
    }

    server {
        listen                 127.0.0.1:%%PORT_proxy%%;
        thrift_pass            backend;
        thrift_timeout         300ms;
        thrift_limit_calls     calls 200;
        thrift_limit_rate      zone=rate burst=50;
        thrift_max_concurrent  4 queue=20 queue_timeout=5s;
        thrift_fault           delay=2ms percent=20;
        thrift_mirror          mirror 50% max=10;

        thrift_service Free {
            thrift_max_concurrent  2 queue=3 queue_timeout=20ms;
            thrift_fault           abort=UNKNOWN percent=20;

            thrift_method hold {
                thrift_timeout         60s;
                thrift_max_concurrent  3 queue=0;
            }
        }

        thrift_service Any {
            thrift_method all { thrift_timeout 60s; }
        }
    }
}

EOC

my %script = ('Any:get' => {}, 'Any:late' => { delay => 0.01 },
              'Free:late' => { delay => 0.01 },
              'Any:leave' => { close => 'request' },
              'Any:mid' => { close => 'mid' }, 'Free:mid' => { close => 'mid' },
              'Any:noise' => { garbage => 1 }, 'Any:stall' => { stall => 1 });

my $backend = $t->backend('backend', script => { %script });
my $mirror = $t->backend('mirror', script => { %script });

$t->run();

srand(my $seed = $ENV{TEST_SEED} || time() * 1000 % 1000000);

my @methods = ((qw(Any:get Any:late Free:get Free:late)) x 4,
               qw(Any:leave Any:mid Any:noise Any:stall Free:mid));
my (@clients, %left, @strange);
my $end = time() + SECONDS;

while (time() < $end) {
    my $i = int rand CLIENTS;
    my $c = $clients[$i] ||= $t->client('proxy');
    my $what = rand();

    if ($what < 0.6) {
        my $method = $methods[rand @methods];
        my $bytes = rand() < 0.2 ? oneway_bytes($method, 1)
                                 : call_bytes($method, 1);

        $c->send($bytes x (1 + rand 5), 0.01);

    } elsif ($what < 0.9) {
        while (my $m = eval { $c->read_message(0.001) }) {
            my $said = answer($m);

            push @strange, $said
                if $said !~ /^(?:backend|0\ aborted|6\ (?:overloaded:
                               |timed\ out|upstream))/x;
        }

        $clients[$i] = undef if $c->{eof};

    } else {
        my $how = $what < 0.95 ? 'close' : 'reset';

        $left{$how}++;
        $c->$how();
        $clients[$i] = undef;
    }
}

ok($left{close} && $left{reset}, 'clients left')
    or diag("seed $seed");
is("@strange", '', 'calls are answered, or told why not');
$_ && $_->close() for @clients;

# all has ended by now

elapse(0.5);
$_->script('Free:hold' => { hold => 1 }, 'Any:all' => { hold => 1 })
    for $backend, $mirror;

my @c = map { $t->client('proxy') } 1 .. 24;

$_->start('Free:hold') for @c;
ok(wait_for(sub { $backend->calls('Free:hold') == 3 }), 'of a method')
    or diag("seed $seed");
elapse(0.02);
is(scalar($backend->calls('Free:hold')), 3, 'and no more');
$_->close() for @c;
$backend->release();

@c = map { $t->client('proxy') } 1 .. 6;
$_->start('Any:all') for @c;
ok(wait_for(sub { $backend->calls('Any:all') == 4 }), 'all places at once')
    or diag(scalar($backend->calls('Any:all')) . ", seed $seed");
elapse(0.02);
is(scalar($backend->calls('Any:all')), 4, 'and no more');
$backend->release();
ok(wait_for(sub { $backend->calls('Any:all') == 6 }), 'the others');
$backend->release();
is(scalar(grep { answer($_->read_message()) eq 'backend' } @c), 6,
   'all are answered');

$t->expect_log(qr/\[error\]/);

$t->done();
