"""LF-MMI in plain torch: what was said against all that could be said, both by forward-backward.

Two small automata run over the frames in time-major loops: the numerator's states of each utterance
(padded to one width) and the phones of a dense bigram. Probabilities stay linear and are scaled
at each frame; the numerator is kept in double precision, where e^-700 is still a number.
"""

from dataclasses import dataclass

import torch  # type: ignore[import-not-found]  # the training environment's
from torch import Tensor

from offline_models.training.phones import PDF_COUNT


@dataclass
class Said:
    """Automata of a batch: see augment.batch_arrays. `phones` batch × states (0: none), `before`
    batch × states × predecessors (-1: none), `final` batch × states."""

    phones: Tensor
    before: Tensor
    final: Tensor


def numerator(scores: Tensor, said: Said, bigram: Tensor) -> tuple[Tensor, Tensor]:
    """Log-probability of each utterance's automaton and the posteriors of the pdfs.

    `scores` frames × batch × pdfs. An utterance that does not fit gets -inf and zero posteriors.
    """
    frames, batch, _ = scores.shape
    states, width = said.before.shape[1:]
    phones = said.phones.long()
    before = said.before.long()
    weight = bigram.double()[
        phones.gather(1, before.clamp(min=0).flatten(1)).view(batch, states, width),
        phones[:, :, None].expand(-1, -1, width),
    ]
    weight = weight * (before >= 0)
    before = torch.where(before >= 0, before, states).flatten(1)  # none: a column of zeros
    ends = bigram.double()[phones, 0] * said.final
    enter = 2 * (phones - 1).clamp(min=0)
    exists = (phones > 0)[None]
    own = scores.double()
    high = own.amax(dim=2, keepdim=True)
    own = (own - high).exp()
    enter_all = enter[None].expand(frames, -1, -1)
    entering = own.gather(2, enter_all) * exists
    staying = own.gather(2, enter_all + 1) * exists

    past = scores.new_zeros(batch, states + 1, dtype=torch.double)
    past[:, 0] = 1.0
    arrived = torch.empty(frames, batch, states, dtype=torch.double, device=scores.device)
    before_each = torch.empty_like(arrived)
    logs = high[:, :, 0].sum(dim=0)
    for t in range(frames):
        before_each[t] = past[:, :states]
        arriving = (past.gather(1, before).view(batch, states, width) * weight).sum(2)
        arrived[t] = arriving
        now = arriving * entering[t] + past[:, :states] * staying[t]
        total = now.sum(1).clamp(min=1e-300)
        past[:, :states] = now / total[:, None]
        logs = logs + total.log()
    whole = (past[:, :states] * ends).sum(1)
    logs = logs + whole.clamp(min=1e-300).log()
    fits = whole > 1e-290

    posteriors = torch.zeros(frames, batch, PDF_COUNT, dtype=torch.double, device=scores.device)
    future = ends / whole.clamp(min=1e-300)[:, None]
    in_all, stay_all = torch.empty_like(arrived), torch.empty_like(arrived)
    for t in range(frames - 1, -1, -1):
        enters = entering[t] * future
        stays = staying[t] * future
        in_now, stay_now = arrived[t] * enters, before_each[t] * stays
        total = (in_now.sum(1) + stay_now.sum(1)).clamp(min=1e-300)[:, None]
        in_all[t], stay_all[t] = in_now / total, stay_now / total
        spread = scores.new_zeros(batch, states + 1, dtype=torch.double)
        spread.scatter_add_(1, before, (enters[:, :, None] * weight).flatten(1))
        future = (spread[:, :states] + stays) / total
    posteriors.scatter_add_(2, enter_all, in_all)
    posteriors.scatter_add_(2, enter_all + 1, stay_all)
    posteriors = torch.where(fits[None, :, None], posteriors, 0.0)  # not times 0: it may be nan
    return torch.where(fits, logs, -torch.inf), posteriors.to(scores.dtype)


def denominator(scores: Tensor, bigram: Tensor) -> tuple[Tensor, Tensor]:
    """The same for all phone sequences under the bigram."""
    frames, batch, _ = scores.shape
    start, ends, steps = bigram[0, 1:], bigram[1:, 0], bigram[1:, 1:]
    high = scores.amax(dim=2, keepdim=True)
    own = (scores - high).exp().clamp(min=1e-12)
    entering, staying = own[:, :, 0::2], own[:, :, 1::2]
    arrived, past_all = torch.empty_like(entering), torch.empty_like(entering)
    logs = high[:, :, 0].sum(dim=0)
    past = torch.zeros_like(entering[0])
    arriving = start.expand(batch, -1)
    for t in range(frames):
        if t:
            arriving = past @ steps
        past_all[t], arrived[t] = past, arriving
        now = arriving * entering[t] + past * staying[t]
        total = now.sum(1)
        past = now / total[:, None]
        logs = logs + total.log()
    whole = (past * ends).sum(1)
    logs = logs + whole.log()

    posteriors = torch.empty_like(scores)
    future = (ends / whole[:, None]).expand(batch, -1)
    for t in range(frames - 1, -1, -1):
        enters, stays = entering[t] * future, staying[t] * future
        posteriors[t, :, 0::2] = arrived[t] * enters
        posteriors[t, :, 1::2] = past_all[t] * stays
        future = enters @ steps.t() + stays
        future = future / posteriors[t].sum(1, keepdim=True)
        posteriors[t] /= posteriors[t].sum(1, keepdim=True)
    return logs, posteriors
