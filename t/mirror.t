#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_mirror: a copy of a call goes to another upstream.  Whatever that does,
# the call and its client do not notice; copies are few, and outlive the client.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use List::Util qw(sum);
use Test::More;
use Test::Thrift;
use Time::HiRes qw(time);


my $conf = <<'EOC';

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method|$thrift_status|$status';
    access_log  %%TESTDIR%%/access.log  test;

    upstream backend {
        server  127.0.0.1:%%PORT_backend%%;
    }

    upstream mirror {
        hash    $remote_addr$remote_port$thrift_method$server_addr$seen;
        server  127.0.0.1:%%PORT_mirror%%  max_fails=0;
    }

    upstream lines {
        server           127.0.0.1:%%PORT_mirror%%  max_fails=0;
        thrift_pipeline  8;
    }

    upstream left {
        server  127.0.0.1:%%PORT_left%%;
    }

    upstream down {
        server  127.0.0.1:%%PORT_down%%;
    }

    upstream pick {
        hash    $thrift_arg_id  consistent;
        server  127.0.0.1:%%PORT_pick_1%%;
        server  127.0.0.1:%%PORT_pick_2%%;
    }

    map $thrift_method $seen {
        default  $thrift_method;
    }

    server {
        listen         127.0.0.1:%%PORT_all%%;
        set            $set  value;
        thrift_pass    backend;
        thrift_mirror  mirror;

        thrift_service Some {
            thrift_method half   { thrift_mirror mirror 50%; }
            thrift_method none   { thrift_mirror mirror 0%; }
            thrift_method off    { thrift_mirror off; }
            thrift_method few    { thrift_mirror mirror max=2; }
            thrift_method left   { thrift_mirror left; }
            thrift_method down   { thrift_mirror down; }
            thrift_method short  { thrift_timeout 100ms; }
            thrift_method said   { thrift_return INTERNAL_ERROR "said"; }

            thrift_method busy {
                thrift_max_concurrent  1;
            }
        }
    }

    server {
        listen                   127.0.0.1:%%PORT_any%%;
        thrift_max_message_size  8m;
        thrift_max_memory        16m;
        thrift_pass              backend;
        thrift_mirror            127.0.0.1:%%PORT_mirror%%;
    }

    server {
        listen      127.0.0.1:%%PORT_defined%%;
        thrift_idl  defined.thrift;

        thrift_service Defined {
            thrift_pass    backend;
            thrift_mirror  pick;
        }
    }

    server {
        listen          127.0.0.1:%%PORT_trusted%%;
        thrift_trusted  on;
        thrift_pass     backend;
        thrift_mirror   lines;
    }
}

EOC

my $t = Test::Thrift->new($conf, log => 'info');

$t->write_file('defined.thrift', 'service Defined { string get(1: i64 id) }');

my $backend = $t->backend('backend');
my @pick = map { $t->backend($_) } qw(pick_1 pick_2);
my $mirror = $t->backend('mirror');
my $left = $t->backend('left', script => { '*' => { hold => 1 } });

$t->run();

# So many copies of a method have come.

sub copies {
    my ($method, $n) = @_;

    wait_for(sub { $mirror->calls($method) >= $n });

    return scalar($mirror->calls($method));
}

# as it was sent, but for its seqid

my $n = 0;

for my $protocol (qw(binary compact)) {
    for my $transport (qw(framed unframed)) {
        my $c = $t->client('any', protocol => $protocol,
                           transport => $transport);
        my $name = "Any:of$n";

        $n++;
        is(answer($c->call($name, [ [ 1, string => 'x' x (30000 * $n) ] ])),
           'backend', "answered, $protocol, $transport");
        is(copies($name, 1), 1, 'and copied');

        my ($call) = $backend->calls($name);
        my ($copy) = $mirror->calls($name);

        is(join(' ', map { $copy->{$_} } qw(type protocol transport)),
           join(' ', map { $call->{$_} } qw(type protocol transport)),
           'as it was sent');

        # a seqid has one to five bytes in compact

        cmp_ok(abs($copy->{length} - $call->{length}), '<=',
               $protocol eq 'compact' ? 4 : 0, 'as long');
        isnt($copy->{seqid}, $call->{seqid}, 'another seqid');
    }
}

my $c = $t->client('all');

is(answer($c->call('said')), '6 said', 'another answer');
is(copies('said', 1), 1, 'copied all the same');
$c->oneway('poke');
is(copies('poke', 1), 1, 'a oneway');

# by argument

my $defined = $t->client('defined');

sub picked {
    my ($n) = @_;

    return wait_for(sub { $pick[0]->calls() + $pick[1]->calls() == $n });
}

# Each is copied before the next one comes.

sub answered {
    my $n = $pick[0]->calls() + $pick[1]->calls();

    return scalar(grep {
        answer($defined->call('Defined:get', [ [ 1, i64 => $_ ] ])) eq 'backend'
        && picked(++$n)
    } @_);
}

is(answered((7) x 5), 5, 'of one, copied');
is(scalar(grep { $_->calls() } @pick), 1, 'to one server');
is(answered(1 .. 20), 20, 'of many, copied');
is(scalar(grep { $_->calls() } @pick), 2, 'both servers');

# unless the copy before has not been answered yet: more than five do

ok(wait_for(sub {
    return answered(1) && sum(map { $_->accepted() } @pick) + 5
                          < sum(map { scalar $_->calls() } @pick);
}), 'checked calls share connections');

# a part of them

is(answer($c->call($_)), 'backend', $_) for qw(none off);

my @m = $c->exchange(join('', map { call_bytes('half', $_) } 1 .. 40), 40);

