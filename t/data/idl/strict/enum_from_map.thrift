enum E { X }
const E A = {}
