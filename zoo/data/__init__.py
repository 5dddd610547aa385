"""Data sets, reading of image and WAV files, bundled samples, augmented batches."""
