"""The model folder that Vosk loads: network, graph, settings, their SHA256SUMS and model card.

    python -m offline_models.training.package --work DIR [--out DIR]

Takes WORK/final.mdl and WORK/graph; WORK/net.json, WORK/score.json and WORK/score-ear.json (of
`kiosk bench voice_ear`) fill the card, where they are there. The folder is made beside --out and
put in its place when it is whole.
"""

import argparse
import json
import shutil
import sys
from hashlib import sha256
from pathlib import Path
from string import Template
from typing import Any

from offline_models.training.phones import GARBAGE, PHONES

SIZE_LIMIT_MB = 25.0
HERE = Path(__file__).parent

# The features `features` computes, in Kaldi's words.
MFCC_CONF = """\
--sample-frequency=16000
--use-energy=false
--num-mel-bins=40
--num-ceps=40
--low-freq=20
--high-freq=-400
--dither=0
"""

# Vosk's own end of speech is kept out of the way (three seconds and more): the kiosk's listener
# decides when somebody has finished, and waits longer between groups of digits. With 200 paths kept
# at least, Vosk's default, half of the time went into paths far outside the beam. The words so far
# change after each chunk, four times a second.
MODEL_CONF = """\
--min-active=50
--max-active=3000
--beam=9.0
--lattice-beam=4.0
--acoustic-scale=1.0
--frame-subsampling-factor=3
--frames-per-chunk=24
--endpoint.silence-phones=1
--endpoint.rule1.min-trailing-silence=30
--endpoint.rule2.min-trailing-silence=3
--endpoint.rule3.min-trailing-silence=3
--endpoint.rule4.min-trailing-silence=4
--endpoint.rule5.min-utterance-length=60
"""


def package(work: Path, out: Path) -> float:
    """Make the folder `out` anew; returns its size in MB. Raises OSError, ValueError."""
    if out.exists() and not (out / "am/final.mdl").is_file() and any(out.iterdir()):
        raise ValueError(f"{out} is there and holds no model: not replaced")
    made = out.with_name(f".{out.name}.new")
    shutil.rmtree(made, ignore_errors=True)
    (made / "am").mkdir(parents=True)
    (made / "conf").mkdir()
    shutil.copyfile(work / "final.mdl", made / "am/final.mdl")
    shutil.copytree(work / "graph", made / "graph")
    (made / "conf/mfcc.conf").write_text(MFCC_CONF)
    (made / "conf/model.conf").write_text(MODEL_CONF)
    (made / "SHA256SUMS").write_text(sums_of(made))
    size_mb = sum(path.stat().st_size for path in made.rglob("*") if path.is_file()) / 1e6
    if size_mb > SIZE_LIMIT_MB:
        raise ValueError(f"the model has {size_mb:.1f} MB, more than {SIZE_LIMIT_MB:.0f}: prune it")
    (made / "README.md").write_text(model_card(work, size_mb))
    shutil.rmtree(out, ignore_errors=True)
    made.rename(out)
    return size_mb


def sums_of(folder: Path) -> str:
    """What `sha256sum` writes of all files but the card: the kiosk compares before it loads."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    return "".join(
        f"{sha256(path.read_bytes()).hexdigest()}  {name}\n"
        for name, path in sorted(files.items())
        if path.is_file() and name not in ("README.md", "SHA256SUMS")
    )


def model_card(work: Path, size_mb: float) -> str:
    """The card's text, with the figures of the last evaluation or a word that there are none."""
    entries = [line.split("\t")[0] for line in _lines(work / "lexicon.tsv")]
    net = _json(work / "net.json")
    score = _json(work / "score.json")
    ear = _json(work / "score-ear.json")
    return Template((HERE / "model_card.md").read_text()).substitute(
        words=f"{len(set(entries)):,}",
        pronunciations=f"{len(entries):,}",
        sounds=len(PHONES) - 2,
        garbage=GARBAGE,
        layers=len(net.get("layers", ())) or "unknown",
        parameters=f"{(work / 'final.mdl').stat().st_size / 2e6:.1f} million",
        size=f"{size_mb:.1f}",
        figures="\n".join(_table(score)) if score else "Not yet measured.",
        ear="\n".join(_ear_table(ear)) if ear else "Not yet measured.",
    )


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.is_file() else []


def _json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text()) if path.is_file() else {}


def _table(score: dict[str, dict[str, float]]) -> list[str]:
    """A line a test, as score.py names them."""
    heads = {
        "wer": "word errors",
        "inserted": "of them inserted",
        "exact": "utterances exact",
        "snapped": "word errors, nearest sentence (dialog)",
        "rtf": "processor seconds a second",
        "clips": "clips",
    }
    rows = {name: [f"{figures[one]:g}" for one in heads] for name, figures in score.items()}
    return _lines_of_table(list(heads.values()), rows)


def _ear_table(heard: dict[str, dict[str, Any]]) -> list[str]:
    """The same tests through the kiosk's ear, as its bench tells them: shares, some with the ends
    of their interval."""
    heads = {
        "wer": "word errors, 95 % interval over speakers",
        "wer_best": "without refusals",
        "rejected": "utterances refused",
        "exact": "utterances exact",
    }
    rows = {}
    for name, figures in heard.items():
        value, low, high = (100 * share for share in figures["wer"])
        others = [f"{100 * figures[one][0]:.1f}" for one in heads if one != "wer"]
        rows[name] = [f"{value:.1f} ({low:.1f} to {high:.1f})", *others, str(figures["n"])]
    return _lines_of_table([*heads.values(), "clips"], rows)


def _lines_of_table(heads: list[str], rows: dict[str, list[str]]) -> list[str]:
    """In Markdown, a row a test."""
    lines = [f"| Test | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    return lines + [f"| {name} | {' | '.join(row)} |" for name, row in rows.items()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--work", type=Path, default=Path(".training"))
    parser.add_argument("--out", type=Path, default=HERE.parent / "id-small")
    options = parser.parse_args()
    try:
        size_mb = package(options.work, options.out)
    except (OSError, ValueError) as error:
        print(f"package: {error}", file=sys.stderr)
        sys.exit(2)
    print(f"{options.out}: {size_mb:.1f} MB")


if __name__ == "__main__":
    main()
