"""What families of models can do, whoever hosts them."""
