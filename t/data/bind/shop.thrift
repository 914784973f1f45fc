// The definitions of the bodies in bodies.txt; see generate.py.

enum Color { RED = 1, GREEN = 2, BLUE = 10 }

struct Zip { 1: required string code, 2: optional i32 plus }

struct Address { 1: string street, 2: Zip zip, 3: required string city }

union Key { 1: i64 number, 2: string name, 3: list<string> parts }

struct Item {
    1: double price,
    2: optional Color color,
    3: binary picture,
    4: set<i16> sizes
}

struct User {
    1: required i64 id,
    2: string name,
    3: Address address,
    4: bool active,
    5: i8 level,
    6: list<User> friends,
    7: map<string, Item> wishes,
    8: map<Color, list<bool>> flags,
    -4: i32 old,
    300: Key key
}

exception NotFound { 1: required i64 id, 2: string why }

service Shop {
    User get(1: required i64 user_id, 2: Color color)
        throws (1: NotFound not_found),
    void put(1: User user, 2: list<Item> items)
        throws (1: NotFound not_found),
    list<i32> all(),
    oneway void tell(1: string text)
}
