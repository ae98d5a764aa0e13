"""The command line as people use it: a process of its own, its exit code, and what it says."""
