"""Disclosure control: what of a hospital's results may leave the hospital (docs/disclosure.md)."""
