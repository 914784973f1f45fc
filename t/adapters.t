#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Services that Apache's compiler has made, hosted by nthrift_cpp.hpp and
# nthrift_cglib.h: in a host without nginx, where time is a test's own and
# sanitizers look on; and in nginx, with Apache's clients.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/host";

use Test::More;
use Time::HiRes qw(time);

use Test::Thrift;
use Test::Thrift::Bytes;
use Host;

use constant {
    LONG    => 400_000,             # numbers in a list
    MUTANTS => 300,                 # messages with bytes that are wrong
    SEED    => 8,
};


chdir(Test::Thrift->top()) or die "chdir: $!";

ok(system('make', '-s', '-j2', '-f', 't/host/host.mk', 'host') == 0, 'build');

my (%called, $t);
my %file = map { $_ => "build/host/asan/$_.so" } qw(sync cob glib typed);

my @item = (
    [ 1, string => 'a name' ],
    [ 2, list => [ i64 => 0, -1, 1 << 40 ] ],
    [ 3, map => [ string => 'string', '' => 'empty' ] ],
    [ 4, bool => 1 ],
    [ 5, double => -0.5 ],
    [ 6, i32 => 2 ],
    [ 7, binary => "\xff\x00\xfe" ],
    [ 8, list => [ struct => [
        [ 1, string => '' ], [ 2, list => [ i64 => () ] ],
        [ 3, map => [ string => 'string' ] ], [ 4, bool => 0 ],
        [ 5, double => 0 ], [ 6, i32 => 1 ], [ 7, binary => '' ],
    ] ] ],
);

for my $name (qw(sync cob glib)) {
    for my $protocol (qw(binary compact)) {
        replies($name, $protocol);
        exceptions($name, $protocol);
        oneway($name, $protocol);
        unreadable($name, $protocol);
    }
}

about();
starts();
wrong_processors();
threads();
cob_later();
cob_gone();
cob_end();
glib_errors();
glib_circles();
glib_long();
glib_left_out();
typed();
typed_later();
mutants();

in_nginx();
documented();

$t->done();


sub replies {
    my ($name, $protocol) = @_;

    my $h = Host->new($file{$name}, 'Test', protocol => $protocol);
    my $what = "$name, $protocol";
    my $long = 'long ' x 20_000;

    is($h->{started}, 'ok', "$what: starts");

    my $r = $h->ask('echo', [ [ 1, string => 'x' ] ], seqid => -2);
    is("$r->{end} $r->{type} $r->{name} $r->{seqid} $r->{fields}{0}",
       'replied 2 echo -2 x', "$what: replies");

    is($h->ask('echo', [ [ 1, string => '' ] ])->{fields}{0}, '',
       "$what: empty string");
    is($h->ask('echo', [ [ 1, string => $long ] ])->{fields}{0}, $long,
       "$what: long string");
    is($h->ask('low', [ [ 1, i32 => 1 ] ])->{fields}{0}, 2,
       "$what: inherited");
    is($h->ask('middle', [ [ 1, i32 => 1 ] ])->{fields}{0}, 3,
       "$what: inherited once");

    my $n = $h->call('item', [ [ 1, struct => \@item ] ]);
    $h->tell('advance 10');
    $r = $h->result($n);

    is_deeply($r->{fields}{0}, read_item(), "$what: all types");

    is(join('|', $h->log()), '', "$what: nothing to say");

    $r = $h->ask('later', [ [ 1, string => 'memory' ] ]);
    like("$r->{end} $r->{type} $r->{fields}{1}",
         qr/^failed 3 .*"thrift_handler_memory" allows$/,
         "$what: a value that there was no memory for");
    $h->log();

    is($h->close(), '', "$what: clean");
}


# The item, as it is read of a reply.

sub read_item {
    my $bytes = reply_bytes('item', 1, [ [ 0, struct => \@item ] ]);

    return parse_message($bytes)->{fields}{0};
}


