"""Sentences without a number of their own: judged by the printed and recovered numbers that they speak of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from math import isnan

from replicalc.errors import ReplicalcError, did_you_mean
from replicalc.verify.judged import Judged
from replicalc.verify.ledger import Ledger
from replicalc.verify.paper import Paper, Relation
from replicalc.verify.printed import printed_number
from replicalc.verify.spoken import Numbers, Span, ends_of, reach

#: How far "nearly" and "about" reach, as a part of the number: a convention, told in every answer.
REACH = 0.1
#: Keys of a statement that assert nothing themselves.
BESIDE = ("claim", "note", "reading", "among", "number", "share")
#: True, False, None (both are possible) or UNKNOWN (nothing is known), and the numbers that say so.
UNKNOWN = "unknown"
Truth = tuple[bool | str | None, str]


class Sentence(Numbers):
    """Judges the keys of one statement; each gives True, False or None (left open) and the numbers that say so."""

    def truths(self) -> list[Truth]:
        """One truth for each assertion. Raises ReplicalcError for an unknown key, or if nothing is asserted."""
        handlers: dict[str, Callable] = {
            "greater": self._greater,
            "greatest": lambda x: self._extreme(x, largest=True),
            "smallest": lambda x: self._extreme(x, largest=False),
            "equal": self._equal,
            "significant": lambda refs: self._significance(refs, True),
            "not_significant": lambda refs: self._significance(refs, False),
            "above_one": lambda refs: self._side(refs, above=True),
            "below_one": lambda refs: self._side(refs, above=False),
            "includes": lambda given: self._interval(given, inside=True),
            "excludes": lambda given: self._interval(given, inside=False),
            "wording": self._wording,
            "target": self._target,
            "independent": self._independent,
            "one_model": self._one_model,
            "paired": self._paired,
            "nested_share": self._nested,
            "none": self._none,
            "differ": lambda given: self._differ(given, True),
            "not_differ": lambda given: self._differ(given, False),
        }
        beside = BESIDE
        keys = [key for key in self.relation.given if key not in beside]
        unknown = [key for key in keys if key not in handlers]
        if unknown or not keys:
            hint = did_you_mean(unknown[0], list(handlers)) if unknown else ""
            what = f"'{unknown[0]}' is no assertion" if unknown else "nothing is asserted"
            raise ReplicalcError(f"relation {self.relation.id}: {what}.{hint} Known: {', '.join(handlers)}")
        found: list[Truth] = []
        for key in keys:
            given = handlers[key](self.relation[key])
            given = given if isinstance(given, list) else [given]
            if not given:
                raise ReplicalcError(f"relation {self.relation.id}: nothing is asserted by '{key}'")
            found += given
        return found

    def _greater(self, names: Sequence) -> list[Truth]:
        spans = [self._span(name) for name in names]
        return [self._above(a, b) for a, b in pairwise(spans)]

    @staticmethod
    def _above(a: Span | None, b: Span | None) -> Truth:
        if a is None or b is None:
            return UNKNOWN, "one of the numbers is no single number"
        told = f"{a[2]} against {b[2]}"
        if a[0] > b[1] or (a[0] >= b[1] and a[0] != b[0]):
            return True, told
        return (False if a[1] <= b[0] else None), told

    def _extreme(self, name, *, largest: bool) -> list[Truth]:
        mine, me = self._span(name), self.paper.one(name, self.relation)
        others = [self._span(c) for c in self.relation["among"] if self.paper.one(c, self.relation) is not me]
        return [self._above(mine, other) if largest else self._above(other, mine) for other in others]

    def _equal(self, pairs) -> list[Truth]:
        found: list[Truth] = []
        for one, other in pairs:
            a, b = self._span(one), self._span(other)
            if a is None or b is None:
                found.append((UNKNOWN, "one of the numbers is no single number"))
                continue
            same = True if a[:2] == b[:2] and a[0] == a[1] else (None if a[0] <= b[1] and b[0] <= a[1] else False)
            found.append((same, f"{a[2]} and {b[2]}"))
        return found

    def _significance(self, names, wanted: bool) -> list[Truth]:
        alpha = self.paper.alpha
        found: list[Truth] = []
        for name in [names] if isinstance(names, str) else names:
            lo, hi, told = self.p_span(name)
            if isnan(lo):
                found.append((UNKNOWN, told))
            elif hi < alpha:
                found.append((wanted, told))
            elif lo >= alpha:
                found.append((not wanted, told))
            else:
                found.append((None, f"{told}, on both sides of {alpha:g}"))
        return found

    def _side(self, names, *, above: bool) -> list[Truth]:
        found: list[Truth] = []
        for name in [names] if isinstance(names, str) else names:
            relation = self.paper.relations.get(str(name))
            if relation is None:
                raise ReplicalcError(f"relation {self.relation.id}: there is no relation '{name}'")
            texts = self._facts(name).get("texts")
            number = printed_number(texts[0]) if texts else None
            if number is None:
                found.append((UNKNOWN, f"{name}: no ratio is known"))
                continue
            least, most = reach(number)
            over = True if least > 1 else False if most <= 1 else None  # 1.0 may be either
            told = f"{name}: {texts[0]}"
            found.append((over if over is None else over == above, told))
        return found

    def _interval(self, given, *, inside: bool) -> Truth:
        relation = self.paper.relations.get(str(given["interval"]))
        if relation is None:
            raise ReplicalcError(f"relation {self.relation.id}: there is no relation '{given['interval']}'")
        if relation.kind == "interval":
            lo, hi = (self.paper.one(each, relation) for each in relation["limits"])
        else:
            claims = self.paper.many(relation["claims"], relation)
            lo = next((c for c in claims if c.stat.endswith("_lo")), None)
            hi = next((c for c in claims if c.stat.endswith("_hi")), None)
        ends = [self.paper.printed(c) for c in (lo, hi) if c is not None]
        if len(ends) < 2 or any(p is None or p.sign != "=" for p in ends):
            return UNKNOWN, f"{relation.id} has no interval"
        value = Decimal(str(given["value"]))
        low, high = ends
        held = low.value <= value <= high.value
        told = f"{lo.reported} to {hi.reported} {'holds' if held else 'does not hold'} {value}"
        if held != inside and any(least <= value <= most for least, most in map(reach, ends)):
            return None, f"{told}, but lies no further from it than by rounding"
        return held == inside, told

    def _wording(self, word) -> Truth:
        given = self.relation["share"]
        k, n = (self.ledger.value(self.ledger.ref(given[key], self.relation)) for key in ("count", "of"))
        if k is None or not n:
            return UNKNOWN, "the share is not known"
        share = 100 * k / n
        told = f"{k} of {n} is {share:.1f} %"
        if word == "majority":
            return share > 50, told
        claim = self.paper.one(self.relation["claim"], self.relation)
        given = self.relation.get("number")
        source = claim if given is None else self.paper.find(given)
        text = source.reported if source else str(given)
        printed = printed_number(text)
        if printed is None:
            raise ReplicalcError(f"relation {self.relation.id}: '{text}' is no number; write it as 'number'")
        number = float(printed.value)
        near = f"by convention within {REACH:.0%} of it"
        truth = {
            "nearly": (number * (1 - REACH) <= share < number, f"{told}, below {text} and {near}"),
            "about": (abs(share - number) <= number * REACH, f"{told}, {near} ({text})"),
            "more_than": (share > number, f"{told}, against {text}"),
            "less_than": (share < number, f"{told}, against {text}"),
        }.get(word)
        if truth is None:
            raise ReplicalcError(f"relation {self.relation.id}: the wording '{word}' is not known")
        return truth if truth[0] else (False, f"{told}; the words say {word.replace('_', ' ')} {text}")

    def _target(self, given) -> Truth:
        """For which of two opposite conditions the measures come out, against those that the sentence names."""
        relation = self.paper.relations.get(str(given["of"]))
        if relation is None or relation.kind != "accuracy":
            raise ReplicalcError(f"relation {self.relation.id}: there is no accuracy relation '{given['of']}'")
        facts = self._facts(relation.id)
        tables, claims = facts.get("tables") or (), facts.get("measures") or {}
        if len(tables) != 1 or facts.get("beyond"):
            return UNKNOWN, f"{relation.id}: the 2x2 table is not known"
        words = {str(relation["condition"]): tables[0], str(relation["opposite"]): _turned(tables[0])}
        prints: dict[str, list[str]] = {}
        for word, table in words.items():
            prints[word] = [name for name, claim in claims.items() if _prints(table, name, self.paper.printed(claim))]
        right = [word for word, names in prints.items() if len(names) == len(claims)]
        named = [str(word) for word in given["named"]]
        strange = [word for word in named if word not in words]
        if strange:
            raise ReplicalcError(
                f"relation {self.relation.id}: {relation.id} speaks of {', '.join(words)}, not of {strange[0]}"
            )
        told = "; ".join(
            f"for {word}, {len(names)} of {len(claims)} measures print so" for word, names in prints.items()
        )
        if set(named) <= set(right):
            return True, told
        if not set(named) & set(right):
            return False, told
        return None, f"{told}; the words name both, the numbers are those of {' and '.join(right)} alone"

    def _independent(self, given) -> list[Truth]:
        model = self._facts(given["model"])
        found = self._significance([given["ratio"]], True)
        if model.get("verdict") == "impossible":
            found.append((None, f"the model that it rests on cannot be as it is printed ({given['model']})"))
        return found

    def _one_model(self, name) -> Truth:
        facts = self._facts(name)
        verdict = facts.get("verdict")
        if verdict == "impossible":
            crude = " All of them come out without any adjustment." if facts.get("crude") else ""
            alone = facts["proven for"]
            return False, f"{facts['evidence']}{crude} {alone[0].upper()}{alone[1:]}."
        return None, facts.get("evidence", "the model could not be certified")

    def _paired(self, given) -> Truth:
        """McNemar's test, exact and asymptotic, over every paired table that the two counts allow."""
        from replicalc.stats.paired import mcnemar

        a, b = (self.ledger.value(self.ledger.ref(given[key], self.relation)) for key in "ab")
        n = self.ledger.value(self.ledger.ref(given["of"], self.relation))
        if None in (a, b, n):
            return UNKNOWN, "the two counts are not known"
        pairs = [(a - b + only, only) for only in range(max(0, b - a), min(b, n - a) + 1) if a - b + 2 * only > 0]
        if not pairs:
            return False, f"{a} and {b} of {n}: no patient is told apart"
        exact, other = ([mcnemar(*pair, how).p for pair in pairs] for how in ("exact", "asymptotic"))
        tables = "the only paired table" if len(pairs) == 1 else f"{len(pairs)} paired tables"
        spans = [ends_of(values) for values in (exact, other)]
        told = f"{a} and {b} of {n}: exact McNemar P {spans[0]} over {tables}"
        alpha = self.paper.alpha
        if a <= b or (min(exact) >= alpha and min(other) >= alpha):
            return False, told
        if min(exact) >= alpha:
            return None, f"{told}, asymptotic {spans[1]}"
        return (True if max(exact) < alpha else None), told

    def _nested(self, given) -> Truth:
        """A share within a part of the patients against the share among all of them (weighted generalised score)."""
        from replicalc.stats.predictive import weighted_generalised_score
        from replicalc.verify.fast_p import p_values
        from replicalc.verify.split import QUICK

        (k1, n1), (k, n) = (self._counts(self.paper.one(given[key], self.relation)) for key in "ab")
        if None in (k1, n1, k, n):
            return UNKNOWN, "the two shares are not known as counts"
        if k1 > k or n1 > n or n1 - k1 > n - k:
            return False, f"{k1} of {n1} cannot lie within {k} of {n}"
        result = weighted_generalised_score([[k1, k - k1], [0, 0]], [[n1 - k1, n - k - n1 + k1], [0, 0]], "ppv")
        told = f"{k1}/{n1} against {k}/{n}, P {result.p:.4g} ({result.method})"
        if isnan(result.p):
            return None, f"{told}: {result.warning}"
        above, alpha = k1 * n > k * n1, self.paper.alpha
        if not above or result.p < alpha:
            return above, told
        # Another test of this part against the rest may have been used; what is not significant by any is not so.
        values = [float(p_values([(k1, n1 - k1, k - k1, n - k - n1 + k1)], key)[0]) for key in QUICK]
        others = [p for p in values if not isnan(p)]
        if others and min(others) < alpha:
            return None, f"{told}; against the rest P {min(others):.4g} to {max(others):.4g} by {len(others)} tests"
        return False, told

    def _none(self, given) -> Truth:
        found = self.ledger.range(self.ledger.ref(given, self.relation))
        if found is None or found == (0, None):
            return UNKNOWN, "the count is not known"
        told = f"{given}: {found[0]}" + ("" if found[0] == found[1] else f" to {found[1]}" if found[1] else " or more")
        return (True if found == (0, 0) else False if found[0] > 0 else None), told

    def _differ(self, given, wanted: bool) -> Truth:
        """P of two shares, each [count, whole], over all that the counts can be, by every quick test."""
        from replicalc.verify.fast_p import p_values
        from replicalc.verify.split import QUICK

        a, b = (self._pairs(given[key]) for key in "ab")
        if not a or not b:
            return UNKNOWN, "the counts are not known"
        tables = [(k1, n1 - k1, k2, n2 - k2) for k1, n1 in a for k2, n2 in b]
        values = [float(p) for key in QUICK for p in p_values(tables, key) if not isnan(p)]
        if not values:
            return UNKNOWN, "no test is defined"
        told = f"P {ends_of(values)} over {len(tables)} pairs of counts and {len(QUICK)} tests"
        if max(values) < self.paper.alpha:
            return wanted, told
        return (not wanted if min(values) >= self.paper.alpha else None), told


