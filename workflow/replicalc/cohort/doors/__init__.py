"""The doors: one module for each kind of file. Each gives rows of text; nothing is interpreted."""
