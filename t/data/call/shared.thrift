struct Money {
    1: i64 amount,
    2: string currency = "EUR"
}

const i32 SEVEN = 7

service Base {
    string name()
}
