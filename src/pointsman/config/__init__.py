"""What people write: the repository's routing file and the organisation's policy, read into typed values."""
