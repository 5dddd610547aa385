"""Image generators: training, sampling and metrics."""
