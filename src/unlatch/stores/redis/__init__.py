"""Counters of the limits on Redis or Valkey: shared by many processes, and nothing that decides."""
