"""A trigram language model: two kinds of text, each smoothed after Kneser and Ney, then mixed.

No packaged tool fits: Debian has none, and the ones that build from source are larger than this.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

START, END = "<s>", "</s>"
ORDER = 3
SENTENCE_STARTS = 1 / 7  # words of a sentence, roughly: how often a context is a sentence's start

Gram = tuple[str, ...]


class Smoothed:
    """Interpolated Kneser-Ney over one text: `share(gram)` is P(last word | the words before)."""

    def __init__(self, sentences: Iterable[Gram], vocabulary_size: int) -> None:
        whole: Counter[Gram] = Counter()
        for sentence in sentences:
            padded = (START, *sentence, END)
            for end in range(1, len(padded)):
                whole[padded[max(0, end - ORDER + 1) : end + 1]] += 1
        self._counts = _continuations(whole)
        self._floor = 1.0 / vocabulary_size
        self._seen: dict[Gram, float] = defaultdict(float)
        self._kinds: Counter[Gram] = Counter()
        for gram, count in self._counts.items():
            self._seen[gram[:-1]] += count
            self._kinds[gram[:-1]] += 1
        self._discounts = _discounts(self._counts)

    def share(self, gram: Gram) -> float:
        before = gram[:-1]
        lower = self.share(gram[1:]) if before else self._floor
        seen = self._seen.get(before, 0.0)
        if not seen:
            return lower
        discount = self._discounts[len(gram)]
        kept = max(self._counts.get(gram, 0) - discount, 0.0)
        return (kept + discount * self._kinds[before] * lower) / seen

    def grams(self) -> set[Gram]:
        """Every n-gram seen."""
        return set(self._counts)


def _continuations(whole: Counter[Gram]) -> dict[Gram, int]:
    """Counts for every order: below the highest, in how many contexts a gram was seen.

    A gram at the start of a sentence has no word before it and keeps its plain count.
    """
    counts: dict[Gram, int] = dict(whole)
    by_length = {length: [g for g in whole if len(g) == length] for length in range(1, ORDER + 1)}
    for length in range(ORDER, 1, -1):
        shorter: Counter[Gram] = Counter()
        for gram in by_length[length]:
            shorter[gram[1:]] += 1
        for gram, contexts in shorter.items():
            if gram not in counts:
                by_length[length - 1].append(gram)
            counts[gram] = counts.get(gram, 0) + contexts
    return counts


def _discounts(counts: Mapping[Gram, int]) -> dict[int, float]:
    discounts = {}
    for length in range(1, ORDER + 1):
        once = sum(1 for gram, count in counts.items() if len(gram) == length and count == 1)
        twice = sum(1 for gram, count in counts.items() if len(gram) == length and count == 2)
        discounts[length] = once / (once + 2 * twice) if once else 0.5
    return discounts


Part = tuple[float, Smoothed]  # how much of the whole, and the model


class Mixture:
    """What the graph is made of: `shares` of the listed grams, `backoffs` of their contexts."""

    def __init__(
        self,
        parts: Iterable[Part],
        vocabulary: Iterable[str],
        fixed: Mapping[str, float],
        least_gain: float = 0.0,
    ) -> None:
        """`fixed`: words with a share of their own when nothing is known of what came before.

        A gram that tells less than `least_gain` (in nats, over a word of running text) beyond what
        its shorter ending tells is not listed.
        """
        parts = list(parts)
        grams = {gram for _, model in parts for gram in model.grams()}
        grams |= {(word,) for word in vocabulary} | {(END,)}
        grams -= {(START,)}
        rest = 1.0 - sum(fixed.values())
        self.shares: dict[Gram, float] = {
            gram: rest * sum(weight * model.share(gram) for weight, model in parts)
            for gram in grams
        }
        self._drop_idle(least_gain)
        self.shares.update({(word,): share for word, share in fixed.items()})
        self.backoffs = self._backoffs()

    def _drop_idle(self, least_gain: float) -> None:
        needed: set[Gram] = set()  # contexts of grams that stay
        for length in range(ORDER, 1, -1):
            for gram in [gram for gram in self.shares if len(gram) == length]:
                share, shorter = self.shares[gram], self.shares.get(gram[1:])
                gain = share * math.log(share / shorter) if shorter else math.inf
                if gram in needed or gain * self._share_of_context(gram[:-1]) >= least_gain:
                    needed.add(gram[:-1])
                else:
                    del self.shares[gram]

    def _share_of_context(self, context: Gram) -> float:
        share = 1.0
        for end in range(1, len(context) + 1):
            if context[:end] != (START,):
                share *= self.shares.get(context[:end], 0.0)
        return share if START not in context else share * SENTENCE_STARTS

    def _backoffs(self) -> dict[Gram, float]:
        listed: dict[Gram, float] = defaultdict(float)
        below: dict[Gram, float] = defaultdict(float)
        for gram in sorted(self.shares, key=len):
            if len(gram) > 1:
                listed[gram[:-1]] += self.shares[gram]
                below[gram[:-1]] += self._share_below(gram[1:], listed, below)
        return {
            context: max(1e-4, 1.0 - listed[context]) / max(1e-4, 1.0 - below[context])
            for context in listed
        }

    def _share_below(
        self, gram: Gram, listed: Mapping[Gram, float], below: Mapping[Gram, float]
    ) -> float:
        if gram in self.shares:
            return self.shares[gram]
        context = gram[:-1]
        if context not in listed:
            return self._share_below(gram[1:], listed, below)
        backoff = max(1e-4, 1.0 - listed[context]) / max(1e-4, 1.0 - below[context])
        return backoff * self._share_below(gram[1:], listed, below)