sub exceptions {
    my ($name, $protocol) = @_;

    my $h = Host->new($file{$name}, 'Test', protocol => $protocol);
    my $what = "$name, $protocol";

    is($h->ask('refuse', [ [ 1, i32 => 0 ] ])->{fields}{0}, 0,
       "$what: no exception");

    my $r = $h->ask('refuse', [ [ 1, i32 => 1 ] ]);
    is("$r->{end} $r->{type} $r->{fields}{1}{2}", 'replied 2 as declared',
       "$what: declared");
    is(join('|', $h->log()), '', "$what: declared says nothing");

    $r = $h->ask('refuse', [ [ 1, i32 => 2 ] ]);
    is("$r->{end} $r->{type} $r->{fields}{1}", 'replied 3 not declared',
       "$what: undeclared");
    like(join('|', $h->log()),
         qr/^error: (?:Test\.)?refuse failed: not declared$/,
         "$what: undeclared is logged");

    $r = $h->ask('nope', [ [ 1, struct => \@item ] ]);
    is("$r->{end} $r->{type} $r->{name} $r->{fields}{2}", 'replied 3 nope 1',
       "$what: unknown method");

    is($h->ask('echo', [ [ 1, string => 'x' ] ])->{fields}{0}, 'x',
       "$what: goes on");
    is($h->close(), '', "$what: exceptions are clean");
}


sub oneway {
    my ($name, $protocol) = @_;

    my $h = Host->new($file{$name}, 'Test', protocol => $protocol);
    my $what = "$name, $protocol";

    my $n = $h->call('tell', [ [ 1, string => 'this' ] ], type => ONEWAY);
    $h->tell('advance 10');

    is($h->tell("result $n"), 'done', "$what: oneway");
    is(join('|', $h->log()), 'info: was told this', "$what: oneway ran");

    $n = $h->call('tell', [ [ 1, string => 'throw' ] ], type => ONEWAY);
    is($h->tell("result $n"), 'failed', "$what: oneway throws");
    like((grep { !/was told/ } $h->log())[0],
         qr/^error: (?:Test\.)?tell failed: not heard$/,
         "$what: oneway is logged");

    $n = $h->call('refuse', [ [ 1, i32 => 2 ] ], type => ONEWAY);
    like($h->tell("result $n"), qr/^(?:replied|failed)$/,
         "$what: nobody hears of it");
    is(scalar(my @log = $h->log()), 1, "$what: it is logged once");

    $n = $h->call('echo', [ [ 1, string => 'x' ] ], type => ONEWAY);
    like($h->tell("result $n"), qr/^(?:replied|done)$/,
         "$what: nobody waits");

    is(join('|', $h->log()), '', "$what: nothing more");
    is($h->close(), '', "$what: oneway is clean");
}


sub about {
    my $h = Host->new($file{sync}, 'Test', timeout => 500);

    is($h->ask('about', [], seqid => 7)->{fields}{0}, 'Test.about 7 500 -1',
       'current call');
    is(join('|', $h->log()), 'info: about was here', 'its log');
    is($h->close(), '', 'clean');

    $h = Host->new($file{glib}, 'Test', timeout => 500);

    is($h->ask('about', [], seqid => 7)->{fields}{0}, 'Test.about 7 500',
       'glib: current call');
    is(join('|', $h->log()), 'info: about was here', 'glib: its log');
    is($h->close(), '', 'glib: clean');

    $h = Host->new($file{cob}, 'Test');

    my $n = $h->call('about', []);
    $h->tell('advance 10');

    is($h->result($n)->{fields}{0}, 'the same', 'cob: current call');
    is($h->close(), '', 'cob: clean');
}


sub starts {
    for my $case ([ 'sync', 'Test', [ throw => 'no key' ], 'no key' ],
                  [ 'sync', 'Test', [ odd => 1 ], 'no std::exception' ],
                  [ 'sync', 'Nothing', [], 'there is no processor' ],
                  [ 'cob', 'Nothing', [], 'there is no processor' ],
                  [ 'glib', 'Test', [ throw => 'no key' ], 'no key' ],
                  [ 'glib', 'Nothing', [], 'there is no processor' ],
                  [ 'glib', 'Test', [ wrong => 1 ],
                    'TestProcessor does not take this handler' ])
    {
        my ($name, $service, $args, $text) = @$case;
        my $h = Host->new($file{$name}, $service, args => $args);

        is($h->{started}, 'failed', "$name $service does not start");
        like(($h->log())[-1], qr/^error: .*\Q$text\E/, "$name: $text");
        is($h->call('echo', [ [ 1, string => 'x' ] ]), 'refused',
           "$name: nothing is called");
        is($h->close(), '', "$name: clean");
    }
}


sub wrong_processors {
    my $h = Host->new($file{sync}, 'Wrong');

    for my $case ([ 'false', 'the processor has failed' ],
                  [ 'none', 'the processor has written no reply' ],
                  [ 'another', 'handler\'s reply is to another call' ])
    {
        my ($method, $text) = @$case;
        my $r = $h->ask($method, []);

        is("$r->{end} $r->{type} $r->{fields}{1}", "failed 3 $text",
           "processor: $method");
    }

    is($h->close(), '', 'clean');
}


