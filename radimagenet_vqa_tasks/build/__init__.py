"""Questions, captions and training data from labelled images."""
