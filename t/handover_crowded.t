#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# More clients than the new workers may take, by connections or by files: those
# that have no room wait, and none is lost.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


use constant CLIENTS => 80;

my $template = <<'EOF';

%%TEST_GLOBALS%%

worker_processes  #workers;
#main

events {
    worker_connections  #connections;
}

stream {
    %%TEST_GLOBALS_STREAM%%

    server {
        listen         127.0.0.1:%%PORT_proxy%%;
        thrift_return  INTERNAL_ERROR "#name";
    }
}

EOF

my %wide = (workers => 2, connections => 512, name => 'wide');

my @narrow = (
    [ 'connections', workers => 1, connections => 64 ],
    [ 'files', workers => 1, connections => 512,
      main => 'worker_rlimit_nofile 64;' ],
);

my $t = Test::Thrift->new(conf($template, %wide), log => 'notice');

$t->run();

for (@narrow) {
    my ($name, %conf) = @$_;

    # a worker without files to spare cannot be told of the next reload

    $t->reload(conf($template, %wide)) if $name ne $narrow[0][0];

    my @clients = map { $t->client('proxy') } 1 .. CLIENTS;

    is(scalar(grep { answer($_->call('get')) eq '6 wide' } @clients), CLIENTS,
       "$name: before");

    ok($t->reload(conf($template, %conf, name => $name)), "$name: reload");
    ok($t->old_workers_gone(), "$name: old workers end");

    $_->start('get') for @clients;

    my @answers;

    ok(wait_for(sub {
        my @ready = grep { readable($_) } @clients;

        for my $c (@ready) {
            push @answers, answer($c->read_message());
            $c->close();
        }

        @clients = grep { my $c = $_; !grep { $c == $_ } @ready } @clients;

        return !@clients;
    }, 20), "$name: room for all in the end");

    is(scalar(grep { $_ eq "6 $name" } @answers), CLIENTS,
       "$name: all are answered");
}

$t->done();


sub readable {
    my ($c) = @_;

    my $fds = '';

    vec($fds, fileno($c->{socket}), 1) = 1;

    return select($fds, undef, undef, 0) > 0;
}
