/** no end
struct A {}
