service A extends A {}
