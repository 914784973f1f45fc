# SPDX-License-Identifier: BSD-2-Clause

package Stay;

# Clients of real libraries that stay connected, and what an nginx does to them.
#
# A client has connections "TAG.0", "TAG.1" and so on, and calls over all of
# them at the same time.  Round N over one of them is
#
#     echoString("stay TAG.0 N ...")      a server answers, and records it
#     fresh(N)                            nginx answers: "WORD GENERATION N"
#     one of echoList, refuse, sleep and the oneway tell("tell TAG.0 N")
#     a pause of up to 20 ms
#
# and the last one is that in which fresh() returns "end ...": that comes with a
# reload, as all that is new does.  A client looks at every answer, and says:
#
#     wrong TAG.0 N METHOD ...                 it is another one
#     failed TAG.0 N METHOD MS TYPE MESSAGE    a TApplicationException, and when
#     exception TAG.0 N ...                    anything else; no more calls then
#     end TAG.0 N                              it was told to, in round N
#
# It never connects again.  Each has a port of its own: the log tells which
# connections came to it.

use strict;
use warnings;

use Exporter qw(import);

use Test::More;
use Test::Thrift;

our @EXPORT = qw(stay_clients not_once);

my $TOP   = Test::Thrift->top();
my $HERE  = "$TOP/t/stay";
my $PEERS = "$TOP/t/peers";
my $BUILD = "$TOP/build/stay";
my $IDL   = "$PEERS/peers.thrift";
my $VENV  = "$TOP/build/hosted/venv";
my $NODE  = "$TOP/build/hosted/node/node_modules";
my $GEN   = "$TOP/build/matrix";
my $JAVA  = join(':', "$BUILD/java", "$GEN/java",
                 map { "/usr/share/java/$_.jar" }
                     qw(thrift slf4j-api slf4j-nop));

my $CONNECTIONS = 3;

# The library, how it is called, and how its clients are started: port,
# connections and tag follow.  "needs" is there if the library could be had.

my @CLIENTS = (
    { name => 'python', format => 'framed_compact',
      env => { PYTHONPATH => "$TOP/build/peers/py" },
      run => [ '/usr/bin/python3', '-B', "$HERE/client.py", 'framed',
               'compact' ] },

    { name => 'thriftpy', format => 'buffered_binary',
      run => [ '/usr/bin/python3', '-B', "$HERE/client_thriftpy.py",
               'thriftpy', $IDL, 'buffered', 'binary' ] },

    { name => 'cpp', format => 'buffered_binary',
      run => [ "$BUILD/client", 'buffered', 'binary' ] },

    { name => 'node', format => 'framed_compact', needs => $NODE,
      env => { NODE_PATH => $NODE },
      run => [ 'node', "$HERE/client.js", "$GEN/js", 'framed', 'compact' ] },

    { name => 'thriftpy2', format => 'framed_compact', needs => $VENV,
      env => { PYTHONPATH => "$VENV/newest" },
      run => [ "$VENV/bin/python3", '-B', "$HERE/client_thriftpy.py",
               'thriftpy2', $IDL, 'framed', 'compact' ] },

    { name => 'aiothrift', format => 'buffered_binary', needs => $VENV,
      connections => 10,
      run => [ "$VENV/bin/python3", '-B', "$HERE/client_aiothrift.py",
               $IDL ] },

    { name => 'java', format => 'framed_compact',
      needs => "$BUILD/java/StayClient.class",
      run => [ 'java', '-Xmx256m', '-cp', $JAVA, 'StayClient', 'framed',
               'compact' ] },

    { name => 'go', format => 'buffered_binary', needs => "$BUILD/go/client",
      run => [ "$BUILD/go/client", 'buffered', 'binary' ] },

    { name => 'ruby', format => 'buffered_binary', needs => "$GEN/rb/peer.rb",
      run => [ 'ruby', '-W0', '-I', "$GEN/rb", "$HERE/client.rb", 'buffered',
               'binary' ] },
);

# With a reload another server answers, another handler has another answer, and
# the definitions have more, or less; what the clients call stays.

