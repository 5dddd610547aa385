"""Shows the examples in docstrings as code: Keras heads them `Example:`, and Griffe knows `Examples:` alone."""

import griffe


class Examples(griffe.Extension):
    """Griffe calls this for each object that it reads."""

    def on_object(self, *, obj, **kwargs):
        """Rename the heading, in the page only."""
        if obj.docstring:
            obj.docstring.value = obj.docstring.value.replace("\nExample:\n", "\nExamples:\n")
