struct User {}
struct A { 1: Usr a }
