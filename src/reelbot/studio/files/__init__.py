"""Files by the hash of their content: taken in, kept, and freed when nothing names them."""
