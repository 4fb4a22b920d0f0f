"""replicalc: holds every printed number of a study against data, one rule per reported result.

The package imports no Snakemake; rules call its functions with file names and plain parameters.
"""

__version__ = "0.1.0"
