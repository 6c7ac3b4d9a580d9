"""The content languages: their names, direction and voices, and how their texts fall into words and sentences."""
