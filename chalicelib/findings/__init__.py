"""What stands and how it came to be: the pure lifecycle of findings, and the store that keeps it.

Deciding (`lifecycle`) and writing (`store`) are strictly apart: a decision is a `Commit`, data that
may still be refused because another look was faster.
"""
