struct Inner { 1: string name = "inner", 2: optional i32 count }

service Rare {
    /** Does what its argument says. */
    string act(1: string what),

    /** Kept until act("release") or act("late") replies to it. */
    string wait(1: string name),

    /** Arguments that need much memory. */
    string size(1: list<Inner> inners),

    /** What was seen since the last time. */
    string seen()
}

service Empty {}
