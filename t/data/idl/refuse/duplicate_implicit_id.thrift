struct A { i32 a, 2: i32 a }
