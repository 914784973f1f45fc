struct User { 1: string name }
const User A = {"nmae": "x"}
