const string A = "a\x41"
