"""The rules in force for a person: built-in ones, the person's own, and what ``vigil.yaml`` says.

The way: `document` reads and checks ``vigil.yaml``, `tuning` applies it to rules, `library` puts
both together with the folders of rules. Every command that judges takes its rules from here.
"""
