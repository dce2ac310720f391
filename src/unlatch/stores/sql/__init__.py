"""Stores in SQL by SQLAlchemy Core: `tables` and `rows` say what is kept, a file for each stem
how it is read and written, `database` and `schema` what is alike on every database. What
differs has a file of its own for each: `sqlite`.
"""
