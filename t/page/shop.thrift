enum Color { RED = 1, GREEN = 2 }

/** Either of two ways to name an item. */
union Id { 1: i64 number, 2: string name }

struct Item {
    /** As customers know it: </p><script>window.hacked = 1</script> */
    1: required string name
    2: optional Color color = Color.RED
    3: Id id
    4: i64 stock
    5: map<Color, i32> counts
    6: map<bool, string> labels
}

exception NotFound { 1: string what, 2: i32 code = 404 }

service Shop {
    /** What was given. */
    Item store(1: Item item)

    /** Throws, always. */
    string find(1: string what) throws (1: NotFound none)

    /** Fails, with what it was given. */
    string fail(1: string how)
}
