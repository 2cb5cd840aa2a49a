"""The business of a collection agency: rooms on floors, decisions pure, effects at the edge."""