def _turned(table):
    """The same patients with the opposite condition and the opposite finding as positive."""
    return type(table)(table.tn, table.fn, table.fp, table.tp, table.roundings)


def _prints(table, name: str, printed) -> bool:
    from replicalc.verify.recovery import roundings_of

    over, under = table.share(name)
    return under > 0 and bool(roundings_of(over, under, printed))


def judge_statement(paper: Paper, ledger: Ledger, relation: Relation, judged: Mapping[str, Judged]) -> Judged:
    """A sentence: exact where its numbers bear it out, impossible where they cannot, otherwise left open."""
    mine = Judged(relation.id, relation.kind)
    claim = paper.one(relation["claim"], relation)
    truths = Sentence(paper, ledger, relation, judged).truths()
    told = "; ".join(text for _, text in truths)
    mine.line(told + ".")
    keys = ", ".join(key.replace("_", " ") for key in relation.given if key not in BESIDE)
    method = f"sentence held against the numbers ({keys})"
    answers = [truth for truth, _ in truths]
    if False in answers:
        why = "; ".join(text for truth, text in truths if truth is False)
        mine.say(claim, "impossible", recomputed="does not hold", method=method, solutions="0", evidence=why)
    elif UNKNOWN in answers:
        mine.say(claim, "not_checkable", evidence=told, note="what the sentence speaks of is not known from the print")
    elif None in answers:
        both = relation.get("target") is not None and len(truths) == 1
        verdict = "unstated_method" if both else "underdetermined"
        shown = "in one of two readings" if both else "left open"
        mine.say(claim, verdict, recomputed=shown, method=method, evidence=told)
    else:
        mine.say(claim, "exact", recomputed="holds", method=method, solutions="1", evidence=told)
    return mine
