"""What people see on a terminal: text made safe, progress, tables."""
