struct B {}
struct A { 1: B (a) b }
