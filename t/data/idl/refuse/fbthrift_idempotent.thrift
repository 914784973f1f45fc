service A { idempotent void f() }
