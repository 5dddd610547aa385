"""Training of classifiers, and what every training uses: run folder, checkpoint, teacher, devices."""
