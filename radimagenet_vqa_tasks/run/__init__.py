"""What surrounds an evaluation: the commands that ask a model, and what they keep."""