my $CONF = <<'EOF';

%%TEST_GLOBALS%%

worker_processes  2;

events {
    worker_connections  4096;
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_idl  %%TESTDIR%%/peers.thrift;

    log_format  calls  '$msec|$server_port|$remote_port|$thrift_method|'
                       '$thrift_status|$upstream_addr|$thrift_arg_text';
    access_log  %%TESTDIR%%/calls.log  calls  #logged;

    #servers
    #more
}

EOF

my $SERVER = <<'EOF';
    upstream #format {
        server            127.0.0.1:%%PORT_#first_#format%%  max_fails=0;
        server            127.0.0.1:%%PORT_#second_#format%%  backup;
        thrift_keepalive  16;
    }

    server {
        #listen
        thrift_timeout  30s;

        thrift_service Newer {
            thrift_pass  #format;

            thrift_method fresh {
                thrift_handler  %%TESTDIR%%/fresh.so  generation=#generation;
            }

            #methods
        }
    }
EOF

my $NEWEST = 'thrift_method newest { thrift_return INTERNAL_ERROR "is here"; }';

my @FORMATS = qw(framed_compact buffered_binary);


# All of those libraries, or those named.

sub stay_clients {
    my %names = map { $_ => 1 } @_;

    return grep { !%names || $names{$_->{name}} } @CLIENTS;
}


# new(clients => [ ... ], options): a client whose library is not there is
# skipped.
#
# logged   a parameter of access_log: which calls are
# more     text of stream

sub new {
    my ($class, %o) = @_;

    my $self = bless { logged => '', more => '', generation => 0, there => [],
                       %o }, $class;
    my $t = $self->{t} = Test::Thrift->new(undef, log => 'notice');

    for my $client (@{$o{clients}}) {
        if (!$client->{needs} || -e $client->{needs}) {
            push @{$self->{there}}, $client;
            next;
        }

      SKIP: {
            skip "no $client->{name}: see \"make interop\"", 1;
        }
    }

    $t->handler("fresh_$_", source => "$HERE/fresh.c", idl => $IDL,
                cflags => [ qq(-DWORD="$_") ]) for qw(odd even end);

    open(my $fh, '<', $IDL) or die "$IDL: $!";
    $self->{idl} = do { local $/; <$fh> };

    $self->configure();

    return $self;
}


sub t {
    my ($self) = @_;

    return $self->{t};
}


# --- what a reload changes ---------------------------------------------------

# The files of the next generation; $end: it is the last one.

sub configure {
    my ($self, $end) = @_;

    my $n = ++$self->{generation};
    my $word = $end ? 'end' : $n % 2 ? 'odd' : 'even';

    $self->replace_handler($word);

    $self->{t}->write_file('peers.thrift', $self->idl($n));
    $self->{t}->write_conf(conf($CONF,
        logged => $self->{logged}, more => $self->{more},
        servers => join("\n", map { $self->server($_, $n) } @FORMATS)));
}


sub replace_handler {
    my ($self, $word) = @_;

    my $dir = $self->{t}->dir();

    system('cp', "$dir/fresh_$word.so", "$dir/fresh.so.new") == 0
        or die 'cannot copy';
    rename("$dir/fresh.so.new", "$dir/fresh.so") or die "fresh.so: $!";
}


sub idl {
    my ($self, $n) = @_;

    my $idl = $self->{idl};

    return $idl if $n % 2;

    $idl =~ s/(?=string fresh)/string newest(1: All all),\n    /
        or die 'no method fresh';
    $idl =~ s/(?=1000: bool far)/18: optional i32 added,\n    /
        or die 'no field far';

    return $idl;
}


sub server {
    my ($self, $format, $n) = @_;

    my @names = map { $_->{name} } grep { $_->{format} eq $format }
                                        @{$self->{there}};
    my ($first, $second) = $n % 2 ? qw(first second) : qw(second first);

    my $text = conf($SERVER, generation => $n,
        methods => $n % 2 ? '' : $NEWEST,
        listen => join("\n        ", map { "listen  127.0.0.1:%%PORT_$_%%;" }
                                         "other_$format", @names));

    $text =~ s/#(first|second)_/$1 eq 'first' ? "${first}_" : "${second}_"/eg;
    $text =~ s/#format/$format/g;

    return $text;
}


