"""What members see: Components V2 layouts and their texts, made from plain data by pure functions."""
