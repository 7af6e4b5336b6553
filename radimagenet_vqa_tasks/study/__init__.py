"""The paper's studies, one command each: evaluate what a study needs in one run, then print its tables and figures."""
