interaction A {}
