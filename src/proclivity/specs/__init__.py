"""What a person writes, in YAML: models of every file, and their loaders."""

from proclivity.specs.digest import canonical_json, digest_of, digest_of_file, digest_of_files
from proclivity.specs.packs import LoadedPack, load_pack, packaged_packs, study_faults
from proclivity.specs.schema import (
    AnalysisSpec,
    AnswerFormat,
    BatterySpec,
    ComputeSpec,
    DecisionFormat,
    DecisionsSpec,
    Domain,
    InductionSpec,
    ModelSpec,
    Option,
    Pack,
    Phrasing,
    ProbeItem,
    ProbeSet,
    Profile,
    Scenario,
    Study,
    Subject,
)
from proclivity.specs.slots import fill
from proclivity.specs.studies import load_study, packaged_studies

__all__ = [
    "AnalysisSpec",
    "AnswerFormat",
    "BatterySpec",
    "ComputeSpec",
    "DecisionFormat",
    "DecisionsSpec",
    "Domain",
    "InductionSpec",
    "LoadedPack",
    "ModelSpec",
    "Option",
    "Pack",
    "Phrasing",
    "ProbeItem",
    "ProbeSet",
    "Profile",
    "Scenario",
    "Study",
    "Subject",
    "canonical_json",
    "digest_of",
    "digest_of_file",
    "digest_of_files",
    "fill",
    "load_pack",
    "load_study",
    "packaged_packs",
    "packaged_studies",
    "study_faults",
]
