"""Each impossibility explained for a statistician, with a script of a few lines that checks the decisive step anew.

Scripts are made from the printed numbers and from the counts of the evidence. Every text in them is a quoted string,
so whatever a registry holds cannot become code.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from replicalc.report import by_hand
from replicalc.report.model import Certificate, ClaimRow, Relation, Table
from replicalc.report.plain import Listing, anchor

MODEL = (
    "Asked is whether any patients exist whose logistic model prints these odds ratios and limits. The limits give the "
    "largest standard errors Sⱼ that still print so.",
    "Take p yes/no covariates; patients of pattern x (row z = (1, x)) number nₓ and have the fitted "
    "probability pₓ, so the "
    "information matrix is I = Σ nₓ pₓ (1 − pₓ) z zᵀ. For any row of numbers y, Cauchy–Schwarz gives "
    "yⱼ² ≤ (I⁻¹)ⱼⱼ · yᵀ I y. With one row for each covariate and standard errors of at most t·Sⱼ: "
    "Σⱼ (yⱼⱼ / Sⱼ)² ≤ t² · Σₓ nₓ pₓ (1 − pₓ) gₓ, where gₓ = Σⱼ (yⱼ · zₓ)².",
    "What is known of the patients (their number, the events) are sums Lₖ over the same nₓ. Prices vₖ with "
    "pₓ (1 − pₓ) gₓ ≤ Σₖ vₖ (aₖₓ + bₖₓ pₓ) for every pattern bound the right side by t² · Σ vₖ "
    "Lₖ. So t is at least the root of "
    "Σ (yⱼⱼ / Sⱼ)² / Σ vₖ Lₖ. Above 1, no patients have these limits.",
    "The coefficients are only known to the printed digits, so their range is cut into boxes; each box "
    "has rows y and prices v of its "
    "own, as whole numbers and fractions. A solver found them; checking them needs none: the script adds them up "
    "in exact arithmetic and fails if the boxes leave a gap.",
)
TABLE = (
    "The printed counts fix the cross-table, and with it the P value of every test that looks at the table alone. "
    "P is computed by each test that the text names and by the usual others; none prints what is printed.",
    "What this excludes: the tests listed, on these counts. It does not exclude a test of other "
    "patients, or one that is not listed.",
)
LIMITS = (
    "A limit of a 95 % interval of a proportion is a value at which what was seen is just not too "
    "surprising: the chance of the "
    "count seen, or of one further away, is about 0.025 there (exactly so for exact limits, nearly so "
    "for every usual approximation).",
    "The counts are fixed by the printed share, and the chance at the printed limit follows from the "
    "binomial distribution alone.",
)
REPEATS = (
    "The paper prints this number at more than one place, and not alike. One number cannot be both, so "
    "at least one place is wrong; "
    "no data are needed to see it. Which one is taken as right, and why, is told below.",
)
OTHER = ("The relation that ties these numbers, and what follows from it, stand below as the verification wrote them.",)


def proofs_of(
    claims: Iterable[ClaimRow], relations: dict[str, list[Relation]], models: Iterable[tuple[str, str, dict]]
) -> list[Certificate]:
    """Make a certificate for each model that is proven impossible and for each claim that is ``impossible``.

    ``relations`` is by study; ``models`` are (study, id, content of the certificate file).
    """
    models = list(models)
    claims = list(claims)
    made = [_model(study, name, kept, claims) for study, name, kept in models if kept.get("verdict") == "impossible"]
    proven = {kept.get("evidence", "").split(" the largest ")[0]: (study, name) for study, name, kept in models}
    for claim in claims:
        if claim.verdict != "impossible":
            continue
        mine = [relation for relation in relations.get(claim.study, []) if claim.claim_id in relation.claims]
        by_model = next((name for start, name in proven.items() if start and claim.evidence.startswith(start)), None)
        made.append(_claim(claim, mine, f"{by_model[0]}.{by_model[1]}" if by_model else ""))
    return made


def _model(study: str, name: str, kept: dict, claims: list[ClaimRow]) -> Certificate:
    asked = kept["asked"]
    terms = tuple(tuple(map(str, each)) for each in asked["terms"])
    needed = kept.get("needed") or []
    nearest = tuple(
        (term[0], f"{value:.3f}") for term, value in zip(terms, needed, strict=False) if isinstance(value, float)
    )
    file = f"results/{study}/certificates/{name}.json"
    script = (
        "import json\nfrom replicalc.verify.weighing import proven\n\n"
        f"kept = json.load(open({json.dumps(file)}, encoding='utf-8'))\n"
        'print(len(kept["proof"]["pieces"]), "boxes;", round(proven(kept), 4), "(above 1: no such patients)")\n'
    )
    told, sums = by_hand.of_model(kept.get("proof") or {})
    span = [" to ".join(dict.fromkeys(str(each) for each in asked[what])) for what in ("n", "events")]
    return Certificate(
        study,
        f"No patients have these {len(terms)} odds ratios and limits as one model",
        anchor(f"{study}.{name}"),
        tuple(claim for claim in claims if claim.study == study and f"evidence: {name}" in claim.note),
        str(kept.get("evidence", "")),
        str(kept.get("repair", "")),
        f"{span[0]} patients, {span[1]} events. A proof for these factors alone, by maximum likelihood, with "
        f"Wald's limits; "
        "not for a model with further factors.",
        MODEL,
        None,
        Listing(script),
        (
            Table("What is printed", ("term", "ratio", "lower", "upper"), terms),
            Table(
                "Standard errors of the nearest patients found, over the largest that print so",
                ("term", "times"),
                nearest,
            ),
        ),
        told,
        sums,
        file,
    )


def _claim(claim: ClaimRow, relations: list[Relation], model: str) -> Certificate:
    relation = next(iter(relations), None)
    counts = next((table for each in relations for table in each.tables if table.title == "Counts"), None)
    share = re.search(r"(\d+) of (\d+): none of", claim.evidence)
    places = re.findall(r"\(([\w.]+)\)", claim.evidence) if claim.evidence.startswith("one number") else []
    limit = _fraction(claim.reported)
    hand: tuple[str, ...] = ()
    if model:
        explained: tuple[str, ...] = (
            "The sentence stands on a model; the proof against the model is its own certificate.",
        )
        script = ""
    elif places:
        explained = REPEATS
        script = (
            f"import csv\n\nids = {json.dumps([f'{claim.study}.{each}' for each in places])}\n"
            f'with open({json.dumps(f"config/studies/{claim.study}/claims.csv")}, encoding="utf-8") as file:\n'
            "    for row in csv.DictReader(file):\n"
            '        if row["claim_id"] in ids:\n            print(row["location"], row["label"], row["reported"])\n'
        )
        hand = ("Open the paper at the places named above and read the number twice.",)
        if counts:
            hand += by_hand.of_table(counts, claim.reported)
            explained += TABLE
            script += "\n" + _tests(counts)
    elif counts:
        explained, script = TABLE, _tests(counts)
        hand = by_hand.of_table(counts, claim.reported)
    elif share and limit is not None:
        explained = LIMITS
        hand = by_hand.of_limit(int(share[1]), int(share[2]), limit)
        script = (
            f"from scipy.stats import binom\n\nseen, n, limit = {share[1]}, {share[2]}, {limit}\n"
            'print("share seen:", seen / n)\n'
            'print("chance of so few at the limit:", binom.cdf(seen, n, limit))\n'
            'print("chance of so many at the limit:", binom.sf(seen - 1, n, limit), "(a limit has about 0.025)")\n'
        )
    else:
        explained = OTHER
        script = (
            f"import json\n\nkept = json.load(open({json.dumps(f'results/{claim.study}/evidence.json')}, "
            f'encoding="utf-8"))\n'
            f'print(*[c["evidence"] for c in kept["claims"] if c["claim_id"] == {json.dumps(claim.claim_id)}], '
            f'sep="\\n")\n'
        )
    return Certificate(
        claim.study,
        f"{claim.location}: {claim.label}, printed {claim.reported}",
        anchor(claim.claim_id),
        (claim,),
        claim.evidence,
        claim.repair,
        claim.note,
        explained,
        None if model else relation,
        Listing(script),
        (Table("Stands on", ("certificate",), ((model,),)),) if model else (),
        hand,
    )


def _fraction(reported: str) -> float | None:
    try:
        value = float(reported)
    except ValueError:
        return None
    return value if 0 < value < 1 else value / 100 if 1 <= value < 100 else None


def _tests(counts: Table) -> str:
    """A script that computes the usual tests of a table; rows and columns of zeros have no part in them."""
    rows = [[int(cell) for cell in row[1:] if cell.isdigit()] for row in counts.rows]
    rows = [row for row in rows if any(row)]
    table = [list(row) for row in zip(*(column for column in zip(*rows, strict=True) if any(column)), strict=True)]
    pearson = 'print("Pearson:", chi2_contingency(table, correction=False).pvalue)\n'
    if len(table) == 2 and len(table[0]) == 2:
        return (
            f"from scipy.stats import chi2_contingency, fisher_exact\n\ntable = {table}\n{pearson}"
            'print("Fisher exact:", fisher_exact(table).pvalue)\n'
        )
    # SciPy draws tables here; without a fixed start a reader would see another P at each run and wonder.
    return (
        "import numpy as np\nfrom scipy.stats import MonteCarloMethod, chi2_contingency, fisher_exact\n\n"
        f"table = {table}\n{pearson}"
        "drawn = MonteCarloMethod(n_resamples=99_999, rng=np.random.default_rng(1))\n"
        'print("Fisher-Freeman-Halton, by 99 999 random tables:", fisher_exact(table, method=drawn).pvalue)\n'
    )
