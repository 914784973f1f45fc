enum Kind { GOOD, BAD }
const Kind A = Kind.GOD
