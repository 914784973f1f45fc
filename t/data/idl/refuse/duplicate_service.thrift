service A {}
service A {}
