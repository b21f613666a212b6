"""What stays: the ledger, notes with their keys and checks, blame, and texts for as long as they may be kept."""
