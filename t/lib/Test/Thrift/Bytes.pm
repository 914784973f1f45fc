# SPDX-License-Identifier: BSD-2-Clause

package Test::Thrift::Bytes;

# Thrift on the wire, in Perl, for tests: independent of the code under test.
#
# Written after doc/specs/thrift-binary-protocol.md and
# thrift-compact-protocol.md of Apache Thrift.  It writes what it is asked to
# write, also what is wrong; it reads strictly and dies on what is malformed.
#
# A struct is described by a list of fields, [ id, type => value ]:
#
#     encode_struct('compact', [ 1, string => 'x' ],
#                              [ 2, list => [ i32 => 1, 2, 3 ] ],
#                              [ 3, map => [ string => 'i32', a => 1 ] ],
#                              [ 4, struct => [ [ 1, bool => 1 ] ] ]);

use strict;
use warnings;

use Compress::Zlib qw(compress uncompress);
use Exporter qw(import);

our @EXPORT = qw(
    CALL REPLY EXCEPTION ONEWAY
    encode_struct encode_message frame theader call_bytes oneway_bytes reply_bytes
    exception_bytes parse_message missing_bytes parse_struct message_length
);

use constant {
    CALL      => 1,
    REPLY     => 2,
    EXCEPTION => 3,
    ONEWAY    => 4,
};

use constant MAX_DEPTH => 200;

my $missing_bytes = 0;

my %TYPE = (
    none => 0, bool => 2, byte => 3, i8 => 3, double => 4, i16 => 6, i32 => 8,
    i64 => 10, string => 11, binary => 11, struct => 12, map => 13,
    set => 14, list => 15, uuid => 16,
);

my %COMPACT = (
    bool => 1, byte => 3, i8 => 3, i16 => 4, i32 => 5, i64 => 6,
    double => 7, string => 8, binary => 8, list => 9, set => 10, map => 11,
    struct => 12, uuid => 13,
);

my %NAME = (
    2 => 'bool', 3 => 'byte', 4 => 'double', 6 => 'i16', 8 => 'i32',
    10 => 'i64', 11 => 'string', 12 => 'struct', 13 => 'map', 14 => 'set',
    15 => 'list', 16 => 'uuid',
);

my %COMPACT_NAME = (
    1 => 'bool', 2 => 'bool', 3 => 'byte', 4 => 'i16', 5 => 'i32',
    6 => 'i64', 7 => 'double', 8 => 'string', 9 => 'list', 10 => 'set',
    11 => 'map', 12 => 'struct', 13 => 'uuid',
);


# --- writing ---------------------------------------------------------------

sub varint {
    my ($n) = @_;

    my $bytes = '';

    while ($n > 127) {
        $bytes .= chr(($n & 0x7f) | 0x80);
        $n >>= 7;
    }

    return $bytes . chr($n);
}


sub zigzag {
    my ($n) = @_;

    return $n >= 0 ? $n << 1 : ((-($n + 1)) << 1) | 1;
}


sub binary_value {
    my ($type, $v) = @_;

    return pack('C', $v ? 1 : 0)            if $type eq 'bool';
    return pack('c', $v)                    if $type =~ /^(byte|i8)$/;
    return pack('s>', $v)                   if $type eq 'i16';
    return pack('l>', $v)                   if $type eq 'i32';
    return pack('q>', $v)                   if $type eq 'i64';
    return pack('d>', $v)                   if $type eq 'double';
    return pack('N', length $v) . $v        if $type =~ /^(string|binary)$/;
    return $v                               if $type eq 'uuid';
    return encode_struct('binary', @$v)     if $type eq 'struct';

    if ($type eq 'list' || $type eq 'set') {
        my ($etype, @e) = @$v;
        return pack('CN', $TYPE{$etype}, scalar @e)
               . join('', map { binary_value($etype, $_) } @e);
    }

    if ($type eq 'map') {
        my ($ktype, $vtype, @kv) = @$v;
        my $i = 0;
        return pack('CCN', $TYPE{$ktype}, $TYPE{$vtype}, @kv / 2)
               . join('', map { binary_value($i++ % 2 ? $vtype : $ktype, $_) }
                              @kv);
    }

    die "unknown type \"$type\"";
}


