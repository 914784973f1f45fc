struct Odd {
    32768: i32 beyond
    70000: i32 far
    true: i32 one
}
