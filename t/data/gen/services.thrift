/* Methods of every kind. */

struct Item {
    1: i32 number,
    2: optional string text
}

exception NotFound {
    1: string what
}

exception Busy {
    1: i32 seconds
}

service Nothing {
}

service Every {
    void nothing(),
    bool truth(1: bool yes),
    i8 tiny(1: i8 i),
    i16 small(1: i16 i),
    i32 medium(1: i32 i),
    i64 large(1: i64 i),
    double real(1: double d),
    string text(1: string s),
    binary bytes(1: binary s),
    uuid id(1: uuid id),
    Item item(1: Item item),
    list<Item> items(1: list<Item> items, 2: set<string> names),
    map<string, list<Item>> table(1: map<string, list<Item>> table),
    i32 throws_one() throws (1: NotFound notFound),
    void throws_two(1: i32 i) throws (1: NotFound notFound, 2: Busy busy),
    Item throws_three() throws (3: NotFound notFound),
    oneway void tell(1: string what),
    oneway void tell_nothing(),
    i32 safe(1: i32 i) (nthrift.idempotent),
    i32 unsafe(1: i32 i) (nthrift.idempotent = "false")
}
