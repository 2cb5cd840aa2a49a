"""Turns templates and plain values into mails and letters; no template reaches code, files or network."""

from integrations.rendering.renderer import TemplateRenderer

__all__ = ["TemplateRenderer"]
