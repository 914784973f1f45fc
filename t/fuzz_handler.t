#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Mutated arguments for handlers, and mutated answers to their own calls: good
# calls get right replies beside them, and no client can write errors to a log.
#
# FUZZ_SEED repeats the bytes of a run, FUZZ_SECONDS makes it longer.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Time::HiRes qw(time);


my $SECONDS = $ENV{FUZZ_SECONDS} || 10;
my $SEED    = $ENV{FUZZ_SEED} || 20261126;

my $MAX_WRONG = 10;
my $DEEP = 80;

my $t = Test::Thrift->new(undef, log => 'info');
my $examples = Test::Thrift->top() . '/examples';

for my $name (qw(pingpong weather myservice gather blocking)) {
    $t->handler($name, source  => "$examples/$name/$name.c",
                       idl     => "$examples/$name/$name.thrift",
                       include => [ "$examples/weather" ]);
}

$t->handler('probe');
$t->write_conf(<<'EOF');

%%TEST_GLOBALS%%

worker_processes  1;
thread_pool       pool threads=2;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_idl_path  %%TOP%%/examples/weather;

    thrift_idl  %%TOP%%/examples/weather/weather.thrift;
    thrift_idl  %%TOP%%/examples/pingpong/pingpong.thrift;
    thrift_idl  %%TOP%%/examples/myservice/myservice.thrift;
    thrift_idl  %%TOP%%/examples/gather/gather.thrift;
    thrift_idl  %%TOP%%/examples/blocking/blocking.thrift;
    thrift_idl  %%TOP%%/t/data/handler/probe.thrift;

    upstream north {
        server  127.0.0.1:%%PORT_backend%%  max_fails=0;
    }

    upstream south {
        server  127.0.0.1:%%PORT_handlers%%;
        thrift_upstream_protocol     compact;
        thrift_upstream_transport    unframed;
        thrift_upstream_multiplexed  on;
    }

    upstream west {
        server  127.0.0.1:%%PORT_backend%%  max_fails=0;
        thrift_upstream_protocol  compact;
    }

    # small blocks: arguments lie in pieces

    server {
        listen  127.0.0.1:%%PORT_handlers%%;

        thrift_buffer_size     2k;
        thrift_timeout         1s;
        thrift_handler_memory  1m;
        thrift_handler_slow    0;
        thrift_half_close      on;

        thrift_service Probe {
            thrift_handler  %%TESTDIR%%/probe.so;
        }
        thrift_service WeatherService {
            thrift_handler  %%TESTDIR%%/weather.so;
        }
        thrift_service PingPong order=1 {
            thrift_handler  %%TESTDIR%%/pingpong.so;
            thrift_timeout  50ms;
        }
        thrift_service MyService {
            thrift_handler  %%TESTDIR%%/myservice.so;
        }
        thrift_service Gather {
            thrift_handler  %%TESTDIR%%/gather.so;
        }
        thrift_service Blocking {
            thrift_handler  %%TESTDIR%%/blocking.so  threads=pool;
            thrift_timeout  50ms;
        }
    }

    # the same on threads

    server {
        listen  127.0.0.1:%%PORT_threads%%;

        thrift_timeout         1s;
        thrift_handler_memory  1m;

        thrift_service Probe {
            thrift_handler  %%TESTDIR%%/probe.so  threads=pool;
        }
    }
}

EOF

# the IDL of the methods, as far as bytes are concerned

my $location = [ struct => [ 1 => 'string', 2 => 'string' ] ];
my $inner    = [ struct => [ 1 => 'string', 2 => 'i32' ] ];
my $either   = [ struct => [ 2 => 'string' ] ];
my $outer    = [ struct => [
    1 => 'string', 2 => 'bool', 3 => 'i8', 4 => 'i16', 5 => 'i64',
    6 => 'double', 7 => 'string', 8 => 'i32', 9 => $inner,
    10 => [ list => $inner ], 11 => [ set => 'i32' ],
    12 => [ map => 'string', [ list => 'i64' ] ], 14 => $either, 15 => 'uuid',
] ];

push @{$outer->[1]}, 13 => [ struct => [ @{$outer->[1]} ] ];

