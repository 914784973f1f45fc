const Later L = {"a": 1}
struct Later { 1: i32 a }
