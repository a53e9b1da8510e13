"""What a person writes, in YAML: models of every file, and their loaders."""

from proclivity.specs.accelerate_file import AccelerateFile, accelerate_faults, read_accelerate_file
from proclivity.specs.arm_names import phases, split_arm
from proclivity.specs.base import AnswerFormat
from proclivity.specs.digest import canonical_json, digest_of, digest_of_file, digest_of_files
from proclivity.specs.latent import LatentSpec
from proclivity.specs.pack import (
    DecisionFormat,
    Domain,
    Instrument,
    InstrumentItem,
    Option,
    Pack,
    Persona,
    Personas,
    Phrasing,
    ProbeItem,
    ProbeSet,
    Profile,
    Scenario,
    Subject,
    Wrapper,
)
from proclivity.specs.packs import (
    INSTRUMENT_FAMILY,
    LoadedPack,
    load_instrument,
    load_pack,
    packaged_packs,
    study_faults,
)
from proclivity.specs.question_frames import QuestionFrame, fill_frame
from proclivity.specs.registered import (
    Registration,
    changes,
    confirmatory_part,
    read_registration,
    registration_record,
)
from proclivity.specs.slots import fill
from proclivity.specs.studies import load_study, packaged_studies
from proclivity.specs.study import (
    AnalysisSpec,
    BatterySpec,
    ComputeSpec,
    DecisionsSpec,
    ExternalArm,
    InductionSpec,
    ModelSpec,
    Study,
)

__all__ = [
    "INSTRUMENT_FAMILY",
    "AccelerateFile",
    "AnalysisSpec",
    "AnswerFormat",
    "BatterySpec",
    "ComputeSpec",
    "DecisionFormat",
    "DecisionsSpec",
    "Domain",
    "ExternalArm",
    "InductionSpec",
    "Instrument",
    "InstrumentItem",
    "LatentSpec",
    "LoadedPack",
    "ModelSpec",
    "Option",
    "Pack",
    "Persona",
    "Personas",
    "Phrasing",
    "ProbeItem",
    "ProbeSet",
    "Profile",
    "QuestionFrame",
    "Registration",
    "Scenario",
    "Study",
    "Subject",
    "Wrapper",
    "accelerate_faults",
    "canonical_json",
    "changes",
    "confirmatory_part",
    "digest_of",
    "digest_of_file",
    "digest_of_files",
    "fill",
    "fill_frame",
    "load_instrument",
    "load_pack",
    "load_study",
    "packaged_packs",
    "packaged_studies",
    "phases",
    "read_accelerate_file",
    "read_registration",
    "registration_record",
    "split_arm",
    "study_faults",
]
