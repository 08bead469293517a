"""Prompts that live in files: one YAML file a version, in folders by agent."""

from burnish.library.template_files.bring import (
    Conflicts,
    ImportedFile,
    ImportReport,
    import_templates,
)
from burnish.library.template_files.read import TemplateFile, read_template

__all__ = [
    "Conflicts",
    "ImportReport",
    "ImportedFile",
    "TemplateFile",
    "import_templates",
    "read_template",
]
