"""Drafts: opened, changed and removed by hand, and how outsiders see them."""
