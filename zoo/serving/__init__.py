"""Serving: export to TensorFlow Serving's layout, a preview server, a client. Imports nothing heavy by itself."""
