"""Words in, words out: label triggers, text hygiene, and every text that the bot says."""
