enum A { X, Y, X }
