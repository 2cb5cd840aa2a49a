"""E-mail through SendGrid: translates between `EmailSender` and the v3 API."""