# Each method has a thread of its own, all of them one object.

sub threads {
    for my $name (qw(sync glib)) {
        my $h = Host->new($file{$name}, 'Test', threads => 1);
        my @calls = map { $h->call('together', [ [ 1, i32 => 4 ] ]) } 1 .. 4;

        $h->tell('advance 0');

        is(join(' ', map { $h->result($_)->{fields}{0} || 'none' } @calls),
           '4 4 4 4', "$name: four at once");

        # the client leaves while the method runs

        my $n = $h->call('together', [ [ 1, i32 => 6 ] ]);
        $h->tell("leave $n");
        my $m = $h->call('together', [ [ 1, i32 => 6 ] ]);
        $h->tell('advance 0');

        is($h->result($n)->{end}, 'cancelled', "$name: client left");
        is($h->result($m)->{fields}{0}, 6, "$name: others go on");

        $n = $h->call('refuse', [ [ 1, i32 => 2 ] ]);
        $h->tell('advance 0');
        is($h->result($n)->{fields}{1}, 'not declared',
           "$name: exception in a thread");

        is($h->close(), '', "$name: clean");
    }

    my $h = Host->new($file{cob}, 'Test', threads => 1);
    my $n = $h->call('echo', [ [ 1, string => 'x' ] ]);

    $h->tell('advance 0');
    like($h->result($n)->{fields}{1}, qr/event loop/, 'cob: not on threads');
    is($h->close(), '', 'cob: clean');
}


# later($h, $how): the call's number.

sub later {
    my ($h, $how) = @_;

    return $h->call('later', [ [ 1, string => $how ] ]);
}


sub cob_later {
    for my $case ([ 'timer',            2000, 'replied 2 2000' ],
                  [ 'timers',           15,   'replied 2 15' ],
                  [ 'plain timer',      10,   'replied 2 10' ],
                  [ 'two timers',       10,   'replied 2 10' ],
                  [ 'twice',            0,    'replied 2 1',
                    'handler replied to a call twice' ],
                  [ 'drop',             0,
                    'failed 3 the method has dropped its callbacks',
                    'later failed: the method has dropped its callbacks' ],
                  [ 'throw',            0,    'failed 3 thrown',
                    'later failed: thrown' ],
                  [ 'odd',              0,
                    'failed 3 an exception that is no std::exception',
                    'no std::exception' ],
                  [ 'throw later',      10,   'failed 3 thrown later',
                    'later failed: thrown later' ],
                  [ 'fail',             0,    'failed 3 failed' ],
                  [ 'fail later',       10,   'failed 3 failed later' ],
                  [ 'declared later',   10,   'replied 2 as declared' ],
                  [ 'undeclared later', 10,   'replied 3 not declared',
                    'Test.later failed: not declared' ],
                  [ 'upstream',         20,   'replied 2 7' ])
    {
        my ($how, $msec, $expected, @said) = @$case;
        my $h = Host->new($file{cob}, 'Test');

        $h->answer(20, [ [ 0, i64 => 7 ] ]);

        my $n = later($h, $how);

        if ($msec) {
            $h->tell('advance ' . ($msec - 1));
            is($h->result($n)->{end}, 'open', "cob $how: waits");
            $h->tell('advance 1');
        }

        my $r = $h->result($n);
        my ($value) = map { ref $_ ? $_->{2} : $_ }
                          grep { defined } @{$r->{fields}}{0, 1};

        is("$r->{end} $r->{type} $value", $expected, "cob $how");

        $h->tell('advance 100');

        my @log = $h->log();

        is(scalar(@log), scalar(@said), "cob $how: lines of log");
        like($log[$_] || '', qr/^error: .*\Q$said[$_]\E$/, "cob $how: log")
            for 0 .. $#said;

        is($h->close(), '', "cob $how: clean");
    }

    my $h = Host->new($file{cob}, 'Test');
    my @calls = map { $h->call('together', [ [ 1, i32 => 3 ] ]) } 1 .. 3;

    is(join(' ', map { $h->result($_)->{fields}{0} } @calls), '3 3 3',
       'cob: one call replies to others');

    my $n = $h->call('tell', [ [ 1, string => 'drop' ] ], type => ONEWAY);
    is($h->result($n)->{end}, 'done', 'cob: oneway drops its callback');
    is(join('|', $h->log()), 'info: was told drop', 'cob: which is no error');
    is($h->close(), '', 'cob: clean');
}


