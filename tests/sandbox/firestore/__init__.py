"""An emulator of Firestore's gRPC API, for Google's own client library.

It refuses stale preconditions, commits all or nothing, and isolates transactions: a commit is
aborted if anything that its transaction read has changed since. What it does not know it answers
with UNIMPLEMENTED.
"""
