exception TooMuch {
    1: i32 most
}

service Blocking {
    /** A checksum that takes its time. */
    i64 checksum(1: binary data, 2: i32 rounds) throws (1: TooMuch tooMuch),

    /** Sleeps, as a call to some library would. */
    string nap(1: i32 milliseconds) throws (1: TooMuch tooMuch)
}
