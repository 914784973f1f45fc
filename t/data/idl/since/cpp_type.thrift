typedef list cpp_type "std::list<int>" <i32> NewList
