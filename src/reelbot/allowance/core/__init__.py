"""The pure half of the allowance: values in, values out; no clock, no chance, no disk, no database."""
