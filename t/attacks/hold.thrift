// What t/attacks/hold.c hosts: calls that wait, with what they hold.

struct Item { 1: optional i32 number }

service Hold {
    /** Waits for so long, and returns how many items it holds. */
    i32 hold(1: i32 msec, 2: list<Item> items),

    /** A text of so many bytes. */
    string text(1: i32 bytes),

    /** Waits for so long. */
    oneway void tell(1: i32 msec)
}
