// What the clients of t/faults/ call.  The text says which call it is.

service Faults {
    string get(1: string text, 2: binary pad) (nthrift.idempotent = "true"),
    string put(1: string text, 2: binary pad),
    oneway void tell(1: string text, 2: binary pad)
}
