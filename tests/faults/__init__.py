"""The fault matrix: every use case, every point, every way in which a delivery can go wrong.

`story` is what is played, `acts` are its moments, `conditions` what goes wrong in them.
"""
