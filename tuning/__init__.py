"""Searches over depth, rank, width and decomposition. They come with a later release; this one has none yet."""
