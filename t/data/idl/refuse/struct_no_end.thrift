/* A struct without "}", and what comes behind it. */

struct A {
    1: i32 a

service S {
    void get()
}
