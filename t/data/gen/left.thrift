include "shared.thrift"

namespace cpp left

typedef shared.Length Length

struct Left {
    1: shared.Length length,
    2: list<shared.Length> lengths,
    3: map<shared.Unit, shared.Length> units
}

service LeftService extends shared.Base {
    oneway void forget(1: Left left),
    Left left() throws (1: shared.TooLong tooLong) (nthrift.idempotent = "1")
}
