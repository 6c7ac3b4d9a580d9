"""The statements of `studio`, for each database."""
