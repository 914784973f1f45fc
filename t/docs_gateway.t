#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# docs/http.md: the example of the gateway, with its configuration and its
# definitions, answers its commands as is written there.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Test::Thrift::Files qw(slurp);


plan(skip_all => 'no curl that knows --json')
    if system('curl --json 2>&1 | grep -q "requires parameter"') != 0;

my $t = Test::Thrift->new(undef, http => 1);

my ($page) = slurp($t->top() . '/docs/http.md')
             =~ /^## Plain JSON: the gateway\n(.*?)^## /ms;
my ($conf, $idl, $session) = map { s/^ {4}//mgr }
                             $page =~ /^\n((?: {4}.*\n|\n(?= {4}))+)/mg;

$conf =~ s/127\.0\.0\.1:8080/127.0.0.1:%%PORT_web%%/;
$conf =~ s/127\.0\.0\.1:9090/127.0.0.1:%%PORT_proxy%%/;
$conf =~ s/127\.0\.0\.1:9091/127.0.0.1:%%PORT_backend%%/;
$conf =~ s{/etc/nginx/}{};
$conf =~ s/^http \{/http {\n%%TEST_GLOBALS_HTTP%%/m;

$t->write_file('users.thrift', $idl);
$t->write_conf("%%TEST_GLOBALS%%\nevents {\n}\n$conf");

my $backend = $t->backend('backend', script => {
    get => [ { body => [ [ 0, struct => [ [ 1, i64 => 7 ],
                                          [ 2, string => 'Ada' ] ] ] ] },
             { body => [ [ 1, struct => [ [ 1, string => 'user 9' ] ] ] ] } ],
    save => { body => [] },
});

$t->run();

my @commands = $session =~ /^\$ (.*)\n(.*)$/mg;

cmp_ok(scalar @commands, '>=', 8, 'commands');

while (my ($command, $expected) = splice(@commands, 0, 2)) {
    my $port = $t->port('web');
    my $run = $command =~ s/^curl /curl -s /r =~ s/:8080/:$port/r;

    my $said = qx{$run};

    $said = substr($said, 0, length($expected) - 4) . ' ...'
        if $expected =~ / \.\.\.$/;

    is($said, $expected, $command);
}

my @calls = map { $_->{method} } $backend->calls();
is("@calls", 'get save get', 'what the server was called for');

$t->done();
