include "shared.thrift"

namespace nthrift right

struct Left {
    1: list<shared.Length> lengths,
    2: shared.Lengths same
}

enum Side {
    RIGHT
}

union Which {
    1: Left left
}

exception Wrong {
    1: i32 errno
}

typedef Left Copy

const i32 MAX = 3
const Left ALL = {"lengths": [{"number": 1}]}

service LeftService {
    list<Left> all(1: Which which) throws (1: Wrong wrong)
}
