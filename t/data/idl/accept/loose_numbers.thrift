const i8  BIG8 = 300
const i16 BIG16 = 70000
const i32 BIG32 = 5000000000
const list<double> TIGHT = [1.5.5-2+3.5e1]
