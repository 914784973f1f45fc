// What the clients of the chaos call; a server answers it as planned.

service Chaos {
    string echo(1: string text),
    string noise(1: string text)
}