sub compact_value {
    my ($type, $v) = @_;

    return pack('C', $v ? 1 : 2)                if $type eq 'bool';
    return pack('c', $v)                        if $type =~ /^(byte|i8)$/;
    return varint(zigzag($v))                   if $type =~ /^i(16|32|64)$/;
    return pack('d<', $v)                       if $type eq 'double';
    return varint(length $v) . $v               if $type =~ /^(string|binary)$/;
    return $v                                   if $type eq 'uuid';
    return encode_struct('compact', @$v)        if $type eq 'struct';

    if ($type eq 'list' || $type eq 'set') {
        my ($etype, @e) = @$v;
        my $head = @e < 15 ? chr(@e << 4 | $COMPACT{$etype})
                           : chr(0xf0 | $COMPACT{$etype}) . varint(scalar @e);
        return $head . join('', map { compact_value($etype, $_) } @e);
    }

    if ($type eq 'map') {
        my ($ktype, $vtype, @kv) = @$v;
        return "\0" unless @kv;
        my $i = 0;
        return varint(@kv / 2) . chr($COMPACT{$ktype} << 4 | $COMPACT{$vtype})
               . join('', map { compact_value($i++ % 2 ? $vtype : $ktype, $_) }
                              @kv);
    }

    die "unknown type \"$type\"";
}


sub encode_struct {
    my ($protocol, @fields) = @_;

    my $bytes = '';
    my $last = 0;

    for my $field (@fields) {
        my ($id, $type, $v) = @$field;

        if ($protocol eq 'binary') {
            $bytes .= pack('Cs>', $TYPE{$type}, $id) . binary_value($type, $v);
            next;
        }

        my $nibble = $type eq 'bool' ? ($v ? 1 : 2) : $COMPACT{$type};
        my $delta = $id - $last;

        $bytes .= $delta >= 1 && $delta <= 15
                  ? chr($delta << 4 | $nibble)
                  : chr($nibble) . varint(zigzag($id));
        $bytes .= compact_value($type, $v) unless $type eq 'bool';
        $last = $id;
    }

    return $bytes . "\0";
}


# encode_message($type, $name, $seqid, $body, %options)
#
# $body is bytes, or a reference to a list of fields.
# Options: protocol   binary (default), compact, lax
#          transport  framed (default), unframed, header
#          and those of theader()

sub encode_message {
    my ($type, $name, $seqid, $body, %o) = @_;

    my $protocol = $o{protocol} || 'binary';
    my $bytes;

    $body = [] unless defined $body;
    $body = encode_struct($protocol eq 'compact' ? 'compact' : 'binary', @$body)
        if ref $body;

    if ($protocol eq 'binary') {
        $bytes = pack('NN/a*l>', 0x80010000 | $type, $name, $seqid);

    } elsif ($protocol eq 'lax') {
        $bytes = pack('N/a*Cl>', $name, $type, $seqid);

    } elsif ($protocol eq 'compact') {
        $bytes = "\x82" . chr($type << 5 | 1) . varint($seqid & 0xffffffff)
                 . varint(length $name) . $name;

    } else {
        die "unknown protocol \"$protocol\"";
    }

    $bytes .= $body;

    return theader($bytes, sequence => $seqid, %o)
        if ($o{transport} || '') eq 'header';

    return ($o{transport} || 'framed') eq 'framed' ? frame($bytes) : $bytes;
}


# theader($payload, %options): a THeader and what it is before.
#
# Options: sequence    its seqid
#          flags       0
#          headers     [ name, value, ... ]
#          persistent  the same, of fbthrift
#          packed      1: zlib
#          protocol    of the payload: binary (default), compact
#          id          a number instead of that
#          transforms  the same, instead of `packed`
#          size        words instead of those that there are

