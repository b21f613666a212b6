"""GitHub: an App that is told by webhooks and answers over the API."""
