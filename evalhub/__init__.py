"""evalhub: traces, labels and scores of voice conversations. See docs/glossary.md for the words."""

__version__ = "0.1.0"
