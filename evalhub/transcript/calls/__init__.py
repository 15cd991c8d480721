"""Comparing the function calls an agent made with those it should have made: helpers of the evaluators."""
