"""Replies: what of one is the answer, and what that answer says."""
