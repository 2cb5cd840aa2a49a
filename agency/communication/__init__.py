"""Communication: templates, messages under a brand, sending, receipts.

Owns every message. Promises: nothing leaves without passing the law at the moment of sending, and
nothing leaves twice. Tells: MessageSent, MessageDelivered, MessageOpened, MessageBounced, MessageRefused.
"""
