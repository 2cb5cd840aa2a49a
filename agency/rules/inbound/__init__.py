"""What came in: a mail as bytes made readable, what kind it is, what a bounce says, what a reply wants.

Pure: bytes and tables in, frozen records out. Nothing in here raises on any input.
"""
