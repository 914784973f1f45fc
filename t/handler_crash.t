#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# A worker that dies in a handler: the next one says in which.  A handler that
# makes workers die at start is given up, and nginx serves everybody else.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $template = <<'EOF';

%%TEST_GLOBALS%%

worker_processes  2;
thread_pool       pool  threads=2;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_idl  %%TOP%%/t/data/handler/fatal.thrift;

    server {
        listen  127.0.0.1:%%PORT_good%%;

        thrift_service Fatal {
            thrift_handler  %%TESTDIR%%/fatal.so;
        }
    }

    server {
        listen  127.0.0.1:%%PORT_threads%%;

        thrift_service Fatal {
            thrift_handler  %%TESTDIR%%/fatal.so  threads=pool;
        }
    }

    server {
        listen  127.0.0.1:%%PORT_bad%%;

        thrift_service Fatal {
            thrift_handler  %%TESTDIR%%/bad.so  #bad;
        }
    }

    server {
        listen  127.0.0.1:%%PORT_passed%%;

        thrift_service Fatal {
            thrift_pass  127.0.0.1:%%PORT_backend%%;
        }
    }
}

EOF

my $t = Test::Thrift->new(undef, log => 'info');

my $so = $t->handler('fatal');
link($so, $t->dir() . '/bad.so') or die "link: $!";

$t->write_conf(conf($template, bad => ''));

my $backend = $t->backend('backend');

$t->run();

$t->expect_log(qr/\[alert\].*worker process \d+ exited on signal 9/);
$t->expect_log(qr/worker process \d+ exited with code 1/);

# in a method, and in what follows from it

my $where = 'of service "Fatal" of handler ".*/fatal\.so"';

dies('good', 'kill', qr/died in method "die" $where(?!.*on a thread)/);
dies('good', 'exit', qr/was ended by exit\(\) in method "die" $where/);
dies('good', 'fatal', qr/was ended by exit\(\) in method "die" $where/);
dies('good', 'timer', qr/died in method "die" $where/);
dies('good', 'worker', qr/died in a timer $where/);
dies('good', 'work', qr/died(?:, maybe)? in method "die" $where on a thread/);
dies('threads', 'kill',
     qr/died(?:, maybe)? in method "die" $where on a thread/);
dies('threads', 'exit', qr/was ended by exit\(\) in method "die" $where/);

# a worker that dies elsewhere is nobody's

my $n = () = $t->grep_log(qr/\[error\].*worker process/);
my ($worker) = $t->workers();

kill('KILL', $worker);
ok(wait_for(sub { !grep { $_ == $worker } $t->workers() }), 'killed');
serves();
is(scalar(() = $t->grep_log(qr/\[error\].*worker process/)), $n,
   'no handler is blamed');

# at start

$where =~ s/fatal/bad/;

for my $how (qw(kill exit fatal)) {
    my $died = $how eq 'kill' ? qr/died/ : qr/was ended by exit\(\)/;
    my $before = () = $t->grep_log(qr/in the start hook/);

    ok($t->reload(conf($template, bad => "start=$how")), "$how at start");
    serves();
    is(answer($t->client('bad')->call('echo', text('x'))),
       '6 service "Fatal" is not available', 'the service is given up');

    my @lines = $t->grep_log(qr/$died in the start hook $where/);
    my $more = (() = $t->grep_log(qr/in the start hook/)) - $before;

    ok(@lines, 'which is logged');
    ok($more >= 3 && $more <= 6, 'few workers died') or diag($more);
    ok($t->grep_log(qr/\[error\].*service\ "Fatal"\ of\ handler
                       \ ".*\/bad\.so"\ is\ given\ up/x), 'and says so');
}

# a new configuration is a new chance

ok($t->reload(conf($template, bad => '')), 'reload');
is(answer($t->client('bad')->call('echo', text('again'))), 'again',
   'a new chance');

$t->write_file('once', '');
ok($t->reload(conf($template, bad => "once=%%TESTDIR%%/once")), 'reload');
serves();
is(answer($t->client('bad')->call('echo', text('once'))), 'once',
   'once is not again and again');

# at the end

ok($t->reload(conf($template, bad => "stop=exit")), 'reload');
ok($t->reload(conf($template, bad => '')), 'and again');
ok($t->old_workers_gone(), 'workers have ended');
ok($t->grep_log(qr/was ended by exit\(\) in the stop hook $where/),
   'one that exits when it is stopped');
serves();

$t->done();


sub text {
    return [ [ 1, string => $_[0] ] ];
}


sub serves {
    is(answer($t->client('good')->call('echo', text('still'))), 'still',
       'others are served');
    is(answer($t->client('passed')->call('echo', text('x'))), 'backend',
       'by all');
}


sub dies {
    my ($port, $how, $re) = @_;

    my $start = length $t->read_log();
    my $c = $t->client($port);

    $c->start('die', text($how));
    ok(!$c->read_message(), "$port, $how: the client is closed");
    ok(wait_for(sub { grep { /\[error\].*worker process \d+ $re/ }
                           split /\n/, $t->read_log('error.log', $start) }),
       "$port, $how: the next worker says where")
        or diag($t->read_log('error.log', $start));
    ok(wait_for(sub { $t->workers() == 2 }), 'two workers');
    serves();
}
