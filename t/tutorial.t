#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# The tutorial in docs/handlers.md, followed to the letter.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


plan skip_all => 'the tutorial is for a dynamic module'
    if $ENV{TEST_NGINX_STATIC};

my $t = Test::Thrift->new();
my $dir = $t->dir() . '/hello';

open(my $fh, '<', $t->top() . '/docs/handlers.md') or die $!;
my $docs = do { local $/; <$fh> };

my @steps = $t->documented('docs/handlers.md');

is(scalar @steps, 8, 'steps');

# only place, port, patience and nginx are others; and the clone is there

my $port = $t->port('nginx');
my $script = "set -e\n" . join("echo == step\n", @steps);

$script =~ s{/tmp/hello}{$dir}g;
$script =~ s{127\.0\.0\.1:9090}{127.0.0.1:$port}g;
$script =~ s{^sleep 1$}{sleep 3}m;
$script =~ s{^make all build/nthrift$}{cd @{[ $t->top() ]}}m
    or die 'the first step is another one';

$t->write_file('tutorial.sh', $script);

END {
    # if it did not come to its end

    if ($dir && open(my $pid, '<', "$dir/nginx.pid")) {
        kill('QUIT', <$pid> || ());
    }
}

my $text = `cd @{[ $t->dir() ]} && timeout 60 bash tutorial.sh 2>&1`;
my $code = $?;
my @said = split /^== step\n/m, $text;

is($code, 0, 'goes through') or diag($text);
is($said[2], '', 'compiles without a word');
like($said[3], qr/syntax is ok\n.*test is successful\n\z/, 'nginx -t');
is($said[4], "\"Hello, World!\"\n", 'first call');
is($said[5], "\"Good morning, World!\"\n", 'after the reload');

(my $want) = $docs =~ /^ {4}nginx: \[emerg\] (handler.*?) in \/tmp/ms;
$want =~ s/\n\s+/ /g;
$want =~ s{/tmp/hello}{$dir}g;

like($said[6], qr/^(?:nginx|angie): \[emerg\] \Q$want\E in \Q$dir\E\/nginx\.conf:18\n/m,
     'the message');

ok(wait_for(sub { !Test::Thrift::listens("127.0.0.1:$port") }), 'ends');

$t->done();
