service S {
    void get()

struct B { 1: i32 a }
