"""Models and layers that the architectures are made of; each is named by the `.keras` files that hold it."""
