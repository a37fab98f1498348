"""Stands for a process that finds figures and never answers."""

import time

time.sleep(600)
