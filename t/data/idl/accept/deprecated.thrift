typedef list<i32> cpp_type "std::list<int>" OldList
typedef map cpp_type "M" <i32, i32> Map
typedef set cpp_type "S" <i32> Set

struct Xsd xsd_all {
    1: i32 a xsd_optional
    2: i32 b xsd_nillable
    3: i32 c xsd_optional xsd_nillable xsd_attrs { 1: i32 inner, 2: string more } (x),
    4: byte d
}

service Old {
    async void fire(1: i32 a)
    oneway i32 odd()
    void loose(1: optional i32 a)
}
