struct User {
    1: long id
    2: uint64 more
    3: bytes photo
}
