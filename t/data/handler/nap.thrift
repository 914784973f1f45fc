service Nap {
    /** Holds the event loop so long. */
    void nap(1: i32 msec)
}
