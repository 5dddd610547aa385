"""From a trained model to its card and weights, and the card's values written for people."""
