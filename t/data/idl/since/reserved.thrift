const i32 next = 12
const i32 class = 13
struct self { 1: i32 end }
