"""What an account keeps beside its drafts: uploaded and animated files, and presets."""
