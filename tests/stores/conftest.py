from postgres import pgbouncer, postgres

__all__ = ["pgbouncer", "postgres"]
