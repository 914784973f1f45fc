service S {}
struct A { 1: S a }
