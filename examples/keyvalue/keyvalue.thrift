exception NotFound {
    1: string key
}

struct Value {
    1: string text,
    2: list<string> tags,
    3: optional i32 seconds
}

/** Keeps values in the memory of a worker process. */
service KeyValue {
    void put(1: string key, 2: Value value),
    Value get(1: string key) throws (1: NotFound notFound),
    void remove(1: string key) throws (1: NotFound notFound),
    map<string, Value> all()
}
