enum E { X, Y }
const E A = 3