# The client leaves first, or time does; callbacks are there, or not.

sub cob_gone {
    for my $how ('timer', 'timers', 'throw later', 'upstream', 'keep',
                 'cancel', 'cancel throws')
    {
        for my $reason (qw(client deadline)) {
            my $h = Host->new($file{cob}, 'Test', timeout => 9);

            $h->answer(20, [ [ 0, i64 => 7 ] ]);

            my $n = later($h, $how);

            $h->tell($reason eq 'client' ? "leave $n" : 'advance 9');

            my $r = $h->result($n);
            is("$r->{end} $r->{reason}", "cancelled $reason",
               "cob $how: $reason");

            $h->tell('advance 3000');

            my @log = grep { !/timed out/ } $h->log();
            my $expected = $how eq 'cancel' ? 'info: cancelled: [12]'
                           : $how eq 'cancel throws' ? 'error: .* exception'
                           : '';

            like(join('|', @log), qr/^$expected$/, "cob $how: log");

            # whoever calls back now is refused

            my $kept = $how =~ /keep|cancel/ ? 1 : 0;

            $r = $h->result(later($h, 'release'));
            is($r->{fields}{0}, $kept, "cob $how: late callbacks");
            is(join('|', $h->log()), '', "cob $how: are no error");
            is($h->close(), '', "cob $how: clean");
        }
    }
}


# Calls are open, and callbacks are held, when the worker ends.

sub cob_end {
    my $h = Host->new($file{cob}, 'Test');

    later($h, $_) for qw(timer timers keep cancel);
    $h->call('together', [ [ 1, i32 => 3 ] ]);

    is($h->tell('stop'), 'ok', 'cob: stop');
    is(join('|', $h->log()), 'info: cancelled: 1', 'cob: told so');
    is($h->close(), '', 'cob: clean');
}


sub glib_errors {
    local $ENV{G_DEBUG} = 'fatal-criticals';

    my $h = Host->new($file{glib}, 'Test');

    my $r = $h->ask('refuse', [ [ 1, i32 => 3 ] ]);
    is("$r->{end} $r->{type} $r->{fields}{2}", 'replied 3 0',
       'glib: FALSE without an error');
    like(join('|', $h->log()), qr/^warn: .*did not set an error\|error: /,
         'glib: a warning');

    $r = $h->ask('refuse', [ [ 1, i32 => 5 ] ]);
    is($r->{fields}{0}, 0, 'glib: a critical is not fatal');
    like(join('|', $h->log()), qr/^error: GLib-GObject: g_object_ref: /,
         'glib: but logged');

    $r = $h->ask('refuse', [ [ 1, i32 => 2 ] ]);
    is($r->{fields}{2}, 6, 'glib: the code of an error');

    $h->ask('item', [ [ 1, struct => \@item ] ]);
    is($h->ask('refuse', [ [ 1, i32 => 4 ] ])->{fields}{0}, 1,
       'glib: a type is registered again');

    is($h->close(), '', 'glib: clean');
}


# A type that Debian's Thrift does not know, in a field that is in no IDL: nginx
# refuses it before, but there will be others.  That is not the handler's fault,
# and costs no memory.

sub unreadable {
    my ($name, $protocol) = @_;

    my $h = Host->new($file{$name}, 'Test', protocol => $protocol);
    my $what = "$name, $protocol";
    my @field = ([ 1, string => 'x' ], [ 99, uuid => "\1" x 16 ]);

    for my $method (qw(echo nope)) {
        my $r = $h->ask($method, \@field);
        is("$r->{end} $r->{type} $r->{fields}{2}", 'failed 3 7',
           "$what: $method cannot be read");
        like(join('|', $h->log()),
             qr/^info: \Q$method\E cannot be read: [^|]+$/,
             "$what: $method says so");
    }

    $h->ask('tell', \@field, type => ONEWAY);
    like(join('|', $h->log()), qr/^info: tell cannot be read: [^|]+$/,
         "$what: a oneway as well");

    is($h->ask('echo', [ [ 1, string => 'x' ] ])->{fields}{0}, 'x',
       "$what: goes on");
    is($h->close(), '', "$what: unreadable is clean");
}


# An argument that a client has left out.

sub glib_left_out {
    my $h = Host->new('build/examples/words_cglib.so', 'Words');

    is($h->ask('count', [])->{fields}{0}, 0, 'glib: no text has no words');
    is($h->ask('longest', [])->{fields}{1}{1}, 'there is no word',
       'glib: and no longest one');
    is($h->ask('longest', [ [ 1, string => 'a bc' ] ])->{fields}{0}, 'bc',
       'glib: goes on');
    is($h->close(), '', 'glib: clean');
}


