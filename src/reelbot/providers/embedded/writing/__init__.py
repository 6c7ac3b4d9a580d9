"""How the embedded writer works: topics, scripts and rewrites from sentences, choices and rules."""
