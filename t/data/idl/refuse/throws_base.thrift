service A { void f() throws (1: i32 e) }
