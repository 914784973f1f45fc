typedef bool    T1
typedef byte    T2
typedef i8      T3
typedef i16     T4
typedef i32     T5
typedef i64     T6
typedef double  T7
typedef string  T8
typedef binary  T9

typedef list<string>            L
typedef set<i32>                S,
typedef map<string, list<L>>    M;
typedef list<list<list<map<i32, set<string>>>>> Deep

typedef Later   Forward         // named before it is defined
typedef Forward Chain
typedef Chain   Longer

struct Later {
    1: Longer another
    2: list<Later> more
    3: map<Kind, Later> kinds
}

enum Kind { A, B }
