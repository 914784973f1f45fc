#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Sending to servers by TLS, with every method of events: records that a server
# does not take, several calls in one record, and calls that are given up with
# a part of a record on its way.  No call gets bytes of another, and nothing
# spins while it waits.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;

eval { require IO::Socket::SSL; require Test::Thrift::Authority; 1 }
    or plan(skip_all => 'IO::Socket::SSL is missing');


my $template = <<'EOF';

%%TEST_GLOBALS%%

worker_processes  1;

events {
    use  #method;
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_trusted  on;

    upstream alone {
        server      127.0.0.1:%%PORT_alone%%;
        thrift_ssl  on;
    }

    upstream piped {
        server           127.0.0.1:%%PORT_piped%%;
        thrift_ssl       on;
        thrift_pipeline  32;
    }

    server {
        listen             127.0.0.1:%%PORT_to_alone%%;
        thrift_max_memory  64m;
        thrift_pass        alone;
    }

    server {
        listen             127.0.0.1:%%PORT_to_piped%%;
        thrift_max_memory  64m;
        thrift_pass        piped;
    }
}

EOF

my @tests = map { Test::Thrift->new(conf($template, method => $_),
                                    method => $_) }
                qw(epoll poll select);

for my $t (@tests) {

    if (scalar($t->test_config()) !~ /successful/) {
        $t->{done} = 1;
        pass("nginx has no $t->{method}");
        next;
    }

    my $ca = Test::Thrift::Authority->new($t->dir(), 'ca');

    for my $name (qw(alone piped)) {
        $t->{servers}{$name} = $t->backend($name, ssl => $ca->issue($name));
        $t->{servers}{$name}->script(echo => { echo => 1 });
    }

    $t->run();

    for my $name (qw(alone piped)) {
        all_kinds($t, $name);
        blocked($t, $name);
        given_up($t, $name);
    }

    $t->done();
}


# Many clients, calls of many sizes, several at a time.

sub all_kinds {
    my ($t, $name) = @_;

    my $what = "$t->{method}, $name";
    my $port = "to_$name";
    my @sizes = (1, 100, 3000, 16000, 16384, 17000, 70000);
    my @c = map { $t->client($port) } 1 .. 6;

    for my $c (@c) {
        $c->send(join '', map { call_bytes('echo', $_, body($c, $_, \@sizes)) }
                              1 .. 28);
    }

    my $good = 0;

    for my $c (@c) {
        for my $n (1 .. 28) {
            my $m = $c->read_message() or last;
            $good++ if $m->{seqid} == $n
                       && $m->{body} eq encode_struct('binary',
                                                 @{body($c, $n, \@sizes)});
        }
    }

    is($good, 6 * 28, "$what, all sizes");
}


sub body {
    my ($c, $n, $sizes) = @_;

    my $size = $sizes->[$n % @$sizes];

    return [ [ 1, string => substr("$c $n " x $size, 0, $size) ] ];
}


# A server that takes nothing for a while.

sub blocked {
    my ($t, $name) = @_;

    my $what = "$t->{method}, $name";
    my $port = "to_$name";
    my $backend = $t->{servers}{$name};
    my $large = [ [ 1, string => 'l' x 9000000 ] ];
    my @c = map { $t->client($port) } 1 .. 5;

    is(answer($c[0]->call('get')), $backend->id(), "$what, before");
    kill('STOP', $backend->pid());

    my $sent = $c[0]->send(call_bytes('echo', 1, $large));
    $_->send(call_bytes('echo', 1, [ [ 1, string => 's' x 20000 ] ])
             . call_bytes('get', 2)) for @c[1 .. 4];

    elapse(0.3);
    my ($worker) = $t->workers();
    my $cpu = cpu($worker);
    elapse(0.5);
    cmp_ok(cpu($worker) - $cpu, '<', 0.2, "$what, nothing spins");

    kill('CONT', $backend->pid());

    my $m = $c[0]->read_message(20);
    ok($sent && $m && $m->{body} eq encode_struct('binary', @$large),
       "$what, large one after it");

    my $good = 0;

    for my $c (@c[1 .. 4]) {
        my $first = $c->read_message(10);
        my $second = $c->read_message(10);
        $good++ if $first && $first->{fields}{1} eq 's' x 20000
                   && $second && answer($second) eq $backend->id();
    }

    is($good, 4, "$what, small ones after it");
}


sub given_up {
    my ($t, $name) = @_;

    my $what = "$t->{method}, $name";
    my $port = "to_$name";
    my $backend = $t->{servers}{$name};
    my $calls = $backend->calls();

    is(answer($t->client($port)->call('first')), $backend->id(),
       "$what, before it is given up");
    kill('STOP', $backend->pid());

    my @c = map { $t->client($port) } 1 .. 4;
    $_->send(call_bytes('large', 1, [ [ 1, string => 'x' x 6000000 ] ]))
        for @c;
    elapse(0.3);
    $_->close() for @c;
    elapse(0.1);

    my @later = map { my $c = $t->client($port); $c->start('later'); $c } 1 .. 4;
    kill('CONT', $backend->pid());

    is(scalar(grep { answer($_->read_message()) eq $backend->id() } @later), 4,
       "$what, calls after it");

    my @methods = map { $_->{method} } $backend->calls();
    is(join(' ', grep { $_ ne 'large' } @methods[$calls .. $#methods]),
       'first later later later later', "$what, each once");
}


# Seconds that a process has used.

sub cpu {
    my ($pid) = @_;

    open(my $fh, '<', "/proc/$pid/stat") or return 0;
    my @fields = split / /, <$fh> =~ s/^.*\) //r;

    return ($fields[11] + $fields[12]) / 100;
}
