from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import torch

from videodirector.layout2vid.training.data import kept


def test_batches_are_made_once_and_come_again(tmp_path: Path) -> None:
    made: list[int] = []

    def make(number: int) -> dict[str, Any]:
        made.append(number)
        return {"latents": torch.full((2, 3), float(number)).bfloat16(), "caption": [f"a dog {number}", ""]}

    first = list(islice(kept(make, tmp_path, first=1, different=3), 5))
    assert [int(batch["latents"][0, 0]) for batch in first] == [1, 2, 0, 1, 2]
    assert made == [1, 2, 0]
    another = list(islice(kept(make, tmp_path, first=0, different=3), 3))  # a second training, from the same files
    assert made == [1, 2, 0]
    assert torch.equal(another[1]["latents"], first[0]["latents"])
    assert another[1]["caption"] == ["a dog 1", ""]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["0.pt", "1.pt", "2.pt"]
