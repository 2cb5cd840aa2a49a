"""`python3 dev prove`: the proof from the command line, and whether it finds what a superuser forges."""
