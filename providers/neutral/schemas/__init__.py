"""What each vendor takes of JSON Schema, as data (`subsets`), and how any schema is made to fit.

A schema that cannot be fitted without becoming another one is `Unfit`: it is then carried by other
means, or refused.
"""
