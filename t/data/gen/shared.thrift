/* What several files include. */

enum Unit {
    METRE = 1,
    MILE = 2
}

struct Length {
    1: double number,
    2: Unit unit = Unit.MILE
}

exception TooLong {
    1: Length length
}

typedef list<Length> Lengths

const Length NO_LENGTH = {"number": 0}

service Base {
    void ping(),
    Length measure(1: Lengths lengths, 2: optional Unit unit = Unit.METRE)
        throws (1: TooLong tooLong)
}
