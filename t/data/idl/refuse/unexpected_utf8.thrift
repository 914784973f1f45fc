struct Ä {}
