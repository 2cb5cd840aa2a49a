"""Checks on entry: one module per thing checked, pure, each with its reason, severity and field."""
