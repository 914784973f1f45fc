enum A { X = 2147483647, Y }
