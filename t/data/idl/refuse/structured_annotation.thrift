@Doc{text = "x"}
struct A {}
