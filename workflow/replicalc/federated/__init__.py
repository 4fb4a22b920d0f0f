"""A federated run: sites share tables of counts, a centre adds them up and computes the results (docs/federated.md)."""
