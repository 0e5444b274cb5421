# cython: language_level=3
"""Counting words, in Cython."""


cdef class Tally:
    """Counts words."""

    cdef dict counts

    def __init__(self, str text=""):
        self.counts = {}
        self.add(text)

    def add(self, str text):
        """Count the words of a text."""
        cdef str word
        for word in text.split():
            self.counts[word] = self.counts.get(word, 0) + 1

    def __len__(self):
        return len(self.counts)

    def __getitem__(self, str word):
        return self.counts[word]

    @property
    def total(self):
        """How many words have been counted."""
        cdef long total = 0
        for count in self.counts.values():
            total += count
        return total