# A method that no service of a line has: one process hosts two of them.

sub glib_circles {
    my $h = Host->new($file{glib}, 'Test');

    for my $service (qw(Test Middle Test)) {
        $h->tell('close');
        $h->tell("open $file{glib} $service");
        $h->tell('start');

        my $r = $h->ask('nope', []);
        is("$r->{end} $r->{type} $r->{fields}{2}", 'replied 3 1',
           "glib: unknown to $service");
        is($h->ask('low', [ [ 1, i32 => 1 ] ])->{fields}{0}, 2,
           "glib: inherited by $service");
    }

    is($h->close(), '', 'glib: clean');
}


# ThriftMemoryBuffer would take minutes for it.

sub glib_long {
    my $start = time();
    my $h = Host->new($file{glib}, 'Test', memory => 64 << 20);
    my $r = $h->ask('item', [ [ 1, struct => [
        [ 2, list => [ i64 => 1 .. LONG ] ]
    ] ] ]);

    is(scalar @{$r->{fields}{0}{2}}, LONG, 'glib: long list');
    cmp_ok(time() - $start, '<', 30 * time_factor(), 'glib: in good time');
    is($h->close(), '', 'glib: clean');
}


# A handler of "nthrift gen", to see that the host is as nginx is.

sub typed {
    my $h = Host->new($file{typed}, 'Test', args => [ name => 'me' ]);

    for my $protocol (qw(binary compact)) {
        $h->{protocol} = $protocol;

        my $r = $h->ask('item', [ [ 1, struct => \@item ] ]);
        is_deeply($r->{fields}{0}, read_item(), "typed, $protocol: all types");

        is($h->ask('refuse', [ [ 1, i32 => 1 ] ])->{fields}{1}{2},
           'as declared', "typed, $protocol: declared");
    }

    like($h->ask('about', [], seqid => 5)->{fields}{0},
         qr/^Test\.about 5 \d{10,} me$/, 'typed: about');
    is(join('|', $h->log()), 'info: about was here', 'typed: log');

    is($h->call('later', [ [ 1, i32 => 1 ] ]), 'refused',
       'typed: wrong argument');
    is($h->call('nope', []), 'refused', 'typed: unknown method');

    is($h->ask('tell', [ [ 1, string => 'x' ] ])->{end}, 'done',
       'typed: oneway');

    $h->log();
    $h->tell('advance 2500');
    is(join('|', $h->log()), 'info: tick|info: tick', 'typed: worker timer');
    $h->tell('stop');
    is(join('|', $h->log()), 'info: stops', 'typed: stop hook');
    is($h->close(), '', 'typed: clean');

    $h = Host->new($file{typed}, 'Test');
    is($h->{started}, 'failed', 'typed: start hook fails');
    is($h->close(), '', 'typed: clean');
}


sub typed_later {
    my @two = map { [ [ 0, i64 => $_ ] ] } 1, 10;

    for my $case ([ 'timer',        10, [], 1 ],
                  [ 'cancel timer', 10, [], 1 ],
                  [ 'work',         0,  [], 42 ],
                  [ 'join nothing', 0,  [], 3 ],
                  [ 'upstream',     20, [ $two[1] ], 10 ],
                  [ 'rounds',       40, [ @two, $two[0] ], 12 ],
                  [ 'upstream',     20, [ [ [ 1, struct => [
                      [ 1, i32 => 1 ], [ 2, string => 'no' ] ] ] ] ], 'no' ],
                  [ 'upstream',     20, [ 'broken' ], 'upstream: broken' ],
                  [ 'upstream',     20, [ [] ],
                    qr/^upstream: .*without a value/ ],
                  [ 'nothing',      0,  [], 'handler did not reply' ],
                  [ 'unheard',      0,  [], 'handler did not reply' ],
                  [ 'twice',        0,  [], 1 ],
                  [ 'as another',   0,  [],
                    'handler replied as another method' ],
                  [ 'empty',        0,  [], qr/result/ ],
                  [ 'done',         0,  [], qr/did not reply/ ],
                  [ 'memory',       0,  [], 15 ])
    {
        my ($how, $msec, $answers, $expected) = @$case;

        for my $threads (0, 1) {
            next if $threads && $how ne 'work';

            my $h = Host->new($file{typed}, 'Test', args => [ name => 'me' ],
                              work => $threads);

            $h->answer(20, $_) for @$answers;

            my $n = later($h, $how);

            is($h->result($n)->{end}, 'open', "typed $how: waits")
                if $msec;
            $h->tell("advance $msec");

            my $r = $h->result($n);
            my ($value) = map { ref $_ ? $_->{2} : $_ }
                              grep { defined } @{$r->{fields}}{0, 1};

            like($value, ref $expected ? $expected : qr/^\Q$expected\E$/,
                 "typed $how");
            is($h->close(), '', "typed $how: clean");
        }
    }

    for my $reason (qw(client deadline)) {
        my $h = Host->new($file{typed}, 'Test', args => [ name => 'me' ],
                          timeout => 100);
        my $n = later($h, 'wait');

        $h->tell('advance 50');
        $h->tell($reason eq 'client' ? "leave $n" : 'advance 50');

        is($h->result($n)->{reason}, $reason, "typed: $reason");
        like(join('|', $h->log()), qr/info: cancelled: [12], 5$/,
             "typed: $reason, told so");
        is($h->close(), '', "typed: $reason, clean");
    }
}


