"""Tokens that a plan has used, and their approximate cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock

__all__ = ["Usage"]


@dataclass(slots=True)
class Usage:
    """Counts of one plan; safe to add to from several threads.

    Attributes:
        calls: answered calls.
        cached: answers from the cache, at no cost.
        tokens_in, tokens_out: of the calls, where the server counts them.
    """

    calls: int = 0
    cached: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    _lock: Lock = field(default_factory=Lock, repr=False, compare=False)

    def add(self, tokens_in: int, tokens_out: int, *, cached: bool) -> None:
        """Counts one answer."""
        with self._lock:
            if cached:
                self.cached += 1
            else:
                self.calls += 1
                self.tokens_in += tokens_in
                self.tokens_out += tokens_out

    def estimate_cost(self, model: str) -> float | None:
        """US dollars at list prices, or None for a model without a known price."""
        from genai_prices import Usage as Tokens
        from genai_prices import calc_price

        try:
            tokens = Tokens(input_tokens=self.tokens_in, output_tokens=self.tokens_out)
            return float(calc_price(tokens, model_ref=model).total_price)
        except LookupError:
            return None

    def summarise(self, model: str) -> str:
        """Return a note such as "Planned by gpt-4o: 3 answers (1 of them kept from before), 900 tokens in, 80 out." """
        answers = self.calls + self.cached
        text = f"Planned by {model or 'a chat model'}: {answers} {'answer' if answers == 1 else 'answers'}"
        if self.cached:
            text += f" ({self.cached} of them kept from before)"
        if self.tokens_in or self.tokens_out:
            text += f", {self.tokens_in} tokens in, {self.tokens_out} out"
            cost = self.estimate_cost(model)
            if cost is not None:
                text += f", about ${cost:.4f}" if cost < 0.1 else f", about ${cost:.2f}"
        return f"{text}."
