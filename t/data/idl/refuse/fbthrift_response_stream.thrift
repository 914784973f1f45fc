service A { i32, stream<i32> f() }
