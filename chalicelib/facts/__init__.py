"""What a policy, an ACL, an address range, a date means: computed once, judged by many rules.

Every fact is a list of openings, principals, ranges or dates with the pointers that are its
reasons. None of it is a verdict, and none of it reads a clock.
"""