# Bodies that are well formed or not, and say what they should not: an adapter
# answers, or its method does.

sub mutants {
    my @all = (
        [ 'item', [ [ 1, struct => \@item ] ] ],
        [ 'echo', [ [ 1, string => 'hello' ] ] ],
        [ 'refuse', [ [ 1, i32 => 2 ] ] ],
        [ 'low', [ [ 1, i32 => 2 ], [ 9, bool => 1 ] ] ],
    );

    srand(SEED);

    for my $name (qw(sync cob glib typed)) {
        for my $protocol (qw(binary compact)) {
            my $h = Host->new($file{$name}, 'Test', protocol => $protocol,
                              args => [ name => 'me' ]);
            my ($called, $ended) = (0, 0);

            for (1 .. MUTANTS) {
                my ($method, $fields) = @{$all[rand @all]};
                my $body = encode_struct($protocol, @$fields);

                substr($body, rand length $body, 1) = chr(rand 256)
                    for 0 .. rand 3;

                my $n = $h->call($method, $body);
                next if $n !~ /^\d+$/;

                $called++;
                $h->tell('advance 10');
                $ended++ if $h->result($n)->{end} =~ /^(?:replied|failed)$/;
                $h->tell("free $n");
            }

            cmp_ok($called, '>', MUTANTS / 10, "$name, $protocol: mutants");
            is($ended, $called, "$name, $protocol: each has ended");
            is($h->close(), '', "$name, $protocol: clean");
        }
    }
}


# --- in nginx -----------------------------------------------------------------

sub in_nginx {
    %called = map { split /: /, $_, 2 } split /\n/, <<'EOF';
low: 2
middle: 3
echo: hello
item: same
refuse 0: 0
refuse 1: 1 as declared
refuse 2: exception: not declared
tell: sent
long: 300000
EOF

    $ENV{PYTHONPATH} = 'build/host/gen/py';
    $ENV{PYTHONDONTWRITEBYTECODE} = 1;

    $t = Test::Thrift->new(nginx_conf(), log => 'info');
    $t->run();

    real_clients($_) for qw(sync threads cob glib glib_threads);
    nginx_logs();
    nginx_threads();
    nginx_examples();
    nginx_gone();
    nginx_deadline();
    nginx_reload();
}


# Sanitizers of the handlers want those of nginx.

sub nginx_file {
    my ($name) = @_;

    return "%%TOP%%/build/host/" . ((sanitizer() || '') =~ /address/ ? 'asan' : 'plain')
           . "/$name.so";
}


