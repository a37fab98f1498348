"""Measurements of the project: each module is a script that prints tables and, with --json, writes what it measured."""
