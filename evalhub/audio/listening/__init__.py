"""Asking a model that hears: which turns it hears, what it is told beside them, what of its answer is believed."""
