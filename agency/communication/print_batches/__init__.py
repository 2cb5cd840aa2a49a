"""Letters leave in batches: gathered per brand, country, envelope and class of post, counted by both sides.

Owns the batches and which letters were in them. Promises: a letter reaches the press in one batch only, ever;
a batch is printed only when the printer counted what we counted; what was counted otherwise later is shown.
"""
