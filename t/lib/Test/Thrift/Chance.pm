# SPDX-License-Identifier: BSD-2-Clause

package Test::Thrift::Chance;

# Definitions, and values of them, made by chance from a seed.
#
#     my $chance = Test::Thrift::Chance->new($seed);
#     my $idl = $chance->idl(30);
#     my ($call, $reply) = $chance->values(7);
#
#     my $bytes = encode_struct('binary', @{without_types($call)});
#
# The service is "Chance", its methods are "m0", "m1", ...: each takes one value
# of a type of its own and returns one.  Values are lists of fields, as Bytes.pm
# has them: the arguments of a call, and a result.  without_types() returns them
# as they are behind the compact protocol, which does not say what an empty map
# is a map of.

use strict;
use warnings;

use Exporter qw(import);

our @EXPORT = qw(without_types);

my @SCALARS = qw(bool i8 i16 i32 i64 double string binary uuid Color);

# what a key of a map in JSON can be

my @KEYS = grep { $_ ne 'bool' } @SCALARS;

my @IDS = (1 .. 40, 127, 128, 300, 8191, 8192, 32767);

my %BITS = (i8 => 8, i16 => 16, i32 => 32, i64 => 64);

# characters that JSON escapes, or UTF-8 has in another length

my @CHARACTERS = ("\0", "\x01", "\x1f", '"', '\\', '/', "\b", "\f", "\n",
                  "\r", "\t", 'a', 'Z', "\x7f", "\xc3\xbc", "\xdf\xbf",
                  "\xe0\xa0\x80", "\xe4\xb8\x96", "\xed\x9f\xbf",
                  "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80",
                  "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf");


sub new {
    my ($class, $seed) = @_;

    return bless { state => $seed, types => [] }, $class;
}


sub number {
    my ($self, $n) = @_;

    # as java.util.Random has it: one that no version of Perl changes

    {
        use integer;
        $self->{state} = $self->{state} * 25214903917 + 11
                         & (1 << 48) - 1;
    }

    return ($self->{state} >> 17) % $n;
}


sub one_of {
    my ($self, @those) = @_;

    return $those[$self->number(scalar @those)];
}


# --- definitions ------------------------------------------------------------

# A type is [ name in Bytes.pm, text in the IDL, types of parts ].

sub type {
    my ($self, $depth) = @_;

    my $what = $self->number($depth ? 10 : 5);

    return $self->scalar_type(@SCALARS) if $what < 5;

    if ($what < 7) {
        my @structs = @{$self->{structs}};

        return @structs ? $self->one_of(@structs)
                        : $self->scalar_type(@SCALARS);
    }

    my $elem = $self->type($depth - 1);

    return [ 'list', "list<$elem->[1]>", $elem ] if $what == 7;
    return [ 'set', "set<$elem->[1]>", $elem ] if $what == 8;

    my $key = $self->scalar_type(@KEYS);

    return [ 'map', "map<$key->[1], $elem->[1]>", $key, $elem ];
}


sub scalar_type {
    my ($self, @names) = @_;

    my $name = $self->one_of(@names);

    return [ $name eq 'Color' ? 'i32' : $name, $name ];
}


# A struct, or a union: [ 'struct', name, fields ], fields of [ id, type ].

sub struct {
    my ($self, $n) = @_;

    my $union = $self->number(5) == 0;
    my %ids = map { $self->one_of(@IDS) => 1 } 1 .. 1 + $self->number(8);
    my @fields = map { [ $_, $self->type(3) ] } sort { $a <=> $b } keys %ids;
    my $text = ($union ? 'union' : 'struct') . " S$n {\n" . join('', map {
        my $need = $union ? '' : $self->one_of('', 'optional ', 'required ');
        push @$_, $need ne 'required ';
        "    $_->[0]: $need$_->[1][1] f$_->[0]\n";
    } @fields) . "}\n";

    push @{$self->{structs}}, [ 'struct', "S$n", $union, @fields ];

    return $text;
}


