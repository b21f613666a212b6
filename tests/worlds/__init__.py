"""Small worlds that tests and benchmarks run against: a model server that plays a script, and real repositories."""
