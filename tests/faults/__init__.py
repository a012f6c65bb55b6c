"""The fault harness: the real bot and database, both platforms in processes of their own, and everything going wrong.

`python -m faults` runs it in full and prints what was lost, told twice, told early or told to the wrong person.
"""
