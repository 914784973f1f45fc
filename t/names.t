#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# A method that is answered by somebody else is never executed by the server
# behind, however its name is written: real multiplexed servers read some names
# in other ways than the one that decides the route.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $top = Test::Thrift->top();
my $idl = "$top/t/peers/peers.thrift";

ok(system('make', '-s', '-C', $top, '-f', 't/peers/peers.mk', 'peers') == 0,
   'build');

my @libraries = qw(cpp py);

my $servers = join '', map { my $library = $_; map { <<"EOC" } 'blocks', 'schema', 'structure' } @libraries;
    server {
        listen  127.0.0.1:%%PORT_${library}_$_%%;
        ${\ ($_ eq 'blocks' ? '' : "thrift_idl $idl; thrift_validate $_;")}
        thrift_pass  127.0.0.1:%%PORT_$library%%;

        thrift_service Peer {
            thrift_pass  127.0.0.1:%%PORT_$library%%;

            thrift_method tell {
                thrift_return  INTERNAL_ERROR  "denied";
            }
        }
    }
EOC

my $t = Test::Thrift->new(<<"EOC");

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

$servers
}

EOC

$ENV{PYTHONPATH} = "$top/build/peers/py:$top/t/peers";
$ENV{PYTHONDONTWRITEBYTECODE} = 1;

$t->run_daemon([ "$top/build/peers/server",
                 'threaded:framed:binary:' . $t->port('cpp') ],
               port => 'cpp', timeout => 20);
$t->run_daemon([ '/usr/bin/python3', '-B', "$top/t/peers/server.py",
                 'threaded:framed:binary:' . $t->port('py') ],
               port => 'py', timeout => 20);

$t->run();

my @names = ('tell', 'Peer:tell', ':tell', '::tell', 'Peer::tell',
             'Peer:tell:', 'tell:', ':tell:', 'Peer:tell:x', 'tell:x',
             'Peer:tell:tell', "Peer:tell\0", "tell\0x", "Peer\0:tell",
             'Peer:TELL', 'Tell', ':Peer:tell', 'Peer:Peer:tell');

# what servers execute themselves

is(join(' ', grep { executes('cpp', $_) } @names),
   'tell Peer:tell :tell ::tell Peer::tell Peer:tell: tell: :tell: '
   . ':Peer:tell', 'the C++ server itself');
is(join(' ', grep { executes('py', $_) } @names), 'tell Peer:tell',
   'the Python server itself');

# none of it is executed, and what comes back bears the method that was sent

for my $library (@libraries) {
    for my $server (map { "${library}_$_" } qw(blocks schema structure)) {
        my $c = $t->client($server);

        for my $name (@names) {
            (my $shown = $name) =~ s/\0/\\0/;
            my ($method) = $name =~ /^(?:[^:]*:)?(.*)$/s;
            my $text = "$server, $shown";

            # with definitions nobody answers this method, however it is sent

            if ($server =~ /blocks/ || $name !~ /^(Peer:)?tell\z/) {
                my $m = $c->call($name, [ [ 1, string => $text ] ],
                                 seqid => 77);

                is($m->{type}, EXCEPTION, $text);
                is("$m->{name} $m->{seqid}", "$method 77", "$text, its name");
            }

            $c->oneway($name, [ [ 1, string => $text ] ]);
            ok(!told($c, $text), "$text, not executed");
        }

        is($c->call('Other:name')->{fields}{0}, 'other', "$server, others");
    }
}

$t->done();


# Does this server take that name for the method "tell"?

sub executes {
    my ($server, $name) = @_;

    my $text = "itself $name";

    my $c = $t->client($server);
    $c->oneway($name, [ [ 1, string => $text ] ]);

    # it may close for it, or do the next thing first

    $c->half_close();
    $c->read_all();

    return told($t->client($server), $text);
}


sub told {
    my ($c, $text) = @_;

    my $m = $c->call('told', [ [ 1, string => $text ] ]);

    return $m && $m->{fields}{0};
}
