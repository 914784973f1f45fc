enum Empty {}

enum Auto { A, B, C }

enum Mixed {
    FIRST = -2,
    SECOND;             // -1
    THIRD               // 0
    HEX = 0x10,
    NEXT,               // 17
    SAME = 16           // a number may repeat
    BACK = 1 (old = "yes")
} (an.annotation)

enum Extremes { LOW = -2147483648, HIGH = 2147483647 }

enum Truth { NO = false, YES = true }
