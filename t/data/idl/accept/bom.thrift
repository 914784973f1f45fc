struct Bom { 1: i32 a }
