"""The engine: real pipelines with the embedded pair, and a hub on this machine."""
