const map<string, map<string, i32>> A = {"a": {"b": "c"}}
