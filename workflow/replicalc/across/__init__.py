"""Published against synthetic against every real cohort: estimates, differences, criteria, forest plots."""
