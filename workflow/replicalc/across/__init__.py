"""Published against synthetic against every real cohort: estimates, differences, criteria of replication, forest plots."""
