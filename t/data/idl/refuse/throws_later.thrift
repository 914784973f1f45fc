service A { void f() throws (1: E e) }
exception E {}
