#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_span_log: spans are gathered, and written in lines of many, whatever
# becomes of the file and of the worker.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Test::Thrift::Spans;
use Time::HiRes qw(time);

use constant TRACE => '4bf92f3577b34da6a3ce929d0e0e4736';
use constant SPAN => '00f067aa0ba902b7';


my $t = Test::Thrift->new(undef, log => 'info');

$t->handler('probe');

$t->write_conf(conf_with(''));

my $users = $t->backend('users');

$users->script(bad => { exception => [ 6, "no\n\"way\"" ] });

$t->run();

# those that are sampled; many in a line

my $start = time();
my $c = $t->client('sampled');

$c->call('get', []) for 1 .. 3;

my @got = spans('spans', 3);
my $span = $got[2];

is(scalar(lines('spans')), 1, 'one line');
is("$span->{kind} $span->{name}", '2 get', 'a call of a client');
like($span->{traceId}, qr/^[0-9a-f]{32}$/, 'its trace');
is(exists $span->{parentSpanId}, '', 'which begins with it');
is(scalar(keys %{{ map { $_->{spanId} => 1 } @got }}), 3, 'three spans');
cmp_ok($span->{startTimeUnixNano} / 1e9, '>=', $start - 0.1, 'it begins');
cmp_ok($span->{endTimeUnixNano}, '>=', $span->{startTimeUnixNano}, 'and ends');
cmp_ok($span->{endTimeUnixNano} / 1e9, '<=', time() + 0.1, 'by now');
is(attribute($span, 'server.address'), '127.0.0.1:' . $t->port('users'),
   'its server');

my $resource = (lines('spans'))[0]{resourceSpans}[0]{resource};

is(attribute($resource, 'service.name'), "g\"\\\xe9", 'its resource');
is(attribute($resource, 'a.b'), 'c=d', 'with another attribute');
isnt(attribute($resource, 'host.name'), undef, 'and the host');

# what is said elsewhere, and what its own filter wants

$t->client('not_sampled')->call('get', []);
$t->client('off')->call('get', []);
$t->client('filter')->call('put', []);
$t->client('filter')->call('get', []);

is((spans('filtered', 1))[0]{name}, 'get', 'a filter');
is(attribute((lines('filtered'))[0]{resourceSpans}[0]{resource},
             'service.name'), 'nginx', 'the name that is the default');

# one call after the other, and what is the same for most of them

my $filter = $t->client('filter');

$filter->call('get', []) for 1 .. 250;

my @ids = map { attribute($_, 'thrift.call_id') =~ /^([0-9a-f]{16})-(\d+)$/ }
          spans('filtered', 251);
my ($process, $first) = @ids[0, 1];

$filter->close();

