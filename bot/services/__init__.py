"""Use cases in plain Python, one module a noun: they know neither Discord nor torch."""