sub nginx_conf {
    my %file = map { $_ => nginx_file($_) } qw(sync cob glib);

    return conf(<<'EOF', %file);

%%TEST_GLOBALS%%

thread_pool  slow  threads=4;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  calls  '$thrift_service:$thrift_method $thrift_status '
                       '$status $thrift_exception';
    access_log  %%TESTDIR%%/calls.log  calls;

    thrift_idl  %%TOP%%/t/host/adapters.thrift;
    thrift_idl  %%TOP%%/examples/cpp/pingpong.thrift;
    thrift_idl  %%TOP%%/examples/cglib/words.thrift;

    server {
        listen  127.0.0.1:%%PORT_sync%%;

        thrift_service  Test {
            thrift_handler  #sync;
        }
    }

    server {
        listen  127.0.0.1:%%PORT_threads%%;

        thrift_service  Test {
            thrift_handler  #sync threads=slow;
        }
    }

    server {
        listen  127.0.0.1:%%PORT_cob%%;

        thrift_service  Test {
            thrift_handler  #cob;
            thrift_timeout  20s;

            thrift_method  together {
                thrift_timeout  300ms;
            }
        }
    }

    server {
        listen  127.0.0.1:%%PORT_glib%%;

        thrift_service  Test {
            thrift_handler  #glib;
        }
    }

    server {
        listen  127.0.0.1:%%PORT_glib_threads%%;

        thrift_service  Test {
            thrift_handler  #glib threads=slow;
        }
    }

    server {
        listen  127.0.0.1:%%PORT_fails%%;

        thrift_service  Test {
            thrift_handler  #sync throw=nothing;
        }
    }

    server {
        listen  127.0.0.1:%%PORT_examples%%;

        thrift_service  PingPong {
            thrift_handler  %%TOP%%/build/examples/pingpong_cpp.so;
        }

        thrift_service  Words {
            thrift_handler  %%TOP%%/build/examples/words_cglib.so;
        }
    }

    server {
        listen  127.0.0.1:%%PORT_later%%;

        thrift_service  PingPong {
            thrift_handler  %%TOP%%/build/examples/pingpong_cob.so;
        }
    }
}

EOF
}


# Run a command for not too long; what it has printed.  The steps compile 80,000
# lines of C++, for which a busy machine needs more than a minute.

sub output {
    my $pid = open(my $out, '-|');
    die "fork: $!" unless defined $pid;

    if ($pid == 0) {
        open(STDERR, '>&', \*STDOUT);
        alarm(180 * time_factor());
        exec(@_) or POSIX::_exit(127);
    }

    my $text = do { local $/; <$out> };

    return ($text || '') . (close($out) ? '' : "exit code $?\n");
}


sub client {
    my ($name) = @_;

    return $t->client('127.0.0.1:' . $t->port($name));
}


sub real_clients {
    my ($name) = @_;

    for my $client ([ '/usr/bin/python3', 't/host/client.py' ],
                    [ 'build/host/client' ])
    {
        for my $transport (qw(framed buffered)) {
            for my $protocol (qw(binary compact)) {
                my %got = map { split /: /, $_, 2 }
                              split /\n/, output(@$client, $transport,
                                                 $protocol, $t->port($name));

                is_deeply(\%got, \%called, "nginx, $name: @$client $transport"
                                            . " $protocol");
            }
        }
    }
}


# What was thrown is there, once for each time, and nothing else.

sub nginx_logs {
    my $n = 5 * 8;

    is(scalar $t->wait_log(qr/\[error\].*refuse failed: not declared/, undef,
                           undef, $n), $n, 'nginx: undeclared exceptions');
    is(scalar $t->wait_log(qr/\[error\].*tell failed: not heard/, undef, undef,
                           $n), $n, 'nginx: exceptions of oneways');
    is(scalar $t->wait_log(qr/\[info\].*was told this/, undef, undef, $n), $n,
       'nginx: logs of handlers');
    is(scalar $t->grep_log(qr/\[error\]/), 2 * $n + 2, 'nginx: other errors')
        or diag(map { "$_\n" } grep { !/refuse failed|tell failed/ }
                                     $t->grep_log(qr/\[error\]/));

    is(scalar $t->grep_log(qr/:refuse exception 500 UNKNOWN/, 'calls.log')
       + $t->grep_log(qr/:refuse exception 500 INTERNAL_ERROR/, 'calls.log'),
       $n,
       'nginx: in the access log');
    is(scalar $t->grep_log(qr/:refuse declared 200/, 'calls.log'), $n,
       'nginx: declared exceptions');

    is(scalar $t->grep_log(qr/:tell failed 500 .*: not heard/, 'calls.log'),
       $n, 'nginx: oneways that failed');

    like(($t->grep_log(qr/\[error\].*service "Test": nothing/))[0], qr/./,
         'nginx: a start hook says why');

    my $r = client('fails')->call('echo', [ [ 1, string => 'x' ] ]);
    like($r->{fields}{1}, qr/not available/, 'nginx: its calls fail');
}


sub nginx_threads {
    for my $name (qw(threads glib_threads)) {
        my @clients = map { client($name) } 1 .. 4;

        $_->send(call_bytes('together', 1, [ [ 1, i32 => 4 ] ])) for @clients;

        is(join(' ', map { my $r = $_->read_message(20); $r->{fields}{0} }
                         @clients), '4 4 4 4', "nginx: four in $name");
    }
}