sub idl {
    my ($self, $n) = @_;

    my $text = "enum Color { RED = 1, GREEN = 5, BLUE = -7 }\n";

    $self->{structs} = [];
    $text .= $self->struct($_) for 0 .. $n - 1;
    $self->{types} = [ map { $self->type(3) } 1 .. $n ];

    return $text . "service Chance {\n" . join('', map {
        my $type = $self->{types}[$_][1];
        "    $type m$_(1: $type value)\n"
    } 0 .. $n - 1) . "}\n";
}


# --- values -------------------------------------------------------------------

sub values {
    my ($self, $n) = @_;

    my $type = $self->{types}[$n];

    return map { [ [ $_, $type->[0] => $self->value($type, 0) ] ] } 1, 0;
}


sub value {
    my ($self, $type, $depth) = @_;

    my ($name, $text, @parts) = @$type;

    return $self->struct_value($type, $depth)      if $name eq 'struct';
    return $self->one_of(1, 5, -7)                 if $text eq 'Color';
    return $self->integer($BITS{$name})            if $BITS{$name};
    return $self->number(2)                        if $name eq 'bool';
    return $self->double()                         if $name eq 'double';
    return $self->bytes(16)                        if $name eq 'uuid';
    return $self->bytes($self->size($depth))       if $name eq 'binary';
    return $self->text($self->size($depth))        if $name eq 'string';

    my @names = map { $_->[0] } @parts;
    my $size = $self->size($depth);

    return [ @names, map { map { $self->value($_, $depth + 1) } @parts }
                         1 .. $size ];
}


sub without_types {
    my ($fields) = @_;

    return [ map { [ @$_[0, 1], value_without_types(@$_[1, 2]) ] } @$fields ];
}


sub value_without_types {
    my ($type, $value) = @_;

    return without_types($value) if $type eq 'struct';
    return $value                if $type !~ /^(?:list|set|map)$/;

    my @types = splice(@{$value = [ @$value ]}, 0, $type eq 'map' ? 2 : 1);

    return [ qw(none none) ] if @types == 2 && !@$value;

    return [ @types, map { value_without_types($types[$_ % @types],
                                               $value->[$_]) }
                         0 .. $#$value ];
}


sub struct_value {
    my ($self, $type, $depth) = @_;

    my (undef, undef, $union, @fields) = @$type;

    @fields = $self->one_of(@fields) if $union;

    return [ map { [ $_->[0], $_->[1][0] => $self->value($_->[1], $depth + 1) ]
             } grep { $union || !$_->[2] || $self->number(3) } @fields ];
}


sub size {
    my ($self, $depth) = @_;

    return $self->one_of(0, 1, 2, 3) if $depth > 2;
    return $self->one_of(0, 1, 2, 14, 15, 16, 40);
}


# Ones of all lengths.

sub integer {
    my ($self, $bits) = @_;

    my $v = $self->number(2 ** 30) << 34 ^ $self->number(2 ** 30) << 15
            ^ $self->number(2 ** 30);
    my $n = $self->number($bits);

    $v &= ~0 >> (64 - $n) if $n;
    $v = $n ? $v : 0;
    $v = unpack('q', pack('Q', $v));
    $v = -$v - 1 if $self->number(2);

    return $v;
}


# A NaN has no more to say than that it is one.

sub double {
    my ($self) = @_;

    my $v = unpack('d>', $self->bytes(8));

    return $self->one_of(0.0, -0.0, 0.1, -1.5, 1e300, 5e-324, 9 ** 9 ** 9,
                         -9 ** 9 ** 9, unpack('d>', "\x7f\xf8\0\0\0\0\0\0"),
                         $v == $v ? $v : 1);
}


sub bytes {
    my ($self, $n) = @_;

    return join('', map { chr($self->number(256)) } 1 .. $n);
}


sub text {
    my ($self, $n) = @_;

    return join('', map { $self->one_of(@CHARACTERS) } 1 .. $n);
}


1;
