"""The pictures in the guides, and what makes them: `make pictures`."""
