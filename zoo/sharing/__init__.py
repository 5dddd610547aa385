"""Models of your own: saved with card and weights, and shared on the Hugging Face Hub."""
