#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# A call has a session of its own, whenever that is first looked at: by a
# balancer's key, the name of an upstream, a text to return, a line of the error
# log while the call waits, or the access log when it is over.  Calls of several
# clients use the same memory one after another, in each of these ways, and none
# has a value of another.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $conf = <<'EOF';

%%TEST_GLOBALS%%

worker_processes  %%WORKERS%%;

events {
    worker_connections  2048;
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_retry_budget  off;

    log_format  test  '$remote_port|$thrift_seqid|$thrift_method|$number|'
                      '$mapped|$half|$mark|$upstream_addr|'
                      '$upstream_connect_time|$thrift_attempts|'
                      '$thrift_status|$bytes_received|$bytes_sent';

    map $thrift_method $number {
        "~^[a-z]+_(?<digits>\d+)$"  "n$digits";
        default                     none;
    }

    map $thrift_method:$thrift_seqid $mapped {
        volatile;
        default  $thrift_method:$thrift_seqid;
    }

    split_clients $thrift_method $half {
        50%  low;
        *    high;
    }

    map $thrift_method $pool {
        ~_0$     robin;
        ~_1$     shared;
        ~_2$     least;
        ~_3$     random;
        ~_4$     hash;
        ~_5$     consistent;
        ~_6$     retried;
        default  127.0.0.1:%%PORT_first%%;
    }

    upstream robin {
        server  127.0.0.1:%%PORT_first%%   max_fails=0;
        server  127.0.0.1:%%PORT_second%%  max_fails=0;
        server  127.0.0.1:%%PORT_third%%   max_fails=0;
    }

    upstream shared {
        zone    shared  128k;
        server  127.0.0.1:%%PORT_first%%   max_fails=0;
        server  127.0.0.1:%%PORT_second%%  max_fails=0;
        server  127.0.0.1:%%PORT_third%%   max_fails=0;
    }

    upstream least {
        zone    least  128k;
        least_conn;
        server  127.0.0.1:%%PORT_first%%   max_fails=0;
        server  127.0.0.1:%%PORT_second%%  max_fails=0;
    }

    upstream random {
        zone    random  128k;
        random  two  least_conn;
        server  127.0.0.1:%%PORT_first%%   max_fails=0;
        server  127.0.0.1:%%PORT_second%%  max_fails=0;
        server  127.0.0.1:%%PORT_third%%   max_fails=0;
    }

    upstream hash {
        hash    $number:$half;
        server  127.0.0.1:%%PORT_first%%   max_fails=0;
        server  127.0.0.1:%%PORT_second%%  max_fails=0;
        server  127.0.0.1:%%PORT_third%%   max_fails=0;
    }

    upstream consistent {
        zone    consistent  128k;
        hash    $number:$half  consistent;
        server  127.0.0.1:%%PORT_first%%   max_fails=0;
        server  127.0.0.1:%%PORT_second%%  max_fails=0;
        server  127.0.0.1:%%PORT_third%%   max_fails=0;
    }

    upstream retried {
        server  127.0.0.1:%%PORT_nobody%%   max_fails=0;
        server  127.0.0.1:%%PORT_noother%%  max_fails=0;
        server  127.0.0.1:%%PORT_first%%    backup;
    }

    server {
        listen               127.0.0.1:%%PORT_plain%%;
        thrift_max_pipeline  500;
        thrift_pass          robin;
    }

    server {
        listen               127.0.0.1:%%PORT_logged%%;
        set                  $mark  $remote_port:$server_port;
        access_log           %%TESTDIR%%/access.log  test;
        thrift_max_pipeline  500;
        thrift_idempotent    on;

        thrift_service S {
            thrift_pass  $pool;

            thrift_method text_7 {
                thrift_return  UNKNOWN
                    "$thrift_method:$thrift_seqid $number $mark";
            }

            thrift_method stalls_1 {
                thrift_timeout  50ms;
            }

            thrift_method stalls_8 {
                thrift_timeout  50ms;
            }
        }
    }
}

EOF

my %TRIES = (closed_0 => 3, closed_1 => 3, closed_2 => 2, closed_3 => 3,
             closed_4 => 3, closed_5 => 3, closed_6 => 3, get_6 => 3,
             slow_6 => 3, text_7 => 0);

my @METHODS = ((map { my $way = $_; map { "${_}_$way" } qw(get closed slow) }
                    0 .. 6),
               qw(get_8 text_7 stalls_1 stalls_8));

my @PLAIN = (qw(get closed_0), 'x' x 40);

my @t = map { memory($_) } 1, 2;

$_->done() for @t;


