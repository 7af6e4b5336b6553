"""The report: one HTML file with the tables, the figures and every question of some runs."""
