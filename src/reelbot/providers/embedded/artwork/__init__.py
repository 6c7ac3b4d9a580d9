"""How the embedded pictures are painted: colours, canvas, emblems, and one file per style under styles/."""
