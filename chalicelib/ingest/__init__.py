"""Everything between the bytes of a queue message and a `Change`: reading, normalising, routing.

Newcomers look for the verdict here. There is none: a record only says *where* to look; the state
that `resources` describes decides.
"""
