"""Inference alone: a network compiled for ONNX Runtime, which needs neither Keras nor its backend to run."""
