#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# A handler in nginx: replies, exceptions, what it may do for a call, and what
# it must not.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Time::HiRes qw(time);


my $t = Test::Thrift->new(undef, log => 'info');

$t->handler('probe');
$t->write_conf(<<'EOF');

%%TEST_GLOBALS%%

worker_processes  1;
thread_pool       pool threads=2;
thread_pool       full threads=1 max_queue=1;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_idl  %%TOP%%/t/data/handler/probe.thrift;

    log_format  test  '$thrift_service.$thrift_method $thrift_status '
                      '$thrift_exception $status $thrift_reply_exception';
    access_log  %%TESTDIR%%/access.log  test;

    upstream framed {
        server  127.0.0.1:%%PORT_probe%%;
    }

    upstream compact {
        server  127.0.0.1:%%PORT_probe%%;
        thrift_upstream_transport    unframed;
        thrift_upstream_protocol     compact;
        thrift_upstream_multiplexed  on;
    }

    upstream backend {
        server  127.0.0.1:%%PORT_backend%%;
    }

    upstream nobody {
        server  127.0.0.1:%%PORT_nobody%%;
    }

    server {
        listen  127.0.0.1:%%PORT_probe%%;

        thrift_service Probe {
            thrift_handler  %%TESTDIR%%/probe.so  one=1  two=a=b;

            thrift_method wait  { thrift_timeout 10s; }
            thrift_method act   { thrift_timeout 5s; }
        }
    }

    # short, and with methods that others answer

    server {
        listen  127.0.0.1:%%PORT_short%%;

        thrift_timeout         200ms;
        thrift_handler_memory  64k;
        thrift_handler_slow    0;

        thrift_service Probe {
            thrift_handler  %%TESTDIR%%/probe.so;

            thrift_method nothing { thrift_pass 127.0.0.1:%%PORT_backend%%; }
            thrift_method work {
                thrift_return INTERNAL_ERROR "no work";
            }
        }
    }

    # a service that is passed on, but for one method

    server {
        listen  127.0.0.1:%%PORT_passed%%;

        thrift_service Probe {
            thrift_pass  127.0.0.1:%%PORT_backend%%;

            thrift_method echo { thrift_handler %%TESTDIR%%/probe.so; }
        }
    }

    # on threads

    server {
        listen  127.0.0.1:%%PORT_threads%%;

        thrift_timeout  300ms;

        thrift_service Probe {
            thrift_handler  %%TESTDIR%%/probe.so  threads=pool;
        }
    }

    # one that does not start

    server {
        listen  127.0.0.1:%%PORT_fails%%;

        thrift_service Probe {
            thrift_handler  %%TESTDIR%%/probe.so  fail=why;
        }
    }
}

EOF

my $backend = $t->backend('backend');

$t->run();

my $c = $t->client('probe');

like(seen(), qr/^one=1 two=a=b (?:fail=why )?$/, 'arguments of the start hook');

ok($t->grep_log(qr/\[notice\].*service "Probe": started as Probe 0/),
   'start hook logs');

formats();
values_of_all_types();
exceptions();
wrong_replies();
stale();
timers();
oneways();
kept();
cancelled();
memory();
outbound();
mixed();
threads();
ended();
not_started();
logs();

$t->signal('QUIT');
$_->close() for @{$t->{clients}};
ok($t->wait_log(qr/service "Probe": stopped/), 'stop hook');

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


sub formats {
    for my $transport (qw(framed unframed)) {
        for my $protocol (qw(binary compact)) {
            my %format = (transport => $transport, protocol => $protocol);
            my $d = $t->client('probe', %format);
            my $what = "$transport $protocol";

            for my $name (qw(echo Probe:echo)) {
                my $m = $d->call($name, text('text'), seqid => -7);

                is("$m->{name} $m->{seqid} " . answer($m), 'echo -7 text',
                   "$what, $name");
            }

            is(answer($d->call('nothing')), 'void', "$what, void");
            is(answer($d->call('nope')), '1 unknown method "nope"',
               "$what, unknown method");

            # byte by byte

            $d->send_pieces(call_bytes('echo', 5, text('slowly'), %format),
                            1);
            is(answer($d->read_message()), 'slowly', "$what, byte by byte");

            # many at once, some of which take longer

            $d->send(join '', map {
                $_ == 3 ? call_bytes('act', 3, text('timers'), %format)
                        : call_bytes('echo', $_, text("n$_"), %format)
            } 2 .. 21);

            is(join(' ', map { my $m = $d->read_message();
                               "$m->{seqid}:" . answer($m) } 2 .. 21),
               join(' ', map { $_ == 3 ? '3:timers' : "$_:n$_" } 2 .. 21),
               "$what, twenty at once");
        }
    }
}


