struct S { 1: i32 a }
const S A = {"b": 1}
