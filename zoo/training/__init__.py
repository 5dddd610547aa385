"""Training: run folder, checkpoint, teacher, devices, and the training of classifiers."""
