enum E { X }
const E A = E.Y
