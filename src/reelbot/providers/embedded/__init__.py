"""Makers of topics, scripts, speech, pictures, clips and music that need no key and no network; see README.md."""
