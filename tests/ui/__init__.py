"""Texts and layouts."""
