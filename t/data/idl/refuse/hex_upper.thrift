const i32 A = 0X10
