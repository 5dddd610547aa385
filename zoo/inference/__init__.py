"""Inference alone: a network compiled for LiteRT or ONNX Runtime, which needs neither Keras nor its backend to run."""
