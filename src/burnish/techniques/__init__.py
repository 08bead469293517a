"""How prompts are improved: the catalogue of techniques, the choice among them, their use."""

from burnish.techniques.apply import Applied, AppliedTechnique, apply
from burnish.techniques.catalogue import Catalog
from burnish.techniques.load import built_in_techniques, load_folder, load_technique
from burnish.techniques.select import none_needed, select, suggestion_basis
from burnish.techniques.selection import (
    Estimate,
    Recommendation,
    Selection,
    SelectRequest,
    Skipped,
    explain,
)
from burnish.techniques.technique import (
    CATEGORIES,
    Calls,
    Category,
    Evidence,
    ModelClass,
    Need,
    Parameter,
    Technique,
    TechniqueExample,
    technique_schema,
)

__all__ = [
    "CATEGORIES",
    "Applied",
    "AppliedTechnique",
    "Calls",
    "Catalog",
    "Category",
    "Estimate",
    "Evidence",
    "ModelClass",
    "Need",
    "Parameter",
    "Recommendation",
    "SelectRequest",
    "Selection",
    "Skipped",
    "Technique",
    "TechniqueExample",
    "apply",
    "built_in_techniques",
    "explain",
    "load_folder",
    "load_technique",
    "none_needed",
    "select",
    "suggestion_basis",
    "technique_schema",
]
