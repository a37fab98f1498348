"""Evaluation over question files; stands apart from the pipeline and can run any object with `ask`."""
