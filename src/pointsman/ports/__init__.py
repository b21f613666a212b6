"""What we ask of the world, as Protocols of three to eight methods; adapters and fakes answer them."""
