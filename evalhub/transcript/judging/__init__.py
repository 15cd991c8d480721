"""Asking a model a rubric's questions: what it is shown, what it must answer, what of that is believed."""
