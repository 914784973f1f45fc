#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Clients of real libraries stay connected through 50 reloads, each of which
# changes servers, handler and definitions: not one of their calls fails, and
# none of them has to connect again.
#
# "make test" has the libraries that it needs anyway, "make interop" all.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/stay";

use Test::More;
use Test::Thrift;

use Stay;


my $RELOADS = sanitizer() ? 15 : 50;
my $top = Test::Thrift->top();

ok(system('flock', "$top/build", 'make', '-s', '-C', $top, 'stay') == 0,
   'build');

my $stay = Stay->new(clients => [ stay_clients() ]);
my $t = $stay->t();

$stay->start_server($_) for qw(first second);
$t->run();
$stay->start_clients();

ok($stay->all_call(5), 'all clients call');

# one that asks after each reload, over the connection that it has

my $witness = $t->client('other_buffered_binary', transport => 'unframed');
my (@refused, @old, @left);

for my $n (2 .. $RELOADS + 1) {
    push @refused, $n if !$stay->reload($n > $RELOADS);
    push @left, $n    if !$t->old_workers_gone();

    my $word = $n > $RELOADS ? 'end' : $n % 2 ? 'odd' : 'even';

    push @old, $n if answer($witness->call('fresh', [ [ 1, i32 => 5 ] ]))
                     ne "$word $n 5"
                     || $n % 2 == 0
                        && answer($witness->call('newest')) !~ /is here/;
}

is("@refused", '', "$RELOADS reloads");
is("@left", '', 'old workers ended');
is("@old", '', 'an old connection met each of the new handlers');

for my $client (@{$stay->{there}}) {
    my $name = $client->{name};

    ok($stay->wait_end($client), "$name ends");
    check_client($client);
}

check_log();

$t->done();


sub check_client {
    my ($client) = @_;

    my ($name, $connections) = @$client{qw(name connections)};
    my @said = $stay->said($client);

    my @ends = grep { $_->[0] eq 'end' } @said;
    my @other = grep { $_->[0] ne 'end' } @said;

    is(join("\n", map { join(' ', grep { defined } @$_) } @other), '',
       "$name: every call was answered");
    is(scalar @ends, $connections, "$name: all connections ended as told");

    is(join(' ', map { $_->[1] } grep { $_->[2] < $RELOADS } @ends), '',
       "$name: all called");

    my @wrong;

    wait_for(sub {
        my $executed = $stay->executed();
        @wrong = map { not_once($executed, @$_[1, 2]) } @ends;
        return !@wrong;
    });

    is(join(', ', map { "@$_" } splice(@wrong, 0, 5)), '',
       "$name: each was executed once");
}


# No client has connected but when it began.

sub check_log {
    my (%ports, %servers, %lost);

    for ($t->grep_log(qr/./, 'calls.log')) {
        my (undef, $server, $client, $method, $status, $upstream) = split /\|/;

        $ports{$server}{$client} = 1;
        $servers{$upstream}++ if $method eq 'echoString';
        $lost{"$method $status"}++
            if $status !~ /^(?:success|sent|declared)$/
               && $method ne 'newest';
    }

    for my $client (@{$stay->{there}}) {
        my $n = keys %{$ports{$t->port($client->{name})}};

        is($n, $client->{connections}, "$client->{name}: connected once");
    }

    is(scalar(keys %servers), 4, 'all servers were used');
    is(join(' ', %lost), '', 'nothing is lost in the log');
}
