"""TRL's trainers, extended; every contact with their private methods is in here."""
