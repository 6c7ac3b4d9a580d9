"""What providers with a key share: questions over HTTP, their failures, prompts, word timings."""
