exception NotFound { 1: string what }
exception Denied {}
typedef NotFound Missing

struct User { 1: string name }

service Empty {}

service Base {
    void ping(),
    string version();
    oneway void log(1: string line)
}

service Users extends Base {
    /** Finds a user. */
    User get(1: i64 id) throws (1: NotFound missing, 2: Denied denied),
    list<User> all(1: i32 limit = 10, 2: required string order)
    void put(1: User user) throws (1: Missing m) (idempotent = "yes"),
    map<string, User> by_name(1: list<string> names;)
    i32 count() throws ()
    oneway void forget(1: i64 id) throws ()
} (owner = "us")

service More extends Users {
    bool has(1: i64 id)
}
