enum E { X }
const E A = E.X
const E B = A
