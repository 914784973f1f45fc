service A { stream<i32> f() }
