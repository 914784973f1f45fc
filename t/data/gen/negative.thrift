/* With --negative-ids, ids are what is written. */

struct Negative {
    -5: i32 before,
    1: i32 number,
    -32768: optional string first
}

service Below {
    void below(-1: Negative negative, 3: i32 number)
}
