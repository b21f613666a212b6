"""The durable run: phases in order, approval, cancel, rerun of one phase, publishing."""
