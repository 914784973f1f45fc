#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Clients may choose the addresses that are asked what they speak, and as many
# as they like: the first ones have a line in the error log, the others are
# counted.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use IO::Select;
use IO::Socket::IP;
use POSIX ();
use Test::More;
use Test::Thrift;


my $N = 60;

# Servers that close connections, and those that answer in what they speak.

my @closing = map { IO::Socket::IP->new(LocalHost => '127.0.0.1', Listen => 8)
                        or die "listen: $!" } 1 .. $N;

my %port = map { ("c$_" => $closing[$_ - 1]->sockport()) } 1 .. $N;

my $t = Test::Thrift->new(conf(<<'EOF', named => <<"EON"), log => 'notice');

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_upstream_detect  on;
    thrift_trusted          on;

    map $thrift_method $address {
        #named
    }

    server {
        listen       127.0.0.1:%%PORT_proxy%%;
        thrift_pass  $address;
    }
}

EOF
@{[ map { "c$_  127.0.0.1:$port{\"c$_\"};\ns$_  127.0.0.1:%%PORT_s$_%%;\n" }
        1 .. $N ]}
EON

$t->backend("s$_") for 1 .. $N;
$t->run();

my $pid = fork() // die "fork: $!";

if ($pid == 0) {
    my $select = IO::Select->new(@closing);

    while (my @ready = $select->can_read(60)) {
        for my $s (@ready) {
            my $c = $s->accept() or next;
            close $c;
        }
    }

    POSIX::_exit(0);
}

close $_ for @closing;

my $c = $t->client('proxy');

$c->call($_) for map { ("c$_", "s$_") } 1 .. $N;

kill 'TERM', $pid;
waitpid $pid, 0;

is($c->call("s$N")->{type}, REPLY, 'the last one is known');

$t->stop();

for ([ qr/\[warn\] .* answers in none of/, 'silent' ],
     [ qr/\[notice\] .*  speaks /, 'known' ])
{
    my ($line, $name) = @$_;

    cmp_ok(scalar $t->grep_log($line), '<=', 50, "$name: few lines");
}

is(scalar $t->grep_log(qr/\[warn\] .* 10 more like the last one within/), 1,
   'silent: the others are counted');
is(scalar $t->grep_log(qr/\[notice\] .* 10 more like the last one within/), 1,
   'known: the others are counted');

$t->done();
