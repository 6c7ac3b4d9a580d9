"""The resources of the API, one in each file: what they are asked, what they answer, and the way to the ledger."""
