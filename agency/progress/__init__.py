"""Progress: timelines and read models for every audience.

Owns nothing but views. Promises: each audience sees its own part only. Tells: nothing.
"""
