"""Responses to outcomes, and the record that keeps both."""