# What comes back is what was sent, with defaults where nothing was.

sub values_of_all_types {
    my $bytes = 'x' x 100000;

    for my $protocol (qw(binary compact)) {
        my $d = $t->client('probe', protocol => $protocol);
        my $m = $d->call('outer', [ [ 1, struct => [
            [ 1, string => 'id' ], [ 2, bool => 1 ], [ 3, i8 => -3 ],
            [ 4, i16 => 400 ], [ 5, i64 => '-9007199254740993' ],
            [ 6, double => 1.5 ], [ 7, string => $bytes ], [ 8, i32 => 2 ],
            [ 14, struct => [ [ 2, string => 'either' ] ] ],
            [ 13, struct => [ [ 1, string => 'next' ],
                              [ 14, struct => [ [ 1, i64 => 5 ] ] ] ] ],
            [ 99, string => 'unknown' ],
        ] ] ]);

        my $f = $m->{fields}{0};

        is(ref $f, 'HASH', "$protocol: a struct") or diag(answer($m)), next;

        is("@$f{1, 2, 3, 4, 5, 6, 8}",
           'id 1 -3 400 -9007199254740993 1.5 2', "$protocol: numbers");
        is($f->{7}, $bytes, "$protocol: bytes in several pieces");
        is($f->{9}{1}, 'inner', "$protocol: default of a struct not sent");
        is(exists $f->{9}{2}, '', "$protocol: optional field not sent");
        is($f->{13}{1}, 'next', "$protocol: struct in itself");
        is($f->{13}{9}{1}, 'inner', "$protocol: default in there");
        is("@{[ %{$f->{14}} ]} @{[ %{$f->{13}{14}} ]}", '2 either 1 5',
           "$protocol: unions");
        is(exists $f->{99}, '', "$protocol: unknown field");
    }

    is(answer($c->call('outer', [ [ 1, struct => [ [ 3, i8 => 1 ] ] ] ])),
       '7 arguments do not fit their definition: missing required field at '
       . 'outer.id', 'arguments that do not fit');
    is(answer($c->call('echo', [ [ 1, i32 => 1 ] ])),
       '7 arguments do not fit their definition: wrong type, string expected '
       . 'at text', 'argument of another type');
    is(answer($c->call('echo')), '', 'argument that is not sent');
}


sub exceptions {
    my $m = $c->call('echo', text('deny'));

    is("$m->{type} $m->{fields}{1}{1} $m->{fields}{1}{2}", REPLY
       . ' denied 403', 'declared exception');
    is($c->call('echo', text('other'))->{fields}{3}{1}, 'another one',
       'another one');
    is(answer($c->call('echo', text('fail'))), '6 failed: fail', 'failure');
    is(act('type'), '77 a type of its own', 'type of its own');

    ok($t->wait_log(qr/^Probe\.echo declared - 200 Refused$/, 'access.log'),
       'declared in the log');
    ok($t->wait_log(qr/^Probe\.echo exception INTERNAL_ERROR: failed: fail 500/,
                    'access.log'), 'failure in the log');
    ok($t->wait_log(qr/^Probe\.echo success - 200 -$/, 'access.log'),
       'success in the log');
}


