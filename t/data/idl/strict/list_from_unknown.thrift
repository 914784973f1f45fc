const list<i32> A = NOTHING
