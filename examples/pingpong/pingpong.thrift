service PingPong {
    string ping(),

    /** The sum, after a while. */
    i64 add(1: i32 a, 2: i64 b)
}