my @methods = (
    [ 'handlers', 'PingPong:ping' ],
    [ 'handlers', 'PingPong:add', 1 => 'i32', 2 => 'i64' ],
    [ 'handlers', 'WeatherService:ping' ],
    [ 'handlers', 'WeatherService:getTemperature', 1 => $location ],
    [ 'handlers', 'MyService:doSomething',
      1 => [ struct => [ 1 => 'string', 2 => 'i32', 3 => 'bool' ] ] ],
    [ 'handlers', 'MyService:checkStatus' ],
    [ 'handlers', 'Gather:temperatures', 1 => $location ],
    [ 'handlers', 'Blocking:checksum', 1 => 'string', 2 => 'i32' ],
    (map {
        [ $_, 'Probe:outer', 1 => $outer ],
        [ $_, 'Probe:outer', 1 => $outer ],
        [ $_, 'Probe:size', 1 => [ list => $inner ] ],
        [ $_, 'Probe:echo', 1 => 'string' ],
        [ $_, 'Probe:nothing' ],
    } qw(handlers threads)),
);

my @extremes = (0, 1, -1, 127, -128, 32767, -32768, 2147483647, -2147483648);

srand($SEED);

my $noise = join('', map { chr(int(rand(256))) } 1 .. 20000);

my $backend = $t->backend('backend');

$t->run();

my @workers = $t->workers();
my (@wrong, %count, $strange);
my $end = time() + $SECONDS;
my %good = map { $_ => $t->client('handlers', protocol => $_) }
               qw(binary compact);

while (time() < $end && @wrong < $MAX_WRONG) {
    $backend->script(getTemperature => [ map { bad_answer() } 1 .. 30 ]);
    batch() for 1 .. 10;
    good($_) for qw(binary compact);
}

is(join("\n", @wrong), '', 'replies');
is("@{[ $t->workers() ]}", "@workers", 'same worker');

cmp_ok($count{$_} || 0, '>', $SECONDS / 2, $_) for qw(reply exception good);

# "handler timed out": PingPong.add takes two seconds; of each kind of line 20
# are written within 10 seconds, and the others are counted

my @errors = grep { !/\[error\].*(?:handler\ timed\ out
                                    |more\ .*\ not\ answered\ in\ time
                                    |upstream\ (?:sent|prematurely|timed)
                                    |more\ times\ .*\ servers\ of\ upstream)/x }
                  $t->grep_log(qr/^\S+ \S+ \[(?:warn|error)\]/);

is(join("\n", splice(@errors, 0, 5)), '', 'no client writes errors');

diag(join(', ', map { "$count{$_} $_" } sort keys %count))
    if $ENV{FUZZ_VERBOSE} || !Test::More->builder->is_passing();
diag("FUZZ_SEED=$SEED") unless Test::More->builder->is_passing();

$t->done();


# Some calls on one connection, of which any may be wrong.

sub batch {
    my ($where, @method) = @{$methods[rand @methods]};
    my %format = (protocol  => pick(qw(binary compact)),
                  transport => pick(qw(framed framed unframed)));
    my $c = $t->client($where, %format);
    my $last = 0;

    $strange = 0;

    my $bytes = join('', map { mutant($_, \%format, @method) }
                             1 .. 1 + int(rand(4)));

    $c->send($bytes);
    $c->half_close();

    my $what = "$method[0], $format{protocol}, $format{transport}: "
               . unpack('H*', substr($bytes, 0, 2000));

    while (my $m = eval { $c->read_message() }) {
        $count{$m->{type} == REPLY ? 'reply' : 'exception'}++;

        push @wrong, "seqid $m->{seqid} after $last of $what"
            if $m->{seqid} <= $last && !$strange;
        $last = $m->{seqid};
    }

    # one that nginx took for a call of another transport has such a reply

    push @wrong, "reply to $what: $@" if $@ && !$strange;
    push @wrong, "waits for ever: $what" if !$@ && !$c->{eof};

    $c->close();
}


sub good {
    my ($protocol) = @_;

    my $m = $good{$protocol}->call('Probe:outer', [ [ 1, struct => [
        [ 1, string => 'id' ], [ 13, struct => [ [ 1, string => 'next' ] ] ],
    ] ] ]);

    if ($m && $m->{type} == REPLY && $m->{fields}{0}{13}{9}{1} eq 'inner') {
        $count{good}++;
        return;
    }

    push @wrong, "good $protocol call: "
                 . ($m ? $m->{message} || $m->{bytes} : 'no reply');
}


sub bad_answer {
    my $fields = fields(0, [ 0 => pick('string', 'i32', $location) ]);
    my $bytes = encode_struct(pick(qw(binary compact)),
                              pick(1, 0) ? mutate_fields($fields) : @$fields);

    return { body => pick(1, 0) ? mutate_bytes($bytes) : $bytes };
}


# A call of the method, changed more or less; "strange" when nobody can say any
# more where a call begins, or what its seqid is.

