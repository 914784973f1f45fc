service Times {
    void a() (nthrift.timeout = "soon"),
    void b() (nthrift.timeout = ""),
    void c() (nthrift.timeout = "1.5s"),
    void d() (nthrift.timeout = "2s 1m"),
    void e() (nthrift.timeout = "300ms"),
    void f() (nthrift.timeout = "1m 30s"),
    void g() (nthrift.timeout)
}

service Flags {
    void a() (nthrift.idempotent = "yes"),
    void b() (nthrift.idempotent = "TRUE"),
    void c() (nthrift.idempotent = "true"),
    void d() (nthrift.idempotent = "no"; nthrift.idempotent = "false"),
    void e() (nthrift.idempotent),
    void f(1: i32 a (nthrift.timeout = "soon")) (timeout = "soon")
}