sub theader {
    my ($payload, %o) = @_;

    my @transforms = $o{transforms} ? @{$o{transforms}}
                     : $o{packed} ? (1) : ();
    my $id = defined $o{id} ? $o{id}
             : ($o{protocol} || '') eq 'compact' ? 2 : 0;

    my $header = varint($id) . varint(scalar @transforms)
                 . join('', map { varint($_) } @transforms)
                 . theader_block(1, $o{headers})
                 . theader_block(2, $o{persistent});

    $header .= "\0" x (-length($header) % 4);
    $payload = compress($payload) if $o{packed};

    return frame(pack('nnNn', 0x0fff, $o{flags} || 0,
                      ($o{sequence} || 0) & 0xffffffff,
                      defined $o{size} ? $o{size} : length($header) / 4)
                 . $header . $payload);
}


sub theader_block {
    my ($kind, $pairs) = @_;

    return '' unless $pairs && @$pairs;

    return varint($kind) . varint(@$pairs / 2)
           . join('', map { varint(length) . $_ } @$pairs);
}


sub frame {
    my ($bytes) = @_;

    return pack('N', length $bytes) . $bytes;
}


sub call_bytes {
    return encode_message(CALL, @_);
}


sub oneway_bytes {
    return encode_message(ONEWAY, @_);
}


sub reply_bytes {
    return encode_message(REPLY, @_);
}


# exception_bytes($name, $seqid, $type, $message, %options)

sub exception_bytes {
    my ($name, $seqid, $type, $message, %o) = @_;

    return encode_message(EXCEPTION, $name, $seqid,
                          [ [ 1, string => $message ], [ 2, i32 => $type ] ],
                          %o);
}


# --- reading ---------------------------------------------------------------

# A reader is { buf, pos }; it dies with "more\n" when bytes are missing.

sub take {
    my ($r, $n) = @_;

    die "negative size\n" if $n < 0;
    room($r, $n);

    my $bytes = substr($r->{buf}, $r->{pos}, $n);
    $r->{pos} += $n;

    return $bytes;
}


# Every value has a byte: a size is not believed before they are there.

sub room {
    my ($r, $n) = @_;

    my $missing = $r->{pos} + $n - length($r->{buf});

    return if $missing <= 0;

    $missing_bytes = $missing;
    die "more\n";
}


sub read_varint {
    my ($r, $max) = @_;

    my ($n, $shift) = (0, 0);

    for (1 .. $max) {
        my $byte = ord take($r, 1);
        $n |= ($byte & 0x7f) << $shift;
        return $n unless $byte & 0x80;
        $shift += 7;
    }

    die "varint is too long\n";
}


sub read_zigzag {
    my ($r, $max) = @_;

    my $n = read_varint($r, $max);

    return $n & 1 ? -($n >> 1) - 1 : $n >> 1;
}


sub type_name {
    my ($names, $code) = @_;

    my $name = $names->{$code};
    die sprintf("unknown type 0x%02x\n", $code) unless defined $name;

    return $name;
}


sub read_binary_value {
    my ($r, $type, $depth) = @_;

    return ord take($r, 1)                       if $type eq 'bool';
    return unpack('c', take($r, 1))              if $type eq 'byte';
    return unpack('s>', take($r, 2))             if $type eq 'i16';
    return unpack('l>', take($r, 4))             if $type eq 'i32';
    return unpack('q>', take($r, 8))             if $type eq 'i64';
    return unpack('d>', take($r, 8))             if $type eq 'double';
    return take($r, unpack('l>', take($r, 4)))   if $type eq 'string';
    return take($r, 16)                          if $type eq 'uuid';
    return read_struct($r, 'binary', $depth + 1) if $type eq 'struct';

    if ($type eq 'map') {
        my ($ktype, $vtype, $n) = unpack('CCl>', take($r, 6));
        die "negative size\n" if $n < 0;
        return [] unless $n;
        $ktype = type_name(\%NAME, $ktype);
        $vtype = type_name(\%NAME, $vtype);
        room($r, 2 * $n);
        return [ map { read_binary_value($r, $_ % 2 ? $vtype : $ktype,
                                         $depth + 1) } 0 .. 2 * $n - 1 ];
    }

    my ($etype, $n) = unpack('Cl>', take($r, 5));
    die "negative size\n" if $n < 0;
    return [] unless $n;
    $etype = type_name(\%NAME, $etype);
    room($r, $n);
    return [ map { read_binary_value($r, $etype, $depth + 1) } 1 .. $n ];
}


