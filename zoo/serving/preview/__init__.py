"""A small local server for development that speaks the part of TensorFlow Serving's API that its users need."""
