"""What the bot costs and what it solves, measured on this machine by anybody who asks."""
