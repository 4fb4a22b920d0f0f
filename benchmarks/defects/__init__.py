"""The seeded-defect benchmark: consistent papers from simulated patients, one defect at a time, and what is found."""
