#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# After a reload there are more workers, with those that shut down, than shared
# memory has slots for.  New ones check servers all the same, and count with
# each other as soon as old ones have ended.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Test::Thrift::Files;


my ($SLOTS) = slurp(Test::Thrift->top() . '/ngx_thrift_module/upstream/'
                    . 'ngx_thrift_shared.h')
              =~ /^#define NGX_THRIFT_SHARED_SLOTS +(\d+)/m;

my $CLIENTS = 16;

my $conf = <<'EOF';

%%TEST_GLOBALS%%

worker_processes  #workers;

events {
    worker_connections  256;
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$pid $thrift_method ';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_trusted  on;

    upstream checked {
        zone                 checked  64k;
        server               127.0.0.1:%%PORT_checked%%;
        server               127.0.0.1:%%PORT_backend%%  backup;
        thrift_health_check  interval=100ms  fails=1  passes=1;
    }

    upstream limited {
        zone              limited  64k;
        server            127.0.0.1:%%PORT_backend%%;
        thrift_keepalive  3  max=3  queue=0;
    }

    upstream budget {
        zone                 budget  64k;
        server               127.0.0.1:%%PORT_checked%%  max_fails=0;
        server               127.0.0.1:%%PORT_backend%%  max_fails=0;
        thrift_retry_budget  0%  min=1r/s;
    }

    upstream plain {
        server  127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen       127.0.0.1:%%PORT_checked_proxy%%;
        thrift_pass  checked;
    }

    server {
        listen       127.0.0.1:%%PORT_limited%%  reuseport;
        listen       127.0.0.1:%%PORT_early%%;
        thrift_pass  limited;
    }

    server {
        listen                127.0.0.1:%%PORT_budget%%  reuseport;
        thrift_pass           budget;
        thrift_idempotent     on;
        thrift_next_upstream  exception;
    }

    server {
        listen                 127.0.0.1:%%PORT_places%%  reuseport;
        thrift_pass            plain;
        thrift_max_concurrent  3  queue=0  zone=places;
    }
}

EOF

my $t = Test::Thrift->new(conf($conf, workers => $SLOTS), log => 'info');
my %script = (hold => { hold => 1 }, fails => { exception => [ 6, 'no' ] });
my $checked = $t->backend('checked', script => \%script);
my $backend = $t->backend('backend', script => \%script);

$t->run();
$t->expect_log(qr/\[warn\] .*server .* of upstream "checked" is down/);
$t->expect_log(qr/\[info\] .*overloaded|\[info\] .*too many|limited by/);

ok(wait_for(sub { $t->workers() == $SLOTS }, 30), "$SLOTS workers");

# they stay for as long as they are stopped

my @old = $t->workers();

$t->signal('STOP', $_) for @old;
$t->write_conf(conf($conf, workers => 4));
$t->signal('HUP');

ok(wait_for(sub { new_workers() == 4 }, 30), 'and new ones');

$checked->stop();
ok($t->wait_log(qr/upstream "checked" is down/), 'a server is checked');
$checked->start();
ok($t->wait_log(qr/upstream "checked" is up again/), 'and is back');

# they have connections that nobody else knows of

cmp_ok(at_once('early'), '>=', 3, 'early calls');

$t->signal('CONT', $_) for @old;
ok(wait_for(sub { $t->workers(1) == 4 }, 60), 'old workers have ended');

for my $where (qw(limited places)) {
    my @most = (0);

    wait_for(sub { push @most, at_once($where);
                   return @most > 3 && "@most[-3 .. -1]" eq '3 3 3' });
    is("@most[-3 .. -1]", '3 3 3', "$where: over all workers");
}

# ten seconds have ten attempts more than calls

my %clients = $t->clients_of_workers('budget', 4);
my $fails = executed();

for my $c (values %clients) {
    $c->call('fails') for 1 .. 12;
}

cmp_ok(executed() - $fails, '<=', 4 * 12 + 10, 'budget: of all workers');

$t->done();


sub executed {
    return $checked->calls('fails') + $backend->calls('fails');
}


sub new_workers {
    my %is_old = map { $_ => 1 } @old;

    return grep { !$is_old{$_} } $t->workers();
}


# How many calls of so many clients reach the server together; the others are
# refused.

sub at_once {
    my ($where) = @_;

    my $calls = $backend->calls('hold');
    my @clients = map { $t->client($where) } 1 .. $CLIENTS;

    $_->send(call_bytes('hold', 1)) for @clients;

    my $refused = 0;
    my $n;

    # those that are refused know it at once

    wait_for(sub {
        $n = $backend->calls('hold') - $calls;
        $refused = grep { $_->{got} ||= $_->read_message(0.01) } @clients;
        return $n + $refused == $CLIENTS;
    });

    $backend->release();
    $_->{got} ||= $_->read_message() for @clients;
    $_->close() for @clients;

    return $n;
}
