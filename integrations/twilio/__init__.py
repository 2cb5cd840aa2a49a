"""Text messages and calls through Twilio: translates between `SmsSender`, `VoiceCaller` and its API."""
