// What a client has whose definition of Faults is of another time: a method
// that the service does not know, and two that take something else.

struct NewerItem {
    2: optional string name
}

service Newer {
    string fresh(1: i32 number),
    i32 twice(1: string number),
    i32 weigh(1: NewerItem item)
}