sub memory {
    my ($workers) = @_;

    my $t = Test::Thrift->new($conf =~ s/%%WORKERS%%/$workers/r);
    my @backends = map { $t->backend($_) } qw(first second third);
    my $n = 0;

    $_->script((map { ("closed_$_" => { close => 'request' },
                       "slow_$_" => { delay => 0.003 }) } 0 .. 6),
               stalls_1 => { stall => 1 }, stalls_8 => { stall => 1 })
        for @backends;

    $t->run();

    my (%sent, %seen, %server, @wrong);

    for my $round (1 .. 4) {
        my @c = map { $t->client($_ % 2 ? 'plain' : 'logged') } 1 .. 4;
        my @calls;

        for my $i (0 .. $#c) {
            for (1 .. 100) {
                my $method = $i % 2 ? "S:$METHODS[$n % @METHODS]"
                                    : $PLAIN[$n % @PLAIN];
                my $bytes = call_bytes($method, ++$n);

                push @{$calls[$i]}, [ $n, $method, $bytes ];
            }

            $c[$i]->send(join '', map { $_->[2] } @{$calls[$i]});
        }

        for my $i (0 .. $#c) {
            my $port = $c[$i]->socket()->sockport();

            for my $call (@{$calls[$i]}) {
                my ($seqid, $method, $bytes) = @$call;
                my $reply = $c[$i]->read_message();
                my $text = $reply ? answer($reply) : 'nothing';

                if ($i % 2) {
                    $method =~ s/^S://;
                    $sent{"$port|$seqid"} = [ $method, length($bytes) ];
                }

                push @wrong, "$method: $text"
                    unless $reply && $reply->{seqid} == $seqid
                           && $text =~ expected($t, $method, $seqid, $port);
            }

            $c[$i]->close();
        }
    }

    is(join("\n", @wrong[0 .. ($#wrong > 9 ? 9 : $#wrong)]), '',
       "$workers, replies");

    my @lines = $t->wait_log(qr/./, 'access.log', undef, scalar keys %sent);

    is(scalar @lines, scalar keys %sent, "$workers, lines");

    @wrong = grep { !is_right($t, $_, \%sent, \%seen, \%server) } @lines;

    is(join("\n", @wrong[0 .. ($#wrong > 9 ? 9 : $#wrong)]), '',
       "$workers, values");
    is(scalar(grep { $_ != 1 } values %seen), 0, "$workers, each call once");

    # a key chooses always the same

    is(join(' ', grep { keys %{$server{$_}} != 1 } sort keys %server), '',
       "$workers, keys");
    cmp_ok(scalar keys %server, '>=', 4, "$workers, several keys");

    # which call a line is about, and of whom

    my @errors = $t->grep_log(qr/\[error\].* call: "/);

    ok(scalar(@errors), "$workers, lines of errors");
    is(join("\n", grep { !is_about($t, $_) } @errors), '',
       "$workers, what they are about");

    $t->stop();
    $_->stop() for @backends;

    return $t;
}


sub expected {
    my ($t, $method, $seqid, $port) = @_;

    return qr/^6 upstream closed connection/ if $method =~ /^closed/;
    return qr/^6 timed out/ if $method =~ /^stalls/;
    return qr/^first$/ if $method =~ /_6$/;
    return qr/^(?:first|second|third)$/ if $method ne 'text_7';

    $port .= ':' . $t->port('logged');

    return qr/^0 text_7:$seqid n7 $port$/;
}


sub is_right {
    my ($t, $line, $sent, $seen, $server) = @_;

    my ($port, $seqid, $method, $number, $mapped, $half, $mark, $addresses,
        $times, $attempts, $status, $received) = split /\|/, $line;

    my $call = $sent->{"$port|$seqid"} or return;
    my $n = $method =~ /_(\d+)$/ ? "n$1" : 'none';
    my @addresses = $addresses eq '-' ? () : split /, /, $addresses;
    my @times = $times eq '-' ? () : split /, /, $times, -1;
    my %name = map { ('127.0.0.1:' . $t->port($_) => $_) }
                   qw(first second third nobody noother);
    my $names = join(' ', map { $name{$_} || $_ } @addresses);
    my $tries = defined $TRIES{$method} ? $TRIES{$method} : 1;

    $seen->{"$port|$seqid"}++;

    $server->{$method}{$names} = 1 if $method =~ /^(?:get|slow)_[45]$/;

    return $method eq $call->[0] && $number eq $n
           && $mapped eq "$method:$seqid" && $half =~ /^(?:low|high)$/
           && $mark eq "$port:" . $t->port('logged')
           && $names =~ ($method =~ /_6$/ ? qr/^no\w+ no\w+ first$/
                                          : qr/^(?:first|second|third| )*$/)
           && @addresses == $tries && @times == $tries && $attempts == $tries
           && $received == $call->[1];
}


sub is_about {
    my ($t, $line) = @_;

    my ($server) = $line =~ /, server: "?127\.0\.0\.1:(\d+)"?, / or return;
    my ($call) = $line =~ /, call: "([^"]*)"/ or return;

    return $server == $t->port('plain')
               ? $call eq 'closed_0' && $line !~ /, service: /
               : $server == $t->port('logged')
                 && $call =~ /^S:(?:closed_[0-6]|stalls_[18]|(?:get|slow)_6)$/
                 && $line =~ /, service: "S"/;
}
