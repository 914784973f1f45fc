/**
 * What the examples of this folder serve.
 */

namespace cpp demo

exception Overflow {
    1: string why
}

service PingPong {
    string ping()

    i64 add(1: i32 a, 2: i64 b) throws (1: Overflow overflow)
}
