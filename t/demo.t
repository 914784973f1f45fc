#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# tools/demo, which is "make demo" once all is built: it starts, starts again in
# place of what runs, answers what it says to call, and stops.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Cwd qw(abs_path);
use Test::More;
use Test::Thrift::Files;
use Test::Thrift;


plan(skip_all => 'nginx of the distribution only')
    if $ENV{TEST_NGINX_STATIC} || $ENV{TEST_NGINX_MODULES_DIR};

my $root = abs_path("$FindBin::Bin/..");

for my $needed ("$root/build/ngx_http_thrift_module.so",
                "$root/build/examples/pingpong.so", "$root/build/nthrift") {
    plan(skip_all => "no $needed") unless -e $needed;
}

plan(skip_all => 'no thrift, or none of its libraries for Python')
    if system('thrift --version >/dev/null 2>&1') != 0
       || system('/usr/bin/python3 -c "import thrift, thriftpy" 2>/dev/null')
          != 0;

my $t = Test::Thrift->new(undef, http => 1);

$ENV{DEMO} = $t->dir() . '/demo';
$ENV{NGINX} = Test::Thrift->binary();

chdir($root) or die "chdir: $!";

END {
    local $?;
    system('tools/demo stop >/dev/null 2>&1') if $ENV{DEMO};
}

for my $time (qw(first second)) {
    my ($out, $err, $rc) = run_apart('tools/demo', 'start');

    is($rc, 0, "it starts, the $time time") or diag($err);
    like($out, qr/\A"pong"\n/, 'its own service answers');

    my @calls = $out =~ /^    (build\/nthrift call .*)\n/mg;

    is(scalar @calls, 1, 'a call is shown');
    is(qx{$calls[0]}, "3\n", 'and answered');

    my ($web) = $out =~ m{^    http://(127\.0\.0\.1:\d+)/$}m;

    like(qx{build/nthrift top -n 1 'http://$web/?format=json' 2>&1},
         qr/WeatherService/, 'the page has its numbers');
}

my ($out, $err, $rc) = run_apart('tools/demo', 'stop');

is($rc, 0, 'it stops');
is($out, "the demo is stopped\n", 'and says so');
is(join(' ', glob("$ENV{DEMO}/logs/*.pid")), '', 'nothing of it is left');

$t->done();
