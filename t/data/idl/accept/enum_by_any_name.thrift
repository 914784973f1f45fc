enum Kind { GOOD, BAD }
typedef Kind Alias
const Kind K1 = Alias.GOOD
const Alias K2 = Kind.BAD
const Kind K3 = Other.BAD
