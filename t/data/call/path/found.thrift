struct Thing {
    1: required string name
}
