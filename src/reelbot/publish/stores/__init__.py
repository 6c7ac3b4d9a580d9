"""The statements of both dialects, and the migrations."""
