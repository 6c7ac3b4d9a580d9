"""The measures: `python -m bench` runs them all, prints one table and writes `bench/results.json`."""
