"""Encrypted inference: a model computes on images that only their owner can read (CKKS, through TenSEAL)."""
