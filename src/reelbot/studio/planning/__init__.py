"""From a request to the works that it needs, and what they cost."""
