service A { void f }
