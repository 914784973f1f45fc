#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Calls whose time is over before they could be sent take no server away from
# others: while their servers are asked what they speak, and while connections
# to them are opened.  A server that nobody can connect to is left alone, and
# calls that were sent to it before tell nothing more.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Test::Thrift::Authority;


my $hurry = int(150 * time_factor());
my $while = int(1600 * time_factor());

my %times = (hurry => "${hurry}ms", while => "${while}ms");

my $t = Test::Thrift->new(conf(<<'EOC', %times), log => 'info');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method|$thrift_exception|$upstream_addr';
    access_log  %%TESTDIR%%/access.log  test;

    upstream asked {
        server  127.0.0.1:%%PORT_asked_1%%  max_fails=1  fail_timeout=1h;
        server  127.0.0.1:%%PORT_asked_2%%  max_fails=1  fail_timeout=1h;

        thrift_upstream_detect  on;
    }

    upstream opened {
        server  127.0.0.1:%%PORT_opened_1%%  max_fails=1  fail_timeout=1h;
        server  127.0.0.1:%%PORT_opened_2%%  max_fails=1  fail_timeout=1h;

        thrift_ssl  on;
    }

    upstream one {
        server  127.0.0.1:%%PORT_opened_1%%  max_fails=1  fail_timeout=1h;
        server  127.0.0.1:%%PORT_hangs%%     max_fails=1  fail_timeout=1h;

        thrift_ssl  on;
    }

    upstream half {
        server  127.0.0.1:%%PORT_asked_1%%  max_fails=1  fail_timeout=1h;
        server  127.0.0.1:%%PORT_stuck%%    max_fails=1  fail_timeout=1h;
    }

    server {
        listen       127.0.0.1:%%PORT_asked%%;
        thrift_pass  asked;
    }

    server {
        listen          127.0.0.1:%%PORT_asked_hurried%%;
        thrift_timeout  #hurry;
        thrift_pass     asked;
    }

    server {
        listen       127.0.0.1:%%PORT_opened%%;
        thrift_pass  opened;
    }

    server {
        listen          127.0.0.1:%%PORT_opened_hurried%%;
        thrift_timeout  #hurry;
        thrift_pass     opened;
    }

    server {
        listen          127.0.0.1:%%PORT_one%%;
        thrift_timeout  #hurry;
        thrift_pass     one;
    }

    server {
        listen       127.0.0.1:%%PORT_one_patient%%;
        thrift_pass  one;
    }

    server {
        listen          127.0.0.1:%%PORT_half_hurried%%;
        thrift_timeout  #hurry;
        thrift_pass     half;
    }

    server {
        listen          127.0.0.1:%%PORT_half%%;
        thrift_timeout  #while;
        thrift_pass     half;
    }
}

EOC

my $ca = Test::Thrift::Authority->new($t->dir(), 'ca');
my $certificate = $ca->issue('any');

my %asked = map { $_ => $t->backend($_) } qw(asked_1 asked_2);
my %opened = map { $_ => $t->backend($_, ssl => $certificate) }
                 qw(opened_1 opened_2 hangs);

$_->script(health_check => { delay => 0.6 * time_factor() })
    for values %asked;
$_->script('!tls' => { ignore => 1 }) for values %opened;

$t->backend('stuck')->script('*' => { stall => 1 });

$t->run();

hurried('asked_hurried', 'detecting protocol of upstream');
others('asked', 'asked');

hurried('opened_hurried', 'SSL handshaking to upstream');
$opened{$_}->script() for qw(opened_1 opened_2);
others('opened', 'opened');

# of these one is broken

my $client = $t->client('one');

ok(wait_for(sub { $client->call('get'); is_out('hangs') }, 15),
   'a server that completes no handshake is left alone');

# a handshake takes its time on a machine that has other things to do

$client = $t->client('one_patient');
is(scalar(grep { answer($client->call('get')) eq 'opened_1' } 1 .. 4), 4,
   'and the other one answers');

# a server that was answering is told to be out once, whatever it still has

my @clients = map { $t->client('half') } 1 .. 20;

$_->start('get') for @clients;

$client = $t->client('half_hurried');
$client->call('get') for 1 .. 6;

cmp_ok(scalar(grep { answer($_->read_message()) =~ /timed out/ } @clients),
       '>', 5, 'calls that were sent to a server before it was left alone');
is(is_out('stuck'), 1, 'have no line that says so again');

$t->done();


# Each server has one such call at least.

sub hurried {
    my ($port, $action) = @_;

    my @clients = map { $t->client($port) } 1 .. 4;

    $_->start('get') for @clients;

    is_deeply([ map { answer($_->read_message()) } @clients ],
              [ ("6 timed out after ${hurry}ms $action") x 4 ],
              "$port: their time is over");
}


sub others {
    my ($port, $name) = @_;

    my $client = $t->client($port);
    my @answers = sort map { answer($client->call('get')) } 1 .. 4;

    is_deeply(\@answers, [ map { ("${name}_$_") x 2 } 1, 2 ],
              "$name: calls of others are answered, by both");
}


sub is_out {
    my ($server) = @_;

    my $port = $t->port($server);

    return scalar($t->grep_log(
                      qr/temporarily disabled.*upstream: "127.0.0.1:$port"/));
}