is_deeply([ @ids[2 .. $#ids] ], [ map { ($process, $first + $_) } 1 .. 250 ],
          'ids of calls');

# of calls that handlers make, too

$t->client('handler', transport => 'header')
  ->call('ask', [ [ 1, string => 'users' ], [ 2, string => 'x' ],
                  [ 3, i32 => 1 ] ],
         headers => [ traceparent => '00-' . TRACE . '-' . SPAN . '-01' ]);

my %kind = map { ($_->{kind} => $_) } (spans('spans', 5))[3, 4];

is($kind{2}{parentSpanId}, SPAN, 'a client is the parent');
is($kind{3}{parentSpanId}, $kind{2}{spanId}, 'of the one of its call');
is("$kind{3}{traceId} $kind{3}{name}", TRACE . ' Probe/echo', 'in one trace');

# names that are JSON, or none

$c->call($_, [])
    for '"}]}', "\\\xff\xc3", "\0\n\x7f", "\xe2\x82\xac", '1234567"',
        '1234567\\';

$c->call('bad', []);
@got = spans('spans', 12);

is($got[5]{name}, '"}]}', 'quotes');
is($got[6]{name}, '\\\\xff\\xc3', 'no UTF-8');
is($got[7]{name}, "\0\n\x7f", 'control characters');
is($got[8]{name}, "\x{20ac}", 'UTF-8');
is($got[9]{name}, '1234567"', 'a quote at the end of eight bytes');
is($got[10]{name}, '1234567\\', 'a backslash there');
is($got[11]{status}{message}, "INTERNAL_ERROR: no\n\"way\"", 'an exception');

# the path that a client of a unix socket has bound is a name of its own choice

my $path = $t->sock("a\"\\\xff");
my $named = $t->client($t->sock('named'), from => $path);

$named->call('get', []);
$t->client($t->sock('named'))->call('get', []);

my @named = spans('named', 2);
my ($bound, $unbound) = map { attribute($_, 'client.address') } @named;

is($bound, "unix:" . $t->sock('a"\\\xff'), 'a path with quotes');
is($unbound, 'unix:', 'no path');

# calls are told by their trace, and by their ids where others know these

my $id = attribute($named[0], 'thrift.call_id');

is(($t->wait_log(qr/./, 'named.log'))[0], $id, 'an id that is in a log');
is(attribute($got[0], 'thrift.call_id'), undef, 'one that nobody knows');
like(attribute($got[11], 'thrift.call_id'), qr/^[0-9a-f]{16}-\d+$/,
     'that of a call that has failed');

# a buffer that is full does not wait; more than it holds is a line of its own

my $small = $t->client('small');

$small->call('get', []) for 1 .. 18;
cmp_ok(scalar(spans('small', 5)), '<', 18, 'some are written');
$small->call("\1" x 1000, []);

@got = spans('small', 19);
is(length($got[18]{name}), 1000, 'a long name');

# what is no call has no name

@got = spans('spans', 1);
$t->client('sampled')->send("GET / HTTP/1.0\r\n\r\n");
@got = spans('spans', @got + 1);

is($got[-1]{name}, '', 'no call');
cmp_ok(scalar(lines('small')), '>=', 4, 'lines as large as the buffer');
is(scalar(grep { length > 4096 } $t->grep_log(qr/./, 'small')), 1,
   'one of which is larger');

$small->call('get', []);

# the file is opened anew: what was gathered goes to the old one

my $dir = $t->dir();

rename("$dir/small", "$dir/small.1");
$t->signal('USR1');
wait_for(sub { -e "$dir/small" });
is(scalar(spans('small.1', 20)), 20, 'the old file has what came before');

$small->call('get', []);

# workers that go write what they have

$t->write_conf(conf_with('thrift_max_depth 10;'));
$t->reload();
$small->close();
is(scalar(spans('small', 1)), 1, 'a reload');

$c = $t->client('small');
$c->call('get', []);
$c->close();

# nobody takes them

SKIP: {
    skip 'no /dev/full', 3 unless -c '/dev/full';

    $t->client('full')->call('get', []);
    $t->client('full')->call('get', []);

    $t->wait_log(qr/\[error\] .*spans were not written to "\/dev\/full": /);

    my $full = $t->client('full');
    is(ref($full->call('get', [])), 'HASH', 'calls are answered');
}

$t->stop();

collector_reads(map { $t->dir() . "/$_" } qw(spans filtered named small small.1));

my @told = $t->grep_log(qr/spans were not written/);

is(scalar(grep { m!dev/full": \d+! } @told), scalar(@told), 'of one file');
is(scalar(@told), 1, 'once a minute');
is(scalar(spans('small', 2)), 2, 'and the end of nginx');

wrong();

$t->done();


sub wrong {
    my %wrong = (
        'off on' => qr/invalid value "on" .*nothing after "off"/,
        'a buffer=1k' => qr/a size from 4k to 1m/,
        'a buffer=2m' => qr/a size from 4k to 1m/,
        'a flush=x' => qr/"flush=" and a time/,
        'a flush=0' => qr/"flush=" and a time/,
        'a what' => qr/"buffer=", "flush=", "if=" or "resource="/,
        'a what=1' => qr/"buffer=", "flush=", "if=" or "resource="/,
        'a resource=x' => qr/an attribute, such as/,
        'a resource==x' => qr/an attribute, such as/,
        "a resource=a=\xff" => qr/an attribute, such as/,
        'a buffer=4k resource=a=' . 'x' x 2000 => qr/is too large for "buffer/,
        'a if=$no_such' => qr/unknown "no_such" variable/,
        'a; thrift_span_log b' => qr/is duplicate/,
        'a; server { listen 127.0.0.1:1; thrift_return INTERNAL_ERROR no; '
        . 'thrift_span_log a flush=2s; }' => qr/stands elsewhere with other/,
        'a; access_log a basic buffer=64k' => qr/conflicting parameters/,
    );

    for my $text (sort keys %wrong) {
        like($t->config_error(alone("thrift_span_log $text;")), $wrong{$text},
             length($text) > 60 ? substr($text, 0, 60) : $text);
    }

    like($t->config_error(alone('access_log a basic buffer=64k; '
                                . 'thrift_span_log a;')),
         qr/"[^"]*a" is another log already/, 'the other way');
}


sub alone {
    my ($text) = @_;

    return <<"EOC";

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  basic  '\$remote_addr';
    $text
}

EOC
}


# All lines of a file, decoded.

sub lines {
    my ($file) = @_;

    return map { decoded($_) } $t->grep_log(qr/./, $file);
}


# All spans of a file, as soon as there are so many.

sub spans {
    my ($file, $n) = @_;

    my @spans;

    wait_for(sub {
        @spans = spans_of(lines($file));
        @spans >= $n;
    });

    return @spans;
}


sub conf_with {
    my ($more) = @_;

    return <<"EOC";

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_status_zone   thrift 1m;
    thrift_trace_sample  on;
    $more

    thrift_span_log  %%TESTDIR%%/spans  flush=500ms
                     "resource=service.name=g\\"\\\\\xc3\xa9"
                     resource=a.b=c=d;

    map \$thrift_method \$wanted {
        get  1;
        put  0;
    }

    log_format  id  '\$thrift_call_id';

    upstream users {
        server  127.0.0.1:%%PORT_users%%;
    }

    server {
        listen       127.0.0.1:%%PORT_sampled%%;
        thrift_pass  users;
    }

    server {
        listen               127.0.0.1:%%PORT_not_sampled%%;
        thrift_pass          users;
        thrift_trace_sample  off;
    }

    server {
        listen           127.0.0.1:%%PORT_off%%;
        thrift_pass      users;
        thrift_span_log  off;
    }

    server {
        listen               127.0.0.1:%%PORT_filter%%;
        thrift_pass          users;
        thrift_trace_sample  off;
        thrift_span_log      %%TESTDIR%%/filtered  flush=10ms  if=\$wanted;
    }

    server {
        listen           unix:%%SOCK_named%%;
        thrift_pass      users;
        thrift_span_log  %%TESTDIR%%/named  flush=10ms;
        access_log       %%TESTDIR%%/named.log  id;
    }

    server {
        listen           127.0.0.1:%%PORT_small%%;
        thrift_pass      users;
        thrift_span_log  %%TESTDIR%%/small  buffer=4k  flush=1h;
    }

    server {
        listen           127.0.0.1:%%PORT_full%%;
        thrift_pass      users;
        thrift_span_log  /dev/full  flush=1ms;
    }

    server {
        listen      127.0.0.1:%%PORT_handler%%;
        thrift_idl  %%TOP%%/t/data/handler/probe.thrift;

        thrift_service Probe {
            thrift_handler  %%TESTDIR%%/probe.so;
        }
    }
}

EOC
}
