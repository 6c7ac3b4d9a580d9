"""What publishing decides, purely: no clock, no disk, no database."""