sub read_compact_value {
    my ($r, $type, $depth) = @_;

    return ord take($r, 1) == 1 ? 1 : 0           if $type eq 'bool';
    return unpack('c', take($r, 1))               if $type eq 'byte';
    return read_zigzag($r, 5)                     if $type =~ /^i(16|32)$/;
    return read_zigzag($r, 10)                    if $type eq 'i64';
    return unpack('d<', take($r, 8))              if $type eq 'double';
    return take($r, read_varint($r, 5))           if $type eq 'string';
    return take($r, 16)                           if $type eq 'uuid';
    return read_struct($r, 'compact', $depth + 1) if $type eq 'struct';

    if ($type eq 'map') {
        my $n = read_varint($r, 5) or return [];
        my $types = ord take($r, 1);
        my $ktype = type_name(\%COMPACT_NAME, $types >> 4);
        my $vtype = type_name(\%COMPACT_NAME, $types & 15);
        room($r, 2 * $n);
        return [ map { read_compact_value($r, $_ % 2 ? $vtype : $ktype,
                                          $depth + 1) } 0 .. 2 * $n - 1 ];
    }

    my $head = ord take($r, 1);
    my $n = $head >> 4;
    $n = read_varint($r, 5) if $n == 15;
    my $etype = type_name(\%COMPACT_NAME, $head & 15);
    room($r, $n);
    return [ map { read_compact_value($r, $etype, $depth + 1) } 1 .. $n ];
}


sub read_struct {
    my ($r, $protocol, $depth) = @_;

    my %fields;
    my $last = 0;

    die "too deep\n" if $depth > MAX_DEPTH;

    for ( ;; ) {
        my $head = ord take($r, 1);
        my ($id, $type);

        if ($protocol eq 'binary') {
            return \%fields if $head == 0;

            $type = type_name(\%NAME, $head);
            $id = unpack('s>', take($r, 2));
            $fields{$id} = read_binary_value($r, $type, $depth);
            next;
        }

        return \%fields if ($head & 15) == 0;

        $type = type_name(\%COMPACT_NAME, $head & 15);
        $id = $head >> 4 ? $last + ($head >> 4) : read_zigzag($r, 3);
        $last = $id;
        $fields{$id} = $type eq 'bool'
                       ? (($head & 15) == 1 ? 1 : 0)
                       : read_compact_value($r, $type, $depth);
    }
}


# parse_struct($protocol, $bytes): returns { id => value }; a container is a
# list, a map a list of key, value, key, value.

sub parse_struct {
    my ($protocol, $bytes) = @_;

    return read_struct({ buf => $bytes, pos => 0 }, $protocol, 0);
}


# parse_message($bytes, %options)
#
# Returns undef when bytes are missing, else a reference to
#     { type, name, seqid, body (bytes), fields => { id => value },
#       protocol, transport, length (bytes used, frame header included) }
# and of a message of type EXCEPTION also
#       exception => number or undef, message => text or undef
# and of one with a THeader
#       sequence, flags, packed, headers => [ name, value, ... ], persistent
#
# Protocol and transport are found out by the first bytes unless given.
# Dies when the bytes are malformed.

sub parse_message {
    my ($bytes, %o) = @_;

    $missing_bytes = 4 - length $bytes;
    return undef if $missing_bytes > 0;

    my $transport = $o{transport}
                    || ($bytes =~ /^(?:\x80\x01|\x82)/ ? 'unframed'
                        : $bytes =~ /^....\x0f\xff/s ? 'header' : 'framed');
    my $buf = $bytes;

    return parse_theader($bytes) if $transport eq 'header';

    if ($transport eq 'framed') {
        my $n = unpack('l>', $bytes);
        die "negative frame size\n" if $n < 0;
        $missing_bytes = 4 + $n - length($bytes);
        return undef if $missing_bytes > 0;
        $buf = substr($bytes, 4, $n);
    }

    my $m = eval { read_message($buf, $o{protocol}) };

    if (!$m) {
        return undef if $@ eq "more\n" && $transport eq 'unframed';
        die $@ eq "more\n" ? "message is longer than its frame\n" : $@;
    }

    if ($transport eq 'framed') {
        die sprintf("%d bytes after the message in its frame\n",
                    length($buf) - $m->{length})
            if $m->{length} != length $buf;
        $m->{length} += 4;
    }

    $m->{transport} = $transport;

    return $m;
}


