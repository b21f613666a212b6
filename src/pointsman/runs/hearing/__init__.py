"""What comes of a delivery: wishes, commands, closings, and the runs that they start."""
