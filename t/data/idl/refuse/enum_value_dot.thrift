enum A { X.Y }
