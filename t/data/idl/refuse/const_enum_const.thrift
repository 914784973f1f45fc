enum E { X }
const E A = E.X
const i32 B = A
