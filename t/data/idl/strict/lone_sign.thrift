const double A = +
