"""Judges items and changes by rules: pure, without a clock, the same verdict every time."""
