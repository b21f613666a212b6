"""The note: statement, signature, chain, verification; and the ledger it is drawn from."""
