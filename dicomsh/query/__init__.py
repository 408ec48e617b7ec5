"""From a request to an answer: asking, checking, splitting, walking down; no shell needed."""
