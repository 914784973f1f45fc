struct A { 1: i32 a }
const A B = A{a = 1}
