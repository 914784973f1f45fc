service A { void a.b() }
