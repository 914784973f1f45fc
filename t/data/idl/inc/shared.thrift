namespace cpp shared

typedef i64 Id
const i32 LIMIT = 100
enum Kind { UNKNOWN, KNOWN }
struct User { 1: string name, 2: Kind kind = Kind.KNOWN, 3: Id id }
exception Failure { 1: string message }
service Common { void ping() }
