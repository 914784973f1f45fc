// What bench/echo answers and bench/load calls.

service Echo {
    string echo(1: string payload)
}
