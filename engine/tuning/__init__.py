"""Answers: which learning rate and momentum to train with."""
