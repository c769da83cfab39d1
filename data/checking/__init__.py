"""What is wrong with cases, found before training on them."""
