"""How the embedded voices speak: espeak-ng in a process of its own, and the times of the words."""
