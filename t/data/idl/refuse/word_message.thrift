message User {
    string name = 1;
}
