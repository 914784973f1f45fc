enum E { X }
const string A = E.X
