const i32 A = E.X
enum E { X }
