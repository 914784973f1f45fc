# SPDX-License-Identifier: BSD-2-Clause

package Test::Thrift::Preload;

# An nginx some of whose system calls are those of t/data/NAME.c, and a number
# that both share: NAME_FILE names the file that holds it.
#
#     my $slow = Test::Thrift::Preload->new($t, 'slow_close');
#                                                     # undef: no compiler
#     $slow->set(2);
#     $slow->run();

use strict;
use warnings;

use Fcntl qw(O_CREAT O_RDWR);


sub new {
    my ($class, $t, $name) = @_;

    my $dir = $t->dir();

    return if system("cc -shared -fPIC -O1 -o $dir/$name.so "
                     . $t->top() . "/t/data/$name.c -ldl 2>$dir/cc.log");

    sysopen(my $file, "$dir/$name", O_CREAT | O_RDWR) or die "$name: $!";

    my $self = bless { t => $t, file => $file, name => $name }, $class;
    $self->set(0);

    return $self;
}


# Starts nginx.

sub run {
    my ($self) = @_;

    my ($t, $name) = @$self{qw(t name)};

    local $ENV{LD_PRELOAD} = $t->dir() . "/$name.so";
    local $ENV{uc($name) . '_FILE'} = $t->dir() . "/$name";
    local $ENV{ASAN_OPTIONS} = 'verify_asan_link_order=0';

    $t->run();
}


sub set {
    my ($self, $n) = @_;

    sysseek($self->{file}, 0, 0);
    syswrite($self->{file}, pack('q', $n));
}


sub get {
    my ($self) = @_;

    sysseek($self->{file}, 0, 0);
    sysread($self->{file}, my $bytes, 8);

    return unpack('q', $bytes);
}


1;
