"""`vigil scan`: looks at a live account now, judges it with the rules, and writes nothing to it.

The way: `account` says where to look, `plan` makes tasks of it, `looking` does one piece of one
task with the same code that runs in Lambda, `running` keeps many pieces in the air and gives the
tasks back in the order of the plan.
"""