sub nginx_examples {
    my $c = client('examples');

    is($c->call('PingPong:ping', [])->{fields}{0}, 'pong', 'example: ping');
    is($c->call('PingPong:add', [ [ 1, i32 => 2 ], [ 2, i64 => 40 ] ])
         ->{fields}{0}, 42, 'example: add');
    is($c->call('PingPong:add', [ [ 1, i32 => 1 ],
                                  [ 2, i64 => 9223372036854775807 ] ])
         ->{fields}{1}{1}, 'the sum is no i64', 'example: overflow');
    is($c->call('Words:count', [ [ 1, string => ' a bb  ccc ' ] ])
         ->{fields}{0}, 3, 'example: count');
    is($c->call('Words:longest', [ [ 1, string => ' a bb  ccc ' ] ])
         ->{fields}{0}, 'ccc', 'example: longest');
    is($c->call('Words:longest', [ [ 1, string => ' ' ] ])->{fields}{1}{1},
       'there is no word', 'example: no word');

    # one call takes two seconds, and holds up nobody

    my $start = time();
    my $later = client('later');

    $later->send(call_bytes('add', 1, [ [ 1, i32 => 2 ], [ 2, i64 => 40 ] ]));

    is(client('later')->call('ping', [])->{fields}{0}, 'pong',
       'example: others meanwhile');
    is($later->read_message(20)->{fields}{0}, 42, 'example: later');
    cmp_ok(time() - $start, '>=', 1.9, 'example: two seconds');
}


# Clients that do not wait: nothing is left of their calls.

sub nginx_gone {
    for my $how ('timer', 'timers', 'keep', 'cancel') {
        my $c = client('cob');

        $c->send(call_bytes('later', 1, [ [ 1, string => $how ] ])
                 . call_bytes('echo', 2, [ [ 1, string => 'x' ] ]));
        $c->close();
    }

    ok($t->wait_log(qr/\[info\].*cancelled: 1/), 'nginx: told so');

    my $r = client('cob')->call('later', [ [ 1, string => 'release' ] ]);

    is($r->{fields}{0}, 2, 'nginx: late callbacks are refused');
}


sub nginx_deadline {
    my $c = client('cob');
    my $r = $c->call('together', [ [ 1, i32 => 2 ] ]);

    is("$r->{type} $r->{fields}{2}", '3 6', 'nginx: deadline');
    like($r->{fields}{1}, qr/timed out/, 'nginx: deadline, says so');

    # the callback that is late is called by the next one's method

    $r = $c->call('together', [ [ 1, i32 => 2 ] ]);
    is($r->{fields}{0}, 2, 'nginx: the next one replies');
}


# A call that waits ends with the old code.

sub nginx_reload {
    $_->close() for @{$t->{clients}};

    my $c = client('later');

    $c->send(call_bytes('add', 1, [ [ 1, i32 => 2 ], [ 2, i64 => 40 ] ]));
    is(client('later')->call('ping', [])->{fields}{0}, 'pong',
       'nginx: reload');

    ok($t->reload(), 'nginx: reloads');

    is(client('sync')->call('echo', [ [ 1, string => 'x' ] ])->{fields}{0},
       'x', 'nginx: the new workers');
    is($c->read_message(20)->{fields}{0}, 42, 'nginx: the old one');

    $_->close() for @{$t->{clients}};
    ok($t->old_workers_gone(20), 'nginx: old workers end');
}


# The steps in docs/adapters.md, followed to the letter.

sub documented {
    SKIP: {
        skip 'the steps are for a dynamic module', 2
            if $ENV{TEST_NGINX_STATIC};

        my $script = join('', "set -e\n",
                          "trap 'kill -QUIT \$(cat nginx.pid)' ERR\n",
                          $t->documented('docs/adapters.md'));

        my $top = Test::Thrift->top();
        my $dir = $t->dir() . '/adapted';
        my $port = $t->port('documented');

        $script =~ s{/tmp/adapted}{$dir}g;
        $script =~ s{127\.0\.0\.1:9090}{127.0.0.1:$port}g;
        $script =~ s{^make all build/nthrift$}{cd $top}m;

        $t->write_file('steps.sh', $script);

        is(output('bash', $t->dir() . '/steps.sh'), "42\n", 'docs: the steps');
        ok(wait_for(sub { !-e "$dir/nginx.pid" }, 10), 'docs: and their end');
    }
}
