"""Looks names up in the DNS over HTTPS, in the JSON form that public resolvers answer."""