# missing_bytes(): so many more parse_message() has to be given than the last
# time, when it returned undef; maybe more.  Large messages are not gone through
# again for each part of them.

sub missing_bytes {
    return $missing_bytes;
}


sub parse_theader {
    my ($bytes) = @_;

    my $n = unpack('N', $bytes);

    $missing_bytes = 4 + $n - length($bytes);
    return undef if $missing_bytes > 0;

    my $r = { buf => substr($bytes, 4, $n), pos => 0 };
    my ($magic, $flags, $sequence, $size) = unpack('nnNn', take($r, 10));

    die sprintf("bad magic 0x%04x\n", $magic) if $magic != 0x0fff;

    my $h = { buf => take($r, 4 * $size), pos => 0 };
    my $id = read_varint($h, 5);
    my @transforms = map { read_varint($h, 5) } 1 .. read_varint($h, 5);
    my %info = (1 => [], 2 => []);

    while ($h->{pos} < length $h->{buf}) {
        my $kind = read_varint($h, 5);

        last unless $info{$kind};

        push @{$info{$kind}}, map { take($h, read_varint($h, 5)) }
                                  1 .. 2 * read_varint($h, 5);
    }

    die "bad transforms @transforms\n" if @transforms && "@transforms" ne '1';

    my $payload = substr($r->{buf}, $r->{pos});

    $payload = uncompress($payload) if @transforms;

    my $m = read_message($payload, { 0 => 'binary', 2 => 'compact' }->{$id});

    die "bytes behind the message in its THeader\n"
        if $m->{length} != length $payload;

    $m->{length} = 4 + $n;
    $m->{transport} = 'header';
    $m->{sequence} = $sequence;
    $m->{flags} = $flags;
    $m->{packed} = @transforms;
    $m->{headers} = $info{1};
    $m->{persistent} = $info{2};

    return $m;
}


sub read_message {
    my ($buf, $protocol) = @_;

    my $r = { buf => $buf, pos => 0 };
    my $m = {};

    $protocol ||= $buf =~ /^\x80/ ? 'binary'
                  : $buf =~ /^\x82/ ? 'compact' : 'lax';

    if ($protocol eq 'binary') {
        my $version = unpack('N', take($r, 4));
        die sprintf("bad version 0x%08x\n", $version)
            if ($version & 0xffff0000) != 0x80010000;
        $m->{type} = $version & 0xff;
        $m->{name} = take($r, unpack('l>', take($r, 4)));
        $m->{seqid} = unpack('l>', take($r, 4));

    } elsif ($protocol eq 'lax') {
        $m->{name} = take($r, unpack('l>', take($r, 4)));
        $m->{type} = ord take($r, 1);
        $m->{seqid} = unpack('l>', take($r, 4));

    } else {
        my ($id, $version) = unpack('CC', take($r, 2));
        die sprintf("bad protocol id 0x%02x\n", $id) if $id != 0x82;
        die sprintf("bad version 0x%02x\n", $version)
            if ($version & 31) != 1;
        $m->{type} = $version >> 5;
        $m->{seqid} = unpack('l', pack('L', read_varint($r, 5)));
        $m->{name} = take($r, read_varint($r, 5));
    }

    my $start = $r->{pos};

    $m->{protocol} = $protocol;
    $m->{fields} = read_struct($r, $protocol eq 'compact' ? 'compact'
                                                          : 'binary', 0);
    $m->{body} = substr($buf, $start, $r->{pos} - $start);
    $m->{length} = $r->{pos};

    if ($m->{type} == EXCEPTION) {
        $m->{message} = $m->{fields}{1};
        $m->{exception} = $m->{fields}{2};
    }

    return $m;
}


# The length of the first message, 0 when bytes are missing.

sub message_length {
    my ($bytes, %o) = @_;

    my $m = parse_message($bytes, %o);

    return $m ? $m->{length} : 0;
}


1;
