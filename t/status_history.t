#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# What was counted in the minutes before is there for who asks for the first
# time: samples of the zone, over reloads and the end of a worker.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use Test::More;
use Test::Thrift;
use Test::Thrift::Files qw(slurp);
use Time::HiRes qw(time);


my $conf = <<'EOC';

%%TEST_GLOBALS%%

worker_processes  2;

events {
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen  127.0.0.1:%%PORT_web%%;

        location = /json {
            thrift_status  json;
        }

        location = /page {
            thrift_status  html;
        }

        location = /metrics {
            thrift_status  prometheus;
        }
    }
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_status_zone  counted  512k;

    upstream users {
        server  127.0.0.1:%%PORT_users%%;
    }

    server {
        listen       127.0.0.1:%%PORT_proxy%%;
        thrift_name  named;

        thrift_service Users {
            thrift_pass  users;

            thrift_method get  { }
            thrift_method no   { thrift_return INTERNAL_ERROR "no"; }
%%MANY%%
        }
    }
}

EOC

my $many = join("\n", map { "thrift_method many$_ { thrift_return "
                            . "INTERNAL_ERROR no; }" } 1 .. 60);

$conf =~ s/%%MANY%%/$many/;

my $docs = slurp("$FindBin::Bin/../docs/status.md");
my $t = Test::Thrift->new($conf, http => 1, log => 'info');

$t->backend('users');
$t->run();

my $c = $t->client('proxy');

first_seconds();
samples();
reloads();
no_room();
small();

$t->done();


# The report with its history.

sub report {
    my ($path) = @_;

    return decode_json($t->http('web')->request('GET', $path
                                    || '/json?history=1')->{body});
}


sub row {
    my ($report, $name) = @_;

    return (grep { $_->{method} eq $name } @{$report->{methods}})[0];
}


# Sums over all times: calls, and those that have failed.

sub sums {
    my ($history) = @_;

    my ($calls, $failed) = (0, 0);

    $calls += $_ for map { @$_ } values %{$history->{buckets}};
    $failed += $_ for @{$history->{failed}};

    return "$calls $failed";
}


sub calls {
    my ($name, $n) = @_;

    for (1 .. $n) {
        $c->call("Users:$name");
    }
}


# How many samples there are.

sub taken {
    return @{report()->{history}{times}} - 1;
}


sub next_sample {
    my $n = taken();

    ok(wait_for(sub { taken() > $n }, 20), 'the next sample');
}


# Before there is any other sample than that of the beginning.

sub first_seconds {
    calls('get', 3);
    calls('no', 2);

    my $r;

    ok(wait_for(sub {
        $r = report();
        sums($r->{history}) eq '5 2';
    }), 'all calls are in the history');

    is(sums(row($r, 'get')->{history}), '3 0', 'those of a method');
    is(sums(row($r, 'no')->{history}), '2 2', 'failed ones');
    is(sums($r->{upstreams}[0]{history}), '3 0', 'attempts with a server');

    my $h = $r->{history};

    is(join(' ', sort keys %$h), 'buckets failed times', 'members');
    is(join(' ', grep { $docs !~ /"\Q$_\E": / } 'history', keys %$h), '',
       'are documented');
    is($h->{times}[-1], $r->{time}, 'up to now');
    is_deeply([ sort { $a <=> $b } @{$h->{times}} ], $h->{times},
              'the oldest first');
    is(scalar(grep { @$_ != @{$h->{times}} - 1 } $h->{failed},
              values %{$h->{buckets}}), 0, 'a number between two times');

    is(sums(report('/page?format=json&history=1')->{history}), '5 2',
       'for the page');

    for my $path ('/json', '/json?history=0', '/page?format=json') {
        my $r = report($path);

        ok(!exists $r->{history} && !exists $r->{methods}[0]{history},
           "not for $path");
    }

    unlike($t->http('web')->request('GET', '/metrics?history=1')->{body},
           qr/history/, 'nor for Prometheus');
}


# One worker takes a sample every ten seconds.

sub samples {
    next_sample();
    calls('get', 4);
    ok(wait_for(sub { sums(report()->{history}) eq '9 2' }), 'more calls');
    next_sample();

    my $r = report();
    my $h = row($r, 'get')->{history};
    my @n = (0) x @{$h->{failed}};

    for my $list (values %{$h->{buckets}}) {
        $n[$_] += $list->[$_] for 0 .. $#n;
    }

    is((grep { $_ } @n)[-1], 4, 'each in its time');

    my @times = @{$r->{history}{times}};

    shift @times;           # when the zone was made
    pop @times;             # now

    is(scalar(grep { abs($times[$_] - $times[$_ - 1] - 10) > 5 }
              1 .. $#times), 0, 'ten seconds');
    ok(!(grep { $_ > time() + 1 || $_ < time() - 300 } @times), 'of late');
}


# Over reloads, also when definitions change; a worker that is killed.

sub reloads {
    my $n = taken();

    (my $text = $conf) =~ s/thrift_method no /thrift_method new { } thrift_method no /;

    ok($t->reload($text), 'reload');
    $c = $t->client('proxy');

    my ($victim) = $t->workers();

    $t->expect_log(qr/worker process \d+ exited on signal 9/);
    $t->signal('KILL', $victim);
    ok(wait_for(sub { !grep { $_ == $victim } $t->workers() }), 'killed');
    ok(wait_for(sub { $t->workers() == 2 }), 'another one begins');

    $c = $t->client('proxy');
    calls('new', 1);

    ok(wait_for(sub { sums(report()->{history}) eq '10 2' }),
       'all that was counted is there');
    cmp_ok(taken(), '>=', $n, 'samples stay');
    next_sample();
    is(sums(row(report(), 'new')->{history}), '1 0', 'a new method');
}


# The first methods have samples, and all together.

sub no_room {
    calls("many$_", 1) for 1 .. 60;

    ok(wait_for(sub { @{report()->{methods}} == 63 }), 'many methods');
    next_sample();

    my $r = report();
    my @with = grep { $_->{history} } @{$r->{methods}};

    cmp_ok(scalar @with, '>', 10, 'some have samples');
    cmp_ok(scalar @with, '<', 40, 'others have no room');
    is(sums(row($r, 'get')->{history}), '7 0', 'the first ones have');
    is(sums($r->{history}), '70 62', 'none is missing in all');
}


sub small {
    (my $text = $conf) =~ s/counted  512k/small 32k failures=0/;

    ok($t->reload($text), 'a small zone');
    $t->old_workers_gone(10);
    $c = $t->client('proxy');
    calls('get', 1);

    ok(wait_for(sub { row(report(), 'get') || row(report(), '-') }), 'counts');

    my $r = report();

    ok(!(grep { $_->{history} } @{$r->{methods}}) || $r->{history},
       'no row has samples that all together have not');
}
