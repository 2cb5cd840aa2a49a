"""What debtors write back: kept as it came, threaded to its claim or set aside, read and answered.

Owns what came in and the replies of a claim. Promises: nothing that came is lost, nothing reaches another
creditor's claim, and a claim with an unread reply is asked for nothing. Tells: ReplyReceived, ReplyDecided,
InboundNoted, DebtorOptedOut, MessageWaitsForClaim.
"""
