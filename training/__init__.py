"""Trains the extractive reader on the bundled encoder's trunk: each step is a script (see README.md)."""
