service Fatal {
    string echo(1: string text),

    /** Ends the worker, in the given way. */
    void die(1: string how)
}
