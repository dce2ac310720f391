from postgres import patient_postgres, pgbouncer, postgres

__all__ = ["patient_postgres", "pgbouncer", "postgres"]
