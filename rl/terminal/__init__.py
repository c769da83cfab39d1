"""What people see on a terminal: one live line, tables, errors, safe text; and a file for what they need not see."""
