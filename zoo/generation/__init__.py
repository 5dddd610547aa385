"""Generators: noise in, images out; how they are trained and measured."""