is(scalar(@m), 40, 'all are answered');
wait_for(sub { $mirror->calls('half') > 4 });
elapse(0.1);

my $half = $mirror->calls('half');

ok($half > 4 && $half < 36, 'about half of them') or diag("$half of 40");
is(scalar($mirror->calls($_)), 0, "no copy, $_") for qw(none off);

# what the other does is not noticed

my %faults = (
    close     => { close => 'request' },
    reset     => { close => 'request', reset => 1 },
    mid       => { close => 'mid' },
    noise     => { garbage => 1 },
    exception => { exception => [ 6, 'no' ] },
    stall     => { stall => 1 },
    short     => { hold => 1 },
    few       => { hold => 1 },
    hold      => { hold => 1 },
);

$mirror->script(%faults);

is(answer($c->call($_)), 'backend', "other: $_")
    for qw(close reset mid noise exception stall);
is(copies($_, 1), 1, "copied: $_")
    for qw(close reset mid noise exception stall);
is(answer($c->call('down')), 'backend', 'other is down');
ok($t->wait_log(qr/\[error\] .*connect\(\) failed.*mirror: "down"/),
   'in the log');

# its time

is(answer($c->call('short')), 'backend', 'the other has no time');
is(copies('short', 1), 1, 'it was copied');
ok($t->wait_log(qr/upstream timed out .*call: "short".*mirror: "mirror"/),
   'its time is over');

# so many at once

is(answer($c->call('few')), 'backend', "few, $_") for 1 .. 4;
is(copies('few', 2), 2, 'two of them');
elapse(0.05);
is(scalar($mirror->calls('few')), 2, 'and no more');
ok($t->wait_log(qr/\[notice\] .*1 call was not mirrored to "mirror"/),
   'in the log');
$mirror->release();
ok(wait_for(sub {
    is_answered($c, 'few');
    return $mirror->calls('few') > 2;
}), 'room again');
$mirror->release();

# the client leaves, and its copy goes on

my $gone = 0;

for my $how (qw(close reset)) {
    my $client = $t->client('all', from => '127.0.0.2');

    $gone++;
    is(answer($client->call('left')), 'backend', "a client, $how");
    wait_for(sub { $left->calls() == $gone });
    $client->$how();
    elapse(0.1);
    is($left->closed(), $gone - 1, "its copy goes on, $how");
    $left->release();
    ok(wait_for(sub { $left->closed() == $gone }), "and ends, $how");
}

# the line of a copy's error says whose it was

$left->script('*' => { hold => 1, garbage => 1 });

for my $how (qw(close reset)) {
    my $client = $t->client('all', from => '127.0.0.3');

    $gone++;
    $client->call('left');
    wait_for(sub { $left->calls() == $gone });
    $client->$how();
    elapse(0.1);
    $left->release();
    is(scalar $t->wait_log(qr/malformed.*client: "?127\.0\.0\.3\b.* "left"/,
                           undef, undef, $gone - 2),
       $gone - 2, "its line, $how");
}

# while others wait there are none

$backend->script(busy => { hold => 1 });

my @c = map { $t->client('all') } 1 .. 3;

# the worker finds all of them before one is answered

$_->call('none') for @c;
kill('STOP', $t->workers());
$_->start('busy') for @c;
kill('CONT', $t->workers());

for (1 .. 3) {
    wait_for(sub { $backend->calls('busy') == $_ });
    $backend->release();
}

is(join(' ', map { answer($_->read_message()) } @c), 'backend backend backend',
   'busy');
is(copies('busy', 2), 2, 'no copy while another one waits');

# what is large

$backend->script();
$c = $t->client('any');

is(answer($c->call("size_$_", [ [ 1, string => 'x' x $_ ] ])), 'backend',
   "of $_ bytes") for 500_000, 1_100_000;
is(copies('size_500000', 1), 1, 'copied');
elapse(0.05);
is(scalar($mirror->calls('size_1100000')), 0, 'too large for a copy');

$mirror->script(large => { body => [ [ 0, string => 'y' x 6_000_000 ] ] });
is(answer($c->call('large')), 'backend', 'a large reply');
is(copies('large', 1), 1, 'a large reply, copied');
is(answer($c->call('after')), 'backend', 'after it');
is(copies('after', 1), 1, 'after it, copied');

# connections are shared by what may share them

for ([ any => 5 ], [ trusted => 0 ]) {
    my ($server, $want) = @$_;
    my $c = $t->client($server);
    my ($before, $more);

    # a copy whose reply is not there yet has its connection for itself: again,
    # then

    for (1 .. 5) {
        my $n = $mirror->calls("of_$server");

        for (0 .. 5) {
            is(answer($c->call("of_$server")), 'backend', "of $server");
            copies("of_$server", ++$n);
            elapse(0.02);
            $before = $mirror->accepted() if $_ == 0;
        }

        $more = $mirror->accepted() - $before;
        last if $more == $want;
    }

    is($more, $want, "shared, $server");
}

# a worker that shuts down gives them up

$mirror->script(%faults);

# several, some of them on one connection

is(answer($t->client('trusted')->call('hold')), 'backend', "hold, $_")
    for 1 .. 5;
cmp_ok(copies('hold', 1), '>=', 1, 'copies are on their way');

$t->reload();
ok($t->old_workers_gone(), 'the old worker ends');
$mirror->release();

is(scalar $t->grep_log(qr/\[(?:warn|error)\] (?!.*mirror: ")/), 0,
   'errors are of copies only');

$t->done();


sub is_answered {
    my ($c, $method) = @_;

    return answer($c->call($method)) eq 'backend';
}
