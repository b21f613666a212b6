"""What a reviewer is asked, what it found, and the tests that show it."""
