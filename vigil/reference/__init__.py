"""The pages below ``docs/reference``, written from the code so that they cannot drift.

Edit what they are made from, then run ``vigil generate``; a page edited by hand is overwritten.
"""
