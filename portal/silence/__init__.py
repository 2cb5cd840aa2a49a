"""`dev silence`: four hundred days of messages, and whether one of them should have stayed unsent.

The product works as it does in earnest, with the clock moved; only providers are left out. What left is then
counted by an audit that knows the law, the feasts, the debts and the holds in words of its own.
"""
