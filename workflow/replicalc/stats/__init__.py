"""Statistics, one module per family: pure functions, arrays in, frozen dataclasses out.

A function never chooses a test: what the paper names, the caller names. NaN in the data raises
``ValueError``; data in which a statistic is not defined give ``nan`` and a ``warning`` in plain English.
Importing a module loads numpy only; scipy, statsmodels and pingouin are loaded by the function that needs
them.

What takes one entry a patient takes ``weights`` beside it (frequency weights, ``base.counted``): how many patients each
row stands for. A registry of ten million is its distinct rows with their counts, and goes through the same code.
"""
