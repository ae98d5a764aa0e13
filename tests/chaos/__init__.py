"""Many jobs under many faults, with real processes that are really killed; and a judge of what became of the jobs."""
