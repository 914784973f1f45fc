senum A { "a", "b" }
