# SPDX-License-Identifier: BSD-2-Clause

# Spans in OpenTelemetry's JSON: files of lines, of which each has many.

package Test::Thrift::Spans;

use strict;
use warnings;

use Encode;
use Exporter qw(import);
use JSON::PP;
use Test::More;

our @EXPORT = qw(attribute decoded spans_of collector_reads);

my $json = JSON::PP->new();


# A line, which has to be UTF-8.

sub decoded {
    my ($line) = @_;

    return $json->decode(decode('UTF-8', $line, Encode::FB_CROAK));
}


# The spans of decoded lines.

sub spans_of {
    return map { @{$_->{resourceSpans}[0]{scopeSpans}[0]{spans}} } @_;
}


# The value of an attribute of a span, or of a resource; undef: it has none.

sub attribute {
    my ($of, $key) = @_;

    my ($found) = grep { $_->{key} eq $key } @{$of->{attributes}};

    return undef if !$found;
    return (values %{$found->{value}})[0];
}


# The collector's own reader, of "make test-collector", takes all lines of files
# and understands what they say.

sub collector_reads {
    my (@files) = @_;

    SKIP: {
        skip 'no reader of the collector', 2 if !$ENV{TEST_COLLECTOR};

        my $written = `cat @files`;
        my $read = `cat @files | $ENV{TEST_COLLECTOR}`;

        is($?, 0, 'the collector reads all lines');
        is_deeply([ told($read) ], [ told($written) ], 'as they were written');
    }
}


# Spans of lines, with what need not be written.

sub told {
    my ($lines) = @_;

    my @told;

    for my $span (spans_of(map { decoded($_) } split(/\n/, $lines))) {
        push @told, {
            parentSpanId => '', status => {}, attributes => [], %$span
        };
    }

    return @told;
}


1;
