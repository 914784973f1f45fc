struct A.B {}
