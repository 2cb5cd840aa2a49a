"""The reader of files that strangers made: a process of its own, which holds no secret and opens nothing.

Each file is read by a child of that process with limits on time and memory, so that a file that breaks its
reader breaks nothing else. Only what stands in this folder runs there.
"""
