safe exception A {}
