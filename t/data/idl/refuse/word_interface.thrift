interface Users {
    void get()
}
