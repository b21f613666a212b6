"""The ledger: what every run cost and did, in one database, and what is remembered between runs."""
