#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Handlers that do what is allowed but rare: a reply and an end at the same
# moment, loops of callbacks, no memory.  Others are served beside them.

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

worker_processes  1;
thread_pool       pool threads=1;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_idl  %%TOP%%/t/data/handler/rare.thrift;

    server {
        listen  127.0.0.1:%%PORT_handler%%;

        thrift_service Rare {
            thrift_handler  %%TESTDIR%%/rare.so;

            thrift_method wait { thrift_timeout 300ms; }
        }
    }

    server {
        listen  127.0.0.1:%%PORT_little%%;

        thrift_handler_memory  64k;

        thrift_service Rare {
            thrift_handler  %%TESTDIR%%/rare.so;

            thrift_method seen {
                thrift_pass                 127.0.0.1:%%PORT_backend%%;
                thrift_ignore_client_abort  on;
            }
        }
    }
}

EOF

my $backend = $t->backend('backend');

$t->run();

my $c = $t->client('handler');

replied_and_gone();
left_and_ready();
replied_and_late();
refused_and_gone();
loops();
memory();

$t->done();


sub text {
    return [ [ 1, string => $_[0] ] ];
}


sub act {
    my ($what, $client) = @_;

    return answer(($client || $c)->call('act', text($what)));
}


sub seen {
    return answer($c->call('seen'));
}


# A call that was replied to has its reply, and is not cancelled any more.

sub replied_and_gone {
    my $d = $t->client('handler');

    # while nginx is busy, two calls and the client's end arrive at once

    $c->start('act', text('nap'));
    $d->start('wait', text('reply'));
    $d->start('act', text('release'));
    $d->half_close();

    is(answer($c->read_message()), 'nap', 'nginx was busy');
    is(answer($d->read_message()), 'released', 'reply before the end');
    is(answer($d->read_message()), 'done', 'reply to the next call');
    is(seen(), 'waits released:0 ', 'a reply, and no more');
}


# A call that waits for nobody ends, and no reply goes out in its place.

sub left_and_ready {
    my $d = $t->client('handler');

    $d->start('wait', text('nobody'));
    $d->start('act', text('ready'));
    $d->half_close();

    is(answer($d->read_message()), 'nothing', 'call whose client left');
    is($d->{eof}, 'closed', 'connection is closed');
    is(seen(), 'waits cancelled:1 ', 'the handler is told');
}


sub replied_and_late {
    my $d = $t->client('handler');

    $d->start('wait', text('reply'));
    ok(wait_for(sub { seen() =~ /waits/ }), 'a call that waits');
    is(act('late'), 'done', 'reply while the deadline passes');
    is(answer($d->read_message()), 'released', 'reply arrives');
    is(seen(), 'released:0 ', 'a reply, and no more');
}


# What was refused does not wait in a handler: it has its answer.

sub refused_and_gone {
    my $d = $t->client('little', protocol => 'compact');
    my $bytes = "\x19\xfc" . Test::Thrift::Bytes::varint(20000)
                . "\0" x 20000 . "\0";

    $backend->script(seen => { delay => 0.2 });

    $d->start('seen');
    $d->start('size', $bytes);
    $d->half_close();

    is(answer($d->read_message()), 'backend', 'a call that is passed');
    is(answer($d->read_message()), '7 arguments need too much memory',
       'and one that is refused');
}


# Whatever is asked for again and again, others have their turn.

sub loops {
    $t->expect_log(qr/\[error\].*handler calls upstream "nowhere"/);

    for my $loop (qw(zero slow join retry worker)) {
        my $d = $t->client('handler');

        act('go');
        $d->start('act', text($loop));

        ok(wait_for(sub { seen() =~ /loop/ }), "\"$loop\"");
        is(act('stop'), 'stop', 'others go on');
        is(answer($d->read_message()), 'stopped', 'loop ends');
    }

    act('go');
}


sub memory {
    my $d = $t->client('little');

    $d->start('act', text('ticks'));
    is(answer($d->read_message(30 * time_factor())), 'ticked',
       'a thousand timers, one after another');

    $t->expect_log(qr/\[error\].*no memory for a handler's timer/);
    $t->expect_log(qr/\[error\].*no memory for a handler's work/);

    is(act('full', $d), '6 handler needs more memory than'
                        . ' "thrift_handler_memory" allows', 'nothing is left');
    is(seen(), 'timer:-1 work:-1 keep:-5 cancel:-5 ', 'all is refused');
}