sub wrong_replies {
    $t->expect_log(qr/\[error\].*handler did not reply/);
    is(act('nothing'), '6 handler did not reply', 'no reply');
    is(scalar(() = $t->grep_log(qr/handler did not reply.*call: "act"/)), 1,
       'which is logged');

    seen();
    $t->expect_log(qr/\[error\].*handler replied to a call twice/);
    is(act('twice'), 'first', 'two replies');
    is(seen(), 'first:0 second:-5 third:-5 ', 'the second is refused');
    is(scalar(() = $t->grep_log(qr/handler replied to a call twice/)), 2,
       'which is logged');

    $t->expect_log(qr/\[error\].*handler replied to "act" with the reply of/);
    like(act('other method'),
         qr/^6 handler replied to "act" with the reply of "\w+"$/,
       'reply of another method');
    is(seen(), 'other:-1 ', 'which is refused');

    $t->expect_log(qr/\[error\].*handler's reply could not be written/);
    $t->expect_log(qr/\[error\].*reply of "act": result with more than one field/);
    is(act('both'), "6 handler's reply could not be written",
       'reply that cannot be');
    is(seen(), 'both:-1 ', 'which is refused');

    $t->expect_log(qr/\[error\].*handler is done with a call but did not/);
    is(act('done'), '6 handler is done with a call but did not reply',
       'done without a reply');
    is(seen(), 'done:-1 cancelled:3:done:act:-5 ', 'which is refused, and told');
}


# A ticket that is out of date.

sub stale {
    is(act('keep stale'), 'kept', 'a ticket is kept');
    is(act('use stale'), 'used', 'and used after its call');
    is(seen(), 'stale:-5:-5:-5:0:0:-5 ', 'which does nothing');

    # not even when its slot is in use again

    act('x') for 1 .. 50;
    is(act('use stale'), 'used', 'and later');
    is(seen(), 'stale:-5:-5:-5:0:0:-5 ', 'which does nothing');

    is(act('no ticket'), 'good', 'what never was a ticket');
    is(seen(), 'none:-5:-5 ', 'does nothing either');

    is(act('thread'), 'own', 'a thread that has nothing to do with a call');
    is(seen(), 'foreign:-5:0 ', 'is refused');
}


sub timers {
    is(act('timers'), 'timers', 'reply by a timer');
    is(seen(), '-5 fired ', 'one timer cancels another');

    $t->expect_log(qr/\[error\].*handler did not reply/);
    is(act('lost timer'), '6 handler did not reply', 'nothing after a timer');
    is(seen(), 'fired cancelled:3:lost:act:-5 ', 'the handler is told');

    like(act('info'), qr/^Probe act \d+ long state$/, 'what a call knows');
    is(answer($c->call('act', text('info'), seqid => 77)),
       'Probe act 77 long state', 'seqid');
}


sub oneways {
    $c->oneway('tell', text('now'));
    is(seen(), 'told:now ', 'oneway');

    my $text = '';

    $c->oneway('tell', text('later'));
    ok(wait_for(sub { $text .= seen(); $text =~ /told later:0/ }),
       'oneway that goes on');

    $c->oneway('tell', text('fail'));
    is(seen(), 'told:fail ', 'oneway that fails');
    ok($t->wait_log(qr/^Probe\.tell failed INTERNAL_ERROR: told to fail/,
                    'access.log'), 'which is logged');

    # as a CALL, and a method with a reply as a ONEWAY

    $c->start('tell', text('call'));
    is(seen(), 'told:call ', 'oneway sent as a call');

    $c->oneway('echo', text('nobody'));
    is(act('after'), 'after', 'call sent as oneway');
}


# Calls that others reply to.

sub kept {
    my @waiting = map { $t->client('probe') } 1 .. 5;

    $_->start('wait', text('us')) for @waiting;
    is(act('between'), 'between', 'others go on');

    my $n = 0;

    ok(wait_for(sub {
        $n += answer($c->call('release', text('us')));
        $n == 5 }), 'released');
    is(join(' ', map { answer($_->read_message()) } @waiting),
       'us us us us us', 'and answered');

    my $d = $t->client('probe');

    $c->start('wait', text('me'));
    ok(wait_for(sub { answer($d->call('release', text('me'))) }),
       'released by another connection');
    is(answer($c->read_message()), 'me', 'in its turn');
}


sub cancelled {
    my $text = '';
    my $d = $t->client('probe');

    seen();
    $d->start('act', text('forever'));
    $d->start('tell', text('reached'));
    ok(wait_for(sub { $text .= seen(); $text =~ /told:reached/ }),
       'a call that is kept');
    $d->close();

    $text = '';
    ok(wait_for(sub { $text .= seen(); $text =~ /cancelled/ }),
       'the client leaves');
    is($text, 'cancelled:1:forever:act:-5 ', 'the handler is told');

    $d = $t->client('short');

    $t->expect_log(qr/\[error\].*handler timed out/);
    like(act('forever', $d),
         qr/^6 timed out after \d+ms waiting for handler$/, 'deadline');
    is(seen(), 'cancelled:2:forever:act:-5 ', 'the handler is told');
    ok($t->wait_log(qr/^Probe\.act exception INTERNAL_ERROR: timed out .* 504/,
                    'access.log'), 'which is logged');
    like(act('info', $d), qr/short/, 'the time that is left');

    # many that wait, of which some leave

    my @waiting = map { $t->client('probe') } 1 .. 6;

    $_->start('wait', text($_ == $waiting[0] ? 'leaves' : 'some'))
        for @waiting;
    $text = '';
    (shift @waiting)->close();
    ok(wait_for(sub { $text .= seen(); $text =~ /left:1:leaves/ }),
       'one leaves');

    my $n = 0;
    ok(wait_for(sub {
        $n += answer($c->call('release', text('some')));
        $n == 5 }), 'the others are answered');
    is(join(' ', map { answer($_->read_message()) } @waiting),
       'some some some some some', 'all of them');
    seen();
}


sub memory {
    is(length act('big'), 3000000, 'large reply');
    is(act('much'), 'much', 'more than it may have');
    is(seen(), 'much:0 ', 'which it does not get');

    # a byte for each struct on the wire

    my $bytes = "\x19\xfc" . Test::Thrift::Bytes::varint(20000)
                . "\0" x 20000 . "\0";

    is(answer($t->client('probe', protocol => 'compact')->call('size', $bytes)),
       20000, 'many structs');

    my $d = $t->client('short', protocol => 'compact');

    is(answer($d->call('size', $bytes)),
       '7 arguments need too much memory', 'too many structs');
    ok($t->wait_log(qr/\[info\].*client sent arguments that need more memory/),
       'which is logged');
    is(answer($d->call('echo', text('still'))), 'still',
       'the connection stays');
}


sub outbound {
    my $ask = sub {
        my ($upstream, $text, $times, $client) = @_;
        my $m = ($client || $c)->call('ask', [ [ 1, string => $upstream ],
                                               [ 2, string => $text ],
                                               [ 3, i32 => $times || 1 ] ]);
        return $m && $m->{type} == REPLY && $m->{fields}{1}
               ? $m->{fields}{1}{1} : answer($m);
    };

    is($ask->('framed', 'hello'), 'hello', 'call to an upstream');
    is($ask->('compact', 'hello'), 'hello', 'unframed, compact, multiplexed');
    is($ask->('framed', 'x' x 200000), 'x' x 200000, 'large');
    is($ask->('framed', 'again', 20), 'again', 'twenty in a row');
    is($ask->('framed', 'deny'), 'refused 403', 'declared exception');
    is($ask->('framed', 'fail'), 'remote 6 failed: fail',
       'exception of the server');
    is($ask->('backend', 'x'), 'backend', 'another server');
    is($backend->calls('echo'), 1, 'was called');

    $t->expect_log(qr/\[error\].*connect\(\) failed/);
    is($ask->('nobody', 'x'), 'local 6 cannot connect to upstream',
       'nobody there');

    $t->expect_log(qr/\[error\].*handler calls upstream "none", which is not/);
    is($ask->('none', 'x'), 'local 6 there is no such upstream',
       'no such upstream');

    # many at once

    my @clients = map { $t->client('probe') } 1 .. 20;

    $_->start('ask', [ [ 1, string => 'framed' ], [ 2, string => 'many' ],
                       [ 3, i32 => 5 ] ]) for @clients;
    is(join(' ', map { answer($_->read_message()) } @clients),
       join(' ', ('many') x 20), 'many at once');

    # what the server answers is nothing that the handler could read

    my @replies = (
        [ { body => [ [ 0, i32 => 1 ] ] },
          'upstream sent a reply that does not fit its definition',
          'does not fit its definition: wrong type, string expected at '
          . 'success' ],
        [ { body => [ [ 1, struct => [ [ 2, string => 'x' ] ] ] ] },
          'upstream sent a reply that does not fit its definition',
          'does not fit its definition: wrong type, i32 expected at '
          . 'refused.code' ],
        [ { body => [] },
          'upstream sent a reply that does not fit its definition',
          'does not fit its definition: result without a value' ],
        [ { body => [ [ 0, string => 'x' ],
                      [ 1, struct => [ [ 1, string => 'y' ] ] ] ] },
          'upstream sent a reply that does not fit its definition',
          'does not fit its definition: result with more than one field' ],
        [ { body => "\x0b\x00\x00\x7f\xff\xff\xff" },
          'upstream sent a malformed reply', 'longer than its message' ],
        [ { garbage => 1 }, 'upstream sent a malformed reply',
          'neither a framed nor an unframed Thrift message' ],
        [ { close => 'request' }, 'upstream closed', 'prematurely closed' ],
        [ { close => 'mid' }, 'upstream closed', 'prematurely closed' ],
    );

    for my $reply (@replies) {
        my ($action, $failure, $logged) = @$reply;

        $backend->script(echo => [ $action, {} ]);
        $t->expect_log(qr/\[error\].*upstream.*\Q$logged\E/);
        like($ask->('backend', 'x'), qr/^local \d+ \Q$failure\E/, $logged);
        is($ask->('backend', 'x'), 'backend', 'and the next is answered');
    }

    $backend->script(echo => [ { body => [ [ 0, string => 'x' x 200000 ] ] },
                               {} ]);
    $t->expect_log(qr/\[error\].*reply that needs more memory/);
    is($ask->('backend', 'x', 1, $t->client('short')),
       'local 6 the reply needs too much memory', 'too large a reply');
    is($ask->('backend', 'x', 1, $t->client('short')), 'backend',
       'and the next is answered');

    # the server does not answer: what is left of the deadline counts

    $backend->script(echo => { stall => 1 });

    my $d = $t->client('short');

    $t->expect_log(qr/\[error\].*(?:upstream|handler) timed out/);
    like($ask->('backend', 'x', 1, $d),
         qr/^(?:local )?6 timed out after \d+ms/, 'deadline is inherited');

    # the client leaves meanwhile

    $d = $t->client('probe');
    my $before = $backend->calls('echo');
    $d->start('ask', [ [ 1, string => 'backend' ], [ 2, string => 'left' ],
                       [ 3, i32 => 1 ] ]);
    ok(wait_for(sub { $backend->calls('echo') > $before }), 'asked');
    $d->close();
    ok($t->wait_log(qr/^Probe\.ask cancelled /, 'access.log'),
       'the client leaves');
    is($ask->('framed', 'after'), 'after', 'others go on');
}


sub mixed {
    my $d = $t->client('short');

    is(answer($d->call('nothing')), 'backend', 'a method is passed on');
    is(answer($d->call('work')), '6 no work', 'a method is refused');
    is(answer($d->call('echo', text('here'))), 'here', 'others are hosted');

    $d = $t->client('passed');

    is(answer($d->call('echo', text('here'))), 'here', 'a method is hosted');
    is(answer($d->call('nothing')), 'backend', 'others are passed on');
}


sub threads {
    my $work = sub {
        return [ [ 1, string => $_[0] ], [ 2, i32 => $_[1] ] ];
    };

    is(answer($c->call('work', $work->('pool', 5))), -5, 'work on a thread');
    is(seen(), 'worked ', 'which comes back');

    $t->expect_log(qr/\[error\].*wants thread_pool "none"/);
    is(answer($c->call('work', $work->('none', 5))), '6 no work: -1',
       'no such pool');

    # the client leaves while it works

    my $d = $t->client('probe');
    $d->start('work', $work->('pool', 100));
    $d->start('tell', text('working'));

    my $text = '';
    ok(wait_for(sub { $text .= seen(); $text =~ /told:working/ }),
       'work that takes longer');
    $d->close();
    ok($t->wait_log(qr/^Probe\.work cancelled /, 'access.log'),
       'the client leaves');

    # more than the queue takes

    my @busy = map { $t->client('probe') } 1 .. 4;

    $t->expect_log(qr/\[error\].*thread pool "full" queue overflow/);
    $_->start('work', $work->('full', 100)) for @busy;

    my @answers = map { answer($_->read_message()) } @busy;

    ok((grep { $_ eq '6 no work: -1' } @answers) >= 1, 'queue is full')
        or diag("@answers");
    ok((grep { $_ eq '-100' } @answers) >= 1, 'but not for all');

    # methods on threads

    $d = $t->client('threads');

    is(answer($d->call('echo', text('thread'))), 'thread',
       'method on a thread');
    is(answer($d->call('echo', text('x' x 100000))), 'x' x 100000,
       'with much to say');
    is($d->call('echo', text('deny'))->{fields}{1}{2}, 403,
       'with a declared exception');
    like(act('info', $d), qr/^Probe act \d+ short state$/, 'with info');
    is(act('log', $d), 'logged', 'with a line');
    ok($t->wait_log(qr/\[warn\].*a line of act\\x0A2.*call: "act"/), 'in the log');

    $t->expect_log(qr/\[error\].*nthrift_call_timer\(\) called in a thread/);
    $t->expect_log(qr/\[error\].*nthrift_call_on_cancel\(\) called in a thr/);
    $t->expect_log(qr/\[error\].*handler did not reply/);
    is(act('lost timer', $d), '6 handler did not reply',
       'timers are not for threads');

    is(act('twice', $d), 'first', 'a second reply is refused');

    # a call that waits is none of a thread's

    my $waits = $t->client('threads');
    $waits->start('wait', text('waits'));
    my $n;
    ok(wait_for(sub { $n = answer($d->call('release', text('waits'))) }),
       'a call waits');
    is($n, 100, 'a thread cannot answer it');

    # two at once on two threads, while the loop goes on

    my @slow = map { $t->client('threads') } 1 .. 2;
    my $limit = 0.14 * time_factor();
    my $started = 0;

    cmp_ok(shortest($limit, sub {
        map { $_->read_message() } @slow if $started++;
        $_->start('act', text('slow')) for @slow;
        is(answer($c->call('echo', text('quick'))), 'quick',
           'the loop goes on');
    }), '<', $limit, 'at once');
    is(join(' ', map { answer($_->read_message()) } @slow), 'slow slow',
       'and threads, too');

    # threads that are slower than the calls' time, or than a client

    $t->expect_log(qr/\[error\].*handler timed out/);
    @slow = map { $t->client('threads') } 1 .. 8;
    $_->start('act', text('slow')) for @slow;
    (pop @slow)->close();

    @answers = map { answer($_->read_message()) } @slow;

    is(scalar(grep { /^(?:slow|6 timed out after \d+ms .*)$/ } @answers), 7,
       'deadline of methods on threads') or diag("@answers");
    ok((grep { /timed out/ } @answers) >= 1, 'some are too slow');
    ok(wait_for(sub { act('info', $d) =~ /Probe/ }), 'threads are free again');
}


# A method on a thread may go on after its call, and ask what it likes.

sub ended {
    for my $more ('', 'y' x 3000) {
        my $name = $more ? 'large call' : 'call';
        my $args = [ @{text('ended')}, [ 99, string => $more ] ];
        my $text = '';

        seen();
        like(answer($t->client('threads')->call('act', $args)),
             qr/^6 timed out after/, "$name of a thread that goes on");
        ok(wait_for(sub { $text .= seen(); $text =~ /ended/ }),
           "$name: and ends");
        is($text, 'ended:1:1:0:-5 ',
           "$name: its reply is refused, nothing else");
    }
}


sub not_started {
    $t->expect_log(qr/\[error\].*service "Probe": cannot start: why/);
    $t->expect_log(qr/\[error\].*start hook of service "Probe" of handler/);
    $t->expect_log(qr/\[error\].*service "Probe" could not be started/);

    is(answer($t->client('fails')->call('nothing')),
       '6 service "Probe" is not available', 'start hook fails');
    is(scalar(() = $t->grep_log(qr/cannot start: why/)), 1, 'and says why');
}


sub logs {
    is(act('log'), 'logged', 'a line');
    ok($t->wait_log(qr/\[warn\].*a line of act\\x0A2.*call: "act"/), 'in the log');

    is(act('slow'), 'slow', 'a method that holds the event loop');
    ok($t->wait_log(qr/\[warn\].*handler\ of\ service\ "Probe"\ held\ the
                       \ event\ loop\ for\ \d{3,}ms.*call:\ "act"/x),
       'is logged') or diag($t->grep_log(qr/held/));

    my $n = () = $t->grep_log(qr/held the event loop/);

    is(act('slow', $t->client('short')), 'slow', 'the same without a watch');
    is(scalar(() = $t->grep_log(qr/held the event loop/)), $n,
       'is not logged');
}
