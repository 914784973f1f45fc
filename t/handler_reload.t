#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Handlers and reload: new code for new calls, the old for those on their way;
# a bad one changes nothing; and two hundred of them leave nothing behind.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Test::Thrift::Files;


my $idl = <<'EOF';
service Version {
    string version(),
    string later(1: i32 milliseconds)
}
EOF

my $source = <<'EOF';
#include "version.h"

static void
version(nthrift_call_t *call, const Version_version_args_t *args)
{
    (void) args;
    Version_version_reply(call, NTHRIFT_STR("NUMBER"));
}

static void
reply(nthrift_call_t *call, void *data)
{
    (void) data;
    Version_later_reply(call, NTHRIFT_STR("NUMBER"));
}

static void
later(nthrift_call_t *call, const Version_later_args_t *args)
{
    nthrift_call_timer(call, (uint32_t) args->milliseconds, reply, NULL);
}

static int
start(nthrift_worker_t *worker)
{
    nthrift_worker_log(worker, NTHRIFT_LOG_NOTICE, "start NUMBER");
    return NTHRIFT_OK;
}

static void
stop(nthrift_worker_t *worker)
{
    nthrift_worker_log(worker, NTHRIFT_LOG_NOTICE, "stop NUMBER");
}

Version_HANDLER(.version = version, .later = later, .on_start = start,
                .on_stop = stop)
EOF

my $t = Test::Thrift->new(undef, log => 'notice');
my $so = build(1);

$t->write_file('version.thrift', $idl);
$t->write_conf(my $conf = <<'EOF');

%%TEST_GLOBALS%%

worker_processes  2;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_idl  %%TESTDIR%%/version.thrift;

    server {
        listen  127.0.0.1:%%PORT_version%%;

        thrift_service Version {
            thrift_handler  %%TESTDIR%%/version.so;
        }
    }
}

EOF

$t->run();

# the master has a channel to each worker

ok(wait_for(sub { $t->workers() == 2 }), 'workers');
my $fds = fds($t->pid());

is(version(), 1, 'first');

# a new file of the same name; nothing changes before the reload

my $c = $t->client('version');
is(version($c), 1, 'a connection that stays');

my $waiting = $t->client('version');
$waiting->start('later', [ [ 1, i32 => 700 ] ]);
build(2);
is(version(), 1, 'replaced, not reloaded');
ok($t->reload(), 'reload');
is(version(), 2, 'new calls run the new code');
is($waiting->read_message()->{fields}{0}, 1, 'a call on its way the old');
is(version($c), 2, 'and so do those of connections of before');
$_->close() for $c, $waiting;
ok($t->old_workers_gone(), 'old workers end');
is(scalar(() = $t->grep_log(qr/stop 1/)), 2, 'stop hooks');

# overwritten in place, while it runs

$waiting = $t->client('version');
$waiting->start('later', [ [ 1, i32 => 500 ] ]);

my $new = slurp(build(3, 'new'));

overwrite($so, substr($new, 0, 100));
is(version(), 2, 'truncated in place');
overwrite($so, $new);
is(version(), 2, 'overwritten in place');
ok($t->reload(), 'reload');
is(version(), 3, 'new calls run the new code');
is($waiting->read_message()->{fields}{0}, 2, 'a call on its way the old');
$waiting->close();

# a worker that dies gets the same code, whatever the file is by now

build(4);

my ($pid) = $t->workers();

$t->expect_log(qr/\[alert\].*worker process \d+ exited on signal 9/);
kill('KILL', $pid);
ok(wait_for(sub { my @now = $t->workers();
                  @now == 2 && !grep { $_ == $pid } @now }),
   'a worker dies, and another one comes');
is(join(' ', map { version() } 1 .. 10), join(' ', (3) x 10),
   'of the same version');

# bad ones

my @workers = sort $t->workers();

$t->expect_log(qr/\[emerg\].*handler ".*version\.so" cannot be used/);

