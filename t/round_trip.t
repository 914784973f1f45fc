#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Values of all types by a definition made by chance, translated from each
# protocol to each other: what arrives behind all of it is what was sent, byte
# by byte, and so is what comes back; but for the types of an empty map.
#
# TEST_SEED says which ones, 0 for others each time; TEST_ROUNDS, how many: see
# "make fuzz".

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Test::Thrift::Chance;


my $METHODS = 40;

# from binary, as the client has it, on to binary, as the server has it

my @chain = ([ unframed => 'compact' ], [ framed => 'json' ],
             [ header => 'binary' ], [ unframed => 'json' ],
             [ header => 'compact' ], [ framed => 'binary' ]);

my $conf = conf(<<'EOF', chain => of_chain());

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_idl  %%TESTDIR%%/chance.thrift;

    #chain
}

EOF

my $rounds = $ENV{TEST_ROUNDS} || 1;
my $seed = $ENV{TEST_SEED} // 1;

$seed = time() if !$seed;

my $t = Test::Thrift->new($conf, log => 'info');
my $backend = $t->backend('backend', bodies => 1);

for my $round ($seed .. $seed + $rounds - 1) {
    my $chance = Test::Thrift::Chance->new($round);

    $t->write_file('chance.thrift', $chance->idl($METHODS));
    $t->pid() ? $t->reload() : $t->run();

    round_trips($round, $chance);
}

is(join("\n", $t->grep_log(qr/\[error\]/)), '', 'no errors');

$t->done();


sub of_chain {
    return join("\n", map {
        my ($transport, $protocol) = @{$chain[$_]};
        my $next = $_ + 1 < @chain ? 'stage' . ($_ + 1) : 'backend';

        <<"EOF";
    upstream to$_ {
        server                     127.0.0.1:%%PORT_$next%%;
        thrift_upstream_transport  $transport;
        thrift_upstream_protocol   $protocol;
    }

    server {
        listen       127.0.0.1:%%PORT_stage$_%%;
        thrift_pass  to$_;
    }
EOF
    } 0 .. $#chain);
}


sub round_trips {
    my ($round, $chance) = @_;

    my $client = $t->client('stage0');
    my @wrong;

    for my $i (0 .. 4 * $METHODS - 1) {
        my $method = 'm' . $i % $METHODS;
        my ($call, $reply) = $chance->values($i % $METHODS);
        my ($want_call, $want_reply) =
            map { encode_struct('binary', @{without_types($_)}) }
                $call, $reply;

        $backend->script('*' => { body => encode_struct('binary', @$reply) });

        my $m = $client->call($method, $call) || { type => 0, body => '' };
        my ($arrived) = reverse $backend->calls($method);

        push @wrong, "$method: the call"
            if !$arrived || $arrived->{body} ne $want_call;
        push @wrong, "$method: "
                     . ($m->{type} == EXCEPTION ? answer($m) : 'the reply')
            if $m->{body} ne $want_reply;
    }

    $client->close();
    is(join("\n", @wrong), '', "seed $round: the same behind all protocols");
}
