const map<i32, i32> A = {"a": 1}
