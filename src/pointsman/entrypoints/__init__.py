"""Where the world comes in: the command line, the settings, and the one file that names adapters."""
