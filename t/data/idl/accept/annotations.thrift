namespace cpp anno (a = "1", b)

typedef list<i32> ( cpp.template = "std::list" ) Numbers
typedef string ( encoding = "UTF-16" ) Text ( name = "text" )
typedef list< double ( fixed = "16" ) > Fixed

enum Days {
    SUNDAY ( weekend = "yes" ),
    MONDAY () SATURDAY ( weekend = "yes"; )
} ( first = "sunday" )

struct All {
    1: i32 bar ( presence = "required" );
    2: i32 baz ( presence = "manual", cpp.use_pointer = "", ),
    3: i32 ( inner = "x" ) qux ( outer = 'y' )
    4: map<string (a), list<i32 (b)> (c)> (d) nested (e, e = "2")
} (
    cpp.type = "Dense",
    java.final = "",
    without.value,
)

exception Failed { 1: i32 code ( foo = "bar" ) } (foo = "bar")

union Either { 1: i32 a (x) } (y)

service Annotated {
    void foo() ( foo = "bar" )
    i32 (x = "y") bar(1: i32 a (b)) (c),
} (a.b = "c")
