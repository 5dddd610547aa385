"""Data sets, and what is read and changed of them: images, sounds, samples, augmented batches."""
