struct E {}
service A { void f() throws (1: E e) }
