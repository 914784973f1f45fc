/**
 * What t/adapters.t calls, with each adapter.
 */

namespace cpp adapters

enum Color {
    RED = 1,
    BLUE = 2
}

struct Item {
    1: string name,
    2: list<i64> numbers,
    3: map<string, string> words,
    4: bool on,
    5: double real,
    6: Color color,
    7: binary bytes,
    8: optional list<Item> items
}

exception Refused {
    1: i32 code,
    2: string why
}

service Low {
    i32 low(1: i32 n)
}

service Middle extends Low {
    i32 middle(1: i32 n)
}

service Test extends Middle {
    string echo(1: string text)

    Item item(1: Item item)

    /** What is known of the call. */
    string about()

    /** 1: declared; others are not. */
    i32 refuse(1: i32 code) throws (1: Refused refused)

    oneway void tell(1: string text)

    /** Returns once so many of it run at the same time. */
    i32 together(1: i32 n)

    /** In which way; for replies that come later. */
    i64 later(1: string how) throws (1: Refused refused)
}
