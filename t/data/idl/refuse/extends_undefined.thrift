service Base {}
service A extends Bas {}
