enum A { list }
