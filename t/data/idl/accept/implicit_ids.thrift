struct Implicit {
    i32 a
    i32 b,
    5: i32 c
    i32 d
    0: i32 zero
    -7: i32 negative
}

service S {
    void f(i32 a, i32 b)
}
