struct Empty {}

struct Required {
    1: required i32 a,
    2: optional i32 b;
    3: i32 c
    4: required string d = "x" (sensitive)
    0x10: i32 hex
    32767: i32 last
}

struct Unordered { 5: i32 e, 1: i32 a 3: i32 c }

struct Node { 1: optional Node tail, 2: list<Node> all }

struct Reference { 1: optional Node & me }

struct OneLine { 1: i32 a 2: i32 b 3: i32 c }

struct Many {
    1: i32 f1, 2: i32 f2, 3: i32 f3, 4: i32 f4, 5: i32 f5, 6: i32 f6,
    7: i32 f7, 8: i32 f8, 9: i32 f9, 10: i32 f10, 11: i32 f11, 12: i32 f12
}

union Empty2 {}

union Choice {
    1: i32 number = 5
    2: string text
    3: optional Node same
}

exception Failure {
    1: string message
    2: i32 code = 500
}

exception Empty3 {} (message = "none")
