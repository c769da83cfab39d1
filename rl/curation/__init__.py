"""Which cases to train on."""
