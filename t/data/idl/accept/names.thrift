struct _under { 1: i32 _a, 2: i32 __ }
struct Mixed9Case { 1: i32 a9 }
struct lists { 1: i32 e10, 2: i32 strings, 3: i32 i33 }
enum Dotted { A.B = 1, C.D.E = 2 }
const i32 True = 1
const i32 e10 = 1
