"""What besides the parameters decides the pixels of a picture: the model, the libraries, the device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(max_length=200)]


class Origin(BaseModel):
    """Where a picture was made. `weights` is a fingerprint of the model's files; `loras` are the hashes of theirs."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    model: Text
    refiner: Text | None = None
    weights: Text | None = None
    libraries: Mapping[Text, Text] = Field(default_factory=dict, max_length=20)
    device: Text | None = None
    loras: Mapping[Text, Text] = Field(default_factory=dict, max_length=20)

    def differences(self, other: Origin) -> list[str]:
        """What is not the same at both, by names that people know: “torch 2.12 here, 2.13 there” is “torch”."""
        names = [
            name for name in ("model", "refiner", "weights", "device") if getattr(self, name) != getattr(other, name)
        ]
        libraries = sorted({*self.libraries, *other.libraries})
        names += [name for name in libraries if self.libraries.get(name) != other.libraries.get(name)]
        return names + [f"LoRA {name}" for name, file in self.loras.items() if other.loras.get(name) != file]
