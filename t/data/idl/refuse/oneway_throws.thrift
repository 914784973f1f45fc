exception E {}
service A { oneway void f() throws (1: E e) }
