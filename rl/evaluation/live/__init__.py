"""Live: how soon the alarms of watched streams came, how many were about nothing, and how much of gold was seen."""
