service A { f() }
