"""Owns what every door of the portal shares: pages, sign-in, sessions, security, languages.
Promises that each route has an audience and a role, that nothing inline leaves, that texts are translated.
Tells nothing: doors import it, it imports no door.
"""
