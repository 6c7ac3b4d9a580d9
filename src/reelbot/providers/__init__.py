"""Who makes text, speech, pictures, clips and music: one port, a registry, one file for each provider."""
