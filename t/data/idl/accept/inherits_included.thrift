include "../inc/shared.thrift"

service Mine extends shared.Common {
    shared.User get(1: shared.Id id) throws (1: shared.Failure f)
}

const shared.User NOBODY = {"name": "nobody", "kind": shared.Kind.UNKNOWN}
const i32 LIMIT = shared.LIMIT
const shared.Kind KIND = shared.Kind.KNOWN