sub mutant {
    my ($seqid, $format, $name, @types) = @_;

    my @fields = @{fields(0, \@types)};

    @fields = mutate_fields(\@fields) for 1 .. rand(3);

    my $body = encode_struct($format->{protocol}, @fields);
    my $framed = $format->{transport} eq 'framed';

    if (rand() < 0.5) {
        $body = mutate_bytes($body);
        $strange = 1 unless $framed;
    }

    my $bytes = encode_message(pick(1, 1, 1, 1, 0) ? CALL : ONEWAY, $name,
                               $seqid, $body, %$format);

    return $bytes if rand() < 0.9;

    $strange = 1;

    return $framed && rand() < 0.8 ? frame(mutate_bytes(substr($bytes, 4)))
                                   : mutate_bytes($bytes);
}


# Random values of a type; fields as encode_struct() wants them.

sub fields {
    my ($depth, $types) = @_;

    my (@fields, $id, $type);
    my @types = @$types;

    while (($id, $type) = splice(@types, 0, 2)) {
        push @fields, [ $id, ref $type ? $type->[0] : $type,
                        value($depth, $type) ]
            if $id == 1 || rand() < 0.7;
    }

    return \@fields;
}


sub value {
    my ($depth, $type) = @_;

    if (!ref $type) {
        return int(rand(2))                          if $type eq 'bool';
        return pick(@extremes[0 .. 4])               if $type eq 'i8';
        return pick(@extremes[0 .. 6])               if $type eq 'i16';
        return pick(@extremes)                       if $type =~ /^i/;
        return pick(0, -1.5, 9**9**9, -sin(9**9**9)) if $type eq 'double';
        return random_bytes(16)                      if $type eq 'uuid';
        return random_bytes(pick(0, 1, 5, 20, 3000));
    }

    my ($kind, @of) = @$type;

    return fields($depth + 1, $of[0]) if $kind eq 'struct';

    my $n = pick(0, 1, 2, 14, 15, 16, 100);
    my @names = map { ref $_ ? $_->[0] : $_ } @of;

    return [ @names, map { my $i = $_; map { value($depth + 1, $_) } @of }
                         1 .. $n ];
}


# One change of what is in a struct, or in one within it.

sub mutate_fields {
    my ($fields) = @_;

    my @fields = @$fields;
    my $i = int(rand(@fields + 0));
    my @inside = grep { $_->[1] eq 'struct' } @fields;

    if (@inside && rand() < 0.6) {
        my $field = $inside[rand @inside];
        $field->[2] = [ mutate_fields($field->[2]) ];
        return @fields;
    }

    return (stranger()) unless @fields;

    my $what = int(rand(6));

    splice(@fields, $i, 1)                       if $what == 0;
    splice(@fields, $i, 0, $fields[$i])          if $what == 1;
    $fields[$i] = [ pick(@extremes[0 .. 6], 99), @{$fields[$i]}[1, 2] ]
        if $what == 2;
    $fields[$i] = [ $fields[$i][0], @{stranger()}[1, 2] ] if $what == 3;
    splice(@fields, $i, 0, stranger())           if $what == 4;
    @fields = reverse @fields                    if $what == 5;

    return @fields;
}


# A field that nobody knows: deep, or wide, or of any type.

sub stranger {
    my $type = pick(qw(bool i8 i16 i32 i64 double string uuid),
                    [ list => 'bool' ], [ map => 'i8', 'string' ], $location);
    my $field = [ pick(1, 2, 9, 13, 99), ref $type ? $type->[0] : $type,
                  value(0, $type) ];

    if (rand() < 0.1) {
        $field = [ 13, struct => [ $field ] ] for 1 .. $DEEP * rand();
    }

    if (rand() < 0.1) {
        $field = [ pick(1, 10), list => [ struct => ([]) x pick(1e3, 2e4) ] ];
    }

    return $field;
}


# Bytes, and numbers that count what follows.

sub mutate_bytes {
    my ($bytes) = @_;

    for (1 .. 1 + rand(3)) {
        my $n = length($bytes) or last;
        my $at = $n - 1 - int(rand() * rand() * $n);
        my $what = int(rand(6));

        substr($bytes, $at, 1) = chr(int(rand(256))) if $what == 0;
        substr($bytes, $at, 1) ^= chr(1 << int(rand(8))) if $what == 1;
        substr($bytes, $at) = ''                     if $what == 2;
        substr($bytes, $at, 0) = random_bytes(1 + int(rand(8)))
            if $what == 3;
        substr($bytes, $at, 4) = pack('l>', pick(@extremes, 100_000_000))
            if $what == 4;
        substr($bytes, $at, 1) = "\xff\xff\xff\xff" . pick("\x07", "\x0f")
            if $what == 5;
    }

    return $bytes;
}


sub random_bytes {
    my ($n) = @_;

    return substr($noise, int(rand(length($noise) - $n)), $n);
}


sub pick {
    return $_[rand @_];
}
