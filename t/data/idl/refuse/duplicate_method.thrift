service A { void f(), void f() }
