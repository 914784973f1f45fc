include "../inc/shared.thrift"
include "../inc/../inc/shared.thrift"
const i32 A = shared.LIMIT
