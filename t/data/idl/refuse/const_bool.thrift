const bool A = "true"
