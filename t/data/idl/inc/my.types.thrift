enum Kind { GOOD = 1, BAD = 2 }
