# SPDX-License-Identifier: BSD-2-Clause

package Load;

# nginx, and build/reload/load calling through it: configurations of which each
# has another upstream, other definitions and another handler, and what the
# program has said.
#
# A kind is what stands between clients and servers: "on" and "off" are those of
# thrift_handover, "proxy" is proxy_pass.

use strict;
use warnings;

use Test::Thrift;

use constant {
    VARIANTS   => 4,        # of definitions, see answer.h
    PROXIED    => 9,
    COUNTS     => 8 << 20,
};


my $CONF = <<'EOF';

%%TEST_GLOBALS%%

worker_processes  2;
#main

events {
    worker_connections  #connections;
}

stream {
    %%TEST_GLOBALS_STREAM%%

    #stream

    server {
        listen  127.0.0.1:%%PORT_proxy%%  backlog=4096;
        #server
    }
}

EOF

my $THRIFT = <<'EOF';
    thrift_handover    #kind;
    thrift_max_memory  32m;        # of several large calls at once
    thrift_idl         #home/hosted#variant.thrift;

    log_format  calls  '$thrift_generation $thrift_status';
    access_log  %%TESTDIR%%/calls.log  calls  buffer=64k  flush=1s;

    map $thrift_arg_pick $backend {
        #map
    }

    #upstreams
EOF

my $SERVICES = <<'EOF';
        thrift_service Hosted {
            thrift_handler  #home/hosted#variant.so  generation=#number
                            counts=%%TESTDIR%%/counts;
        }

        thrift_service Passed {
            thrift_pass  $backend;
        }
EOF

my $IDL = <<'EOF';
service Hosted {
    string hosted(1: i32 id, 2: i32 delay, 3: i32 size, 4: binary pad,
                  #fields
                  15: i32 variant = #variant)
}

service Passed {
    string passed(1: i32 id, 2: i32 delay, 3: i32 size, 4: binary pad,
                  #fields)
}
EOF


# definitions(): builds all that is built, in the directory of a test of its
# own, which it returns; others use it until its done().

sub definitions {
    my $t = Test::Thrift->new(undef);
    my $top = $t->top();

    system('make', '-s', '-C', $top, '-f', 't/reload/reload.mk',
           'build/reload/load') == 0
        or die "build/reload/load cannot be built\n";

    open(my $fh, '<', "$top/t/reload/handler.c") or die "handler.c: $!";
    my $source = do { local $/; <$fh> };

    for my $variant (0 .. VARIANTS - 1) {
        my $fields = join(', ', map {
            (11 + $_) . ': i32 '
            . ($_ == $variant ? 'pick' : "other$_")
        } 0 .. VARIANTS - 1);
        my $idl = conf($IDL, fields => $fields, variant => $variant);

        $t->write_file("hosted$variant.thrift", $idl);
        $t->handler("hosted$variant", idl => $idl,
                    source => $source =~ s/hosted\.h/hosted$variant.h/r,
                    cflags => [ "-I$top/t/reload", '-D_GNU_SOURCE' ]);
    }

    return $t;
}


# new(kind, options): a test of its own, which has not begun.
#
# home         what definitions() has returned; not for "proxy"
# reloads      that are to be possible, 100
# connections  of a worker, 4096
# main         directives outside of all blocks
# bad          1: there is a bad configuration too, for the action "bad"

sub new {
    my ($class, $kind, %o) = @_;

    my $self = bless {
        kind => $kind, reloads => 100, connections => 4096, main => '', %o,
    }, $class;

    $self->{t} = Test::Thrift->new(undef, log => 'notice');
    $self->{generations} = $self->{reloads} + 1;

    return $self;
}


sub start {
    my ($self) = @_;

    my $t = $self->{t};

    $t->write_file("$_.conf", $self->configuration($_))
        for 1 .. $self->{generations};
    $t->write_conf($self->configuration(1));

    if ($self->{bad}) {
        $t->write_file('bad.conf', $self->configuration(1)
                                   =~ s/(server \{)/nonsense; $1/r);
        $t->expect_log(qr/\[emerg\].*unknown directive "nonsense"/);
    }

    open(my $fh, '>', $t->dir() . '/counts') or die "counts: $!";
    truncate($fh, COUNTS);
    close($fh);
    chmod(0666, $t->dir() . '/counts');

    $t->run();
}


sub configuration {
    my ($self, $number) = @_;

    my $port = $self->{t}->port('backend');
    my %texts = (connections => $self->{connections}, main => $self->{main});

    if ($self->{kind} eq 'proxy') {
        return conf($CONF, %texts, stream => '',
                    server => 'proxy_pass '
                              . address(PROXIED, $number, $port) . ';');
    }

    my $home = $self->{home}->dir();
    my $variant = $number % VARIANTS;
    my @all = 0 .. VARIANTS - 1;

    return conf($CONF, %texts,
        stream => conf($THRIFT, kind => $self->{kind}, home => $home,
                       variant => $variant,
                       map => join(' ', map { "$_ backend_$_;" } @all),
                       upstreams => join("\n    ", map {
                           "upstream backend_$_ { server "
                           . address($_, $number, $port)
                           . '; thrift_keepalive 64; }'
                       } @all)),
        server => conf($SERVICES, home => $home, variant => $variant,
                       number => $number));
}


# As t/reload/backend.c listens.

sub address {
    my ($variant, $number, $port) = @_;

    return join('.', 127, 1 + $variant, $number >> 8, $number & 255)
           . ":$port";
}


# run(options, actions, limit): starts nginx; what build/reload/load has said: its
# numbers by their names, and with "violation" and "status" what was wrong.

sub run {
    my ($self, $options, $actions, $limit) = @_;

    $self->start();

    my $t = $self->{t};
    my @command = ($t->top() . '/build/reload/load',
                   '--proxy' => $t->port('proxy'),
                   '--backend' => $t->port('backend'),
                   '--generations' => $self->{generations},
                   '--master' => $t->pid(), '--dir' => $t->dir(),
                   '--counts' => $t->dir() . '/counts',
                   '--patience' => int(10000 * time_factor()),
                   $self->{kind} eq 'proxy' ? ('--hosted' => 0) : (),
                   $self->{kind} eq 'on' ? () : ('--stay' => 1),
                   @$options, @$actions);

    return $t->program('load.out', $limit || 60, @command);
}


sub t {
    my ($self) = @_;

    return $self->{t};
}


# How many lines the access log has for each status.

sub statuses {
    my ($self) = @_;

    my %n;

    # what is left in a worker's buffer is written when it ends

    $self->{t}->stop();
    $n{$_}++ for $self->{t}->read_log('calls.log') =~ /^\d+ (\w+)$/mg;

    return \%n;
}


# What nginx has said of clients of old workers, added up.

sub told {
    my ($self) = @_;

    my %sum = map { $_ => 0 } qw(over closed stay);

    for ($self->{t}->grep_log(qr/\[notice\].* thrift clients of generation /)) {
        /: (\d+) handed over, (\d+) closed, (\d+) stay/ or next;
        $sum{over} += $1;
        $sum{closed} += $2;
        $sum{stay} += $3;
    }

    return \%sum;
}


1;
