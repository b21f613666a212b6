"""The server: webhooks are taken, health is told, and the first installation is set up."""
