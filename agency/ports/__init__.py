"""What the business asks of the outside world: Protocols and frozen records, no behaviour.

`providers` speaks to vendors (mail, text message, print, call, payment, rendering, file store);
`readers` describes what an e-invoice or a bank file says. Adapters live in `integrations`.
"""
