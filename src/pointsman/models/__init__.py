"""The governed door to every model: transport, wire formats, prices."""