overwrite($so, 'nonsense');
ok(!$t->reload(), 'an object that is none');

build(5, undef, $idl =~ s/i32 milli/i64 milli/r);
ok(!$t->reload(), 'another signature');
ok($t->wait_log(qr/argument "milliseconds"/), 'which is named');

crash();
ok(!$t->reload(), 'a constructor that crashes');
ok($t->wait_log(qr/it crashes when it is loaded: signal 6/), 'which is said');

$t->expect_log(qr/\[emerg\].*open\(\) ".*version\.so" failed/);
unlink($so);
ok(!$t->reload(), 'no file');

is(join(' ', sort $t->workers()), "@workers", 'the same workers');
is(version(), 3, 'serve on');

# many reloads: one way of replacing it after the other

build(6);
ok($t->reload(), 'a good one again');
is(version(), 6, 'version 6');

my @files = map { slurp(build($_, "v$_")) } 7, 8;
my $master = $t->pid();
my $n = $ENV{TEST_NGINX_STATIC} ? 20 : 200;
my ($wrong, $memory) = (0);

for my $i (1 .. $n) {
    my $v = $i % 2;

    if ($i % 4 < 2) {
        overwrite("$so.tmp", $files[$v]);
        rename("$so.tmp", $so);

    } else {
        overwrite($so, $files[$v]);
    }

    $t->reload() or $wrong++;
    version() eq 7 + $v or $wrong++;

    # what a first few make of the heap is not counted

    next if $i != 10;

    ok(wait_for(sub { $t->workers(1) == 2 }, 20), 'old workers end');
    ($memory) = measure($master);
}

is($wrong, 0, "$n reloads");

ok(wait_for(sub { $t->workers(1) == 2 }, 20), 'all old workers end');

# a worker that has ended leaves its channel to the master to be closed

ok(wait_for(sub { fds($master) == $fds }), "master's descriptors")
    or diag("$fds at first, now " . fds($master));

my ($memory2, $maps) = measure($master);

is($maps, 0, "nothing of a handler's is mapped in the master");
cmp_ok($memory2, '<=', $memory + 256, "master's memory (kB)")
    unless $ENV{TEST_NGINX_STATIC};
note("master: $memory kB, then $memory2 kB; $fds descriptors");

$t->done();


sub build {
    my ($number, $name, $other) = @_;

    $name ||= 'version';

    (my $text = $source) =~ s/NUMBER/$number/g;
    $text =~ s/version\.h/$name.h/;

    return $t->handler($name, source => $text, idl => $other || $idl);
}


sub version {
    my ($client) = @_;

    my $c = $client || $t->client('version');
    my $m = $c->call('version');

    $c->close() unless $client;

    return $m ? $m->{fields}{0} : 'nothing';
}


sub crash {
    my $file = $t->write_file('crash.c', <<'EOF');
#include <stdlib.h>
static void __attribute__((constructor)) f(void) { abort(); }
EOF
    system('gcc', '-shared', '-fPIC', '-o', "$so.tmp", $file) == 0 or die;
    rename("$so.tmp", $so) or die;
}


# In place: the inode stays.

sub overwrite {
    my ($file, $bytes) = @_;

    open(my $fh, -e $file ? '+<' : '>', $file) or die "$file: $!";
    binmode($fh);
    truncate($fh, 0);
    print $fh $bytes;
    close($fh) or die "$file: $!";
}


# Private memory in kB, and mappings of handlers.

sub measure {
    my ($pid) = @_;

    my ($memory) = slurp("/proc/$pid/smaps_rollup")
                   =~ /^Private_Dirty:\s+(\d+)/m;
    my @maps = slurp("/proc/$pid/maps") =~ /thrift_handler|version\.so/g;

    return ($memory, scalar @maps);
}


# Open files.

sub fds {
    my ($pid) = @_;

    return scalar(() = glob("/proc/$pid/fd/*"));
}
