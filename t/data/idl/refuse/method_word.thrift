service A { void list() }
