"""The rules of signing in. Knows no web framework, no database, no clock of its own."""
