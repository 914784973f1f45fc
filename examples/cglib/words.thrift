/**
 * What the example of this folder serves.
 */

namespace c_glib Demo

exception Empty {
    1: string why
}

service Words {
    i32 count(1: string text)

    string longest(1: string text) throws (1: Empty empty)
}
