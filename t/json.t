#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Real clients and servers that speak JSON say the same to each other, and to
# those that speak binary and compact, as without nginx.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Test::Thrift::Peers;


my $top = Test::Thrift->top();
my $here = "$top/t/peers";
my $build = "$top/build/peers";

ok(system('make', '-s', '-C', $top, '-f', 't/peers/peers.mk', 'peers') == 0,
   'build');

$ENV{PYTHONPATH} = "$build/py:$here";
$ENV{PYTHONDONTWRITEBYTECODE} = 1;

my @python = ('/usr/bin/python3', '-B');
my @formats = map { my $framing = $_; map { [ $framing, $_ ] }
                                          qw(binary compact json) }
                  qw(framed buffered);

my %client = (
    py => sub { @python, "$here/client.py", @_ },
    cpp => sub { "$build/client", @_ },
);

my $conf = conf(<<'EOF', peers => of_peers());

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    #peers
}

EOF

my $t = Test::Thrift->new($conf, log => 'info');

start_servers($t, map { $_ => words($_) } qw(py cpp));
$t->run();

squares();

$t->done();


# With a definition; and without, where no protocol is another one.

sub of_peers {
    return join("\n", map {
        my $kind = $_;

        map {
            my ($transport, $protocol) = @$_;
            my $name = join('_', $kind, @$_);
            my $other = $transport eq 'buffered' ? 'unframed' : $transport;

            <<"EOF";
    upstream $name {
        server                     127.0.0.1:%%PORT_direct_$name%%;
        thrift_upstream_transport  $other;
        thrift_upstream_protocol   $protocol;
    }

    server {
        listen      127.0.0.1:%%PORT_$name%%;
        thrift_idl  $here/peers.thrift;

        thrift_service Peer   { thrift_pass  $name; }
        thrift_service Other  { thrift_pass  $name; }
    }

    server {
        listen           127.0.0.1:%%PORT_plain_$name%%;
        thrift_pass      $name;
        thrift_protocol  $protocol;
    }
EOF
        } @formats;
    } sort keys %client);
}


sub words {
    my ($kind) = @_;

    return [ map { join(':', 'threaded', @$_,
                        $t->port(join('_', 'direct', $kind, @$_))) } @formats ];
}


# Of a method that the definition does not have nginx says so itself.

sub shown {
    return output(@_) =~ s/^(fresh: TApplicationException 1) .*/$1/mr;
}


# One of both speaks JSON, or both.

sub squares {
    for my $client (sort keys %client) {
        for my $from (@formats) {
            for my $server (sort keys %client) {
                for my $to (@formats) {
                    next if "$from->[1] $to->[1]" !~ /json/;
                    square($client, $from, $server, $to);
                }
            }
        }
    }
}


sub square {
    my ($client, $from, $server, $to) = @_;

    my @how = "@$to" lt "@$from" ? 'multi' : ();
    my $key = join('_', $server, @$from);
    my $name = join('_', $server, @$to);
    my $title = "$client @$from to $server @$to @how";

    my $direct = shown($client{$client}->(@$from, $t->port("direct_$key"),
                                           @how));

    is(shown($client{$client}->(@$from, $t->port($name), @how)), $direct,
       $title);

    return if $from->[1] ne $to->[1];

    is(shown($client{$client}->(@$from, $t->port("plain_$name"), @how)),
       $direct, "$title, no definition");
}
