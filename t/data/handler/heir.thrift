/** What all services have, as fb303 has it. */
service Base {
    string version(),
    string status()
}

service Heir extends Base {
    string own()
}