sub reload {
    my ($self, $end) = @_;

    $self->configure($end);

    return $self->{t}->reload();
}


# --- servers and clients -----------------------------------------------------

# Apache's C++ server is the first, and Python's the second.  start_server($which,
# $soon): returns when it listens, unless that is to be soon only.

sub start_server {
    my ($self, $which, $soon) = @_;

    my $t = $self->{t};
    my @run = $which eq 'first'
        ? ("$TOP/build/peers/server")
        : ('/usr/bin/python3', '-B', "$PEERS/server.py");
    my $ports = $self->server_ports($which);
    my @listen = map { join(':', 'threaded', split(/_/, $FORMATS[$_]),
                            $ports->[$_]) } 0 .. $#FORMATS;

    $self->{servers}{$which} = $t->run_daemon(
        [ @run, @listen ],
        $soon ? () : (port => "${which}_$FORMATS[-1]"),
        timeout => 30 * time_factor(), log => "$which.log",
        env => { PYTHONPATH => "$TOP/build/peers/py",
                 PEERS_RECORD => $t->dir() . '/record' });
}


sub server_ports {
    my ($self, $which) = @_;

    return [ map { $self->{t}->port("${which}_$_") } @FORMATS ];
}


# It has all its ports, and answers.

sub serves {
    my ($self, $which) = @_;

    return $self->{servers}{$which}
           && !grep { !Test::Thrift::listens("127.0.0.1:$_") }
                    @{$self->server_ports($which)};
}


sub stop_server {
    my ($self, $which, $signal) = @_;

    $self->{t}->stop_daemon(delete $self->{servers}{$which}, $signal);
}


sub start_clients {
    my ($self) = @_;

    my $t = $self->{t};

    for my $client (@{$self->{there}}) {
        my $name = $client->{name};

        $client->{connections} ||= $CONNECTIONS;
        $client->{pid} = $t->run_daemon(
            [ @{$client->{run}}, $t->port($name), $client->{connections},
              $name ], env => $client->{env}, log => "$name.log");
    }
}


# All connections of all clients have called so often.

sub all_call {
    my ($self, $times) = @_;

    my $all = 0;
    $all += $_->{connections} for @{$self->{there}};

    return wait_for(sub {
        my $executed = $self->executed();

        return $all <= grep { /^stay/ && @{$executed->{$_}} > $times }
                            keys %$executed;
    }, 30);
}


# What a client has said: a list of [ word, tag, number, rest ].

sub said {
    my ($self, $client) = @_;

    return map { [ split ' ', $_, 4 ] }
               split /\n/, $self->{t}->read_log("$client->{name}.log");
}


# How often servers have executed what clients sent: "stay TAG" or "tell TAG",
# and for each a list by the number of the round.

sub executed {
    my ($self) = @_;

    local $_;
    my %count;

    open(my $fh, '<', $self->{t}->dir() . '/record') or return {};
    /^((?:stay|tell) \S+) (\d+)\b/ and $count{$1}[$2]++ while <$fh>;

    return \%count;
}


# What was not executed once of that which a connection has sent until its last
# round: a list of [ what, times ].

sub not_once {
    my ($executed, $tag, $last) = @_;

    return grep { $_->[1] != 1 }
           (map { [ "stay $tag $_", $executed->{"stay $tag"}[$_] || 0 ] }
                1 .. $last),
           (map { [ "tell $tag $_", $executed->{"tell $tag"}[$_] || 0 ] }
                grep { $_ % 4 == 3 } 1 .. $last - 1);
}


# It has ended with all of its connections.

sub wait_end {
    my ($self, $client) = @_;

    return wait_for(sub { waitpid($client->{pid}, 1) == $client->{pid} }, 20);
}


1;
