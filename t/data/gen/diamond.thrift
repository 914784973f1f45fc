/* The same definitions by two ways, and services across files. */

include "left.thrift"
include "right.thrift"
include "shared.thrift"

struct Both {
    1: left.Left left,
    2: right.Left right,
    3: map<shared.Unit, shared.Length> units,
    4: shared.Length length = shared.NO_LENGTH,
    5: list<right.Side> sides,
    6: list<list<right.Copy>> copies,
    7: left.Length same
}

const i32 MAX = 4
const right.Side SIDE = right.Side.RIGHT

service Diamond extends left.LeftService {
    Both both(1: left.Left left, 2: right.Which which)
        throws (1: right.Wrong wrong, 2: shared.TooLong tooLong)
        (nthrift.idempotent = "true")
}

service Last extends Diamond {
    void last() (nthrift.idempotent = "false")
}

service Silent extends shared.Base {
}
