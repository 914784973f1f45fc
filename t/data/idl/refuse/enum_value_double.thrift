enum A { X = 1.5 }
