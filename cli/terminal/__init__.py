"""The terminal: tables, progress, interrupts, and how a command ends."""
