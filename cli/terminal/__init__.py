"""The terminal: tables, progress, interrupts and exit status."""
