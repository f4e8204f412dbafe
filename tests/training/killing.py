"""A run that is killed between two epochs."""

from __future__ import annotations


class Killed(Exception):
    pass


class KillAfter:
    """A progress that ends the run when a number of epochs are over."""

    def __init__(self, epochs):
        self.left = epochs

    def task(self, description, total):
        return self

    def info(self, message):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        return None

    def advance(self, steps=1, note=""):
        if note:
            self.left -= 1
            if not self.left:
                raise Killed
