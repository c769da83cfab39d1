"""Live: a stream is ruled on window by window; alarms are raised and cleared, and all of it is kept in a journal."""
