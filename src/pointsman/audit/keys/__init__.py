"""Keys: the half that signs, the halves that are believed, and how one follows another."""
